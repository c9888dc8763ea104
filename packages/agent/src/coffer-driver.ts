#!/usr/bin/env node
import { join } from 'node:path';
import { Problem } from '@coffer/core';
import { Command } from 'commander';
import { type TestOptions, testDriverFolder } from './harness/test-driver.ts';
import { packDriver, writePacked } from './pack.ts';
import { scaffoldDriver } from './scaffold.ts';

const program = new Command('coffer-driver').description('tools for authors of drivers').showHelpAfterError();
const say = (line: string): void => void process.stdout.write(`${line}\n`);

program
  .command('new')
  .description('make a driver that passes the contract at once, and a README that leads through the rest')
  .argument('<name>', 'of the datastore, as users will write it')
  .option('--out <folder>', 'where it goes; default: a folder of that name')
  .action(async (name: string, { out }: { out?: string }) => {
    const folder = out ?? name;
    await scaffoldDriver(name, folder, join(import.meta.dirname, '../scaffold'));
    say(`${folder} is made. Next: cd ${folder} && npm install && npm test; README.md leads on from there.`);
  });

program
  .command('test')
  .description('run the conformance suite on a driver, on real containers')
  .argument('<folder>', 'holds index.ts, manifest.json and suite.ts')
  .option('--datastore-version <name>', "one of the manifest's; default: its default version")
  .option('--image <reference>', "default: the manifest's for that version")
  .option('--engine <address>', 'of the container engine, unix:///path or tcp://host:port')
  .option('--json <file>', 'where the report goes as JSON')
  .option('--only <pattern>', 'a regular expression over "group: name"')
  .option('--contract', 'only what needs no database')
  .action(async (folder: string, options: TestOptions) => {
    const { failed } = await testDriverFolder(folder, options, say);
    if (failed > 0) process.exitCode = 1;
  });

program
  .command('pack')
  .description('make one file of a driver, to be registered with `coffer datastore register`')
  .argument('<folder>', 'holds index.ts and manifest.json')
  .requiredOption('--out <folder>', 'where driver.mjs and manifest.json go')
  .action(async (folder: string, { out }: { out: string }) => {
    const packed = await packDriver(folder);
    await writePacked(packed, out);
    say(`${packed.manifest.datastore}: ${packed.code.length} bytes, sha256 ${packed.sha256}`);
  });

try {
  await program.parseAsync();
} catch (error) {
  console.error(error instanceof Problem ? `coffer-driver: ${error.detail}` : error);
  process.exitCode = 1;
}
