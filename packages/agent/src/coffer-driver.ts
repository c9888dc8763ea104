#!/usr/bin/env node
import { Problem } from '@coffer/core';
import { Command } from 'commander';
import { packDriver, writePacked } from './pack.ts';

const program = new Command('coffer-driver').description('tools for authors of drivers').showHelpAfterError();

program
  .command('pack')
  .description('make one file of a driver, to be registered with `coffer datastore register`')
  .argument('<folder>', 'holds index.ts and manifest.json')
  .requiredOption('--out <folder>', 'where driver.mjs and manifest.json go')
  .action(async (folder: string, { out }: { out: string }) => {
    const packed = await packDriver(folder);
    await writePacked(packed, out);
    process.stdout.write(`${packed.manifest.datastore}: ${packed.code.length} bytes, sha256 ${packed.sha256}\n`);
  });

try {
  await program.parseAsync();
} catch (error) {
  console.error(error instanceof Problem ? `coffer-driver: ${error.detail}` : error);
  process.exitCode = 1;
}
