import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Problem } from '@coffer/core';
import { parseManifest } from '@coffer/core/driver';
import type { Command } from 'commander';
import { addStoreOptions } from '../config.ts';
import { type StoreFlags, withStore } from './with-store.ts';

/** `coffer datastore register <folder>`: stores a packed driver and offers its datastore. */
export function addDatastore(program: Command): void {
  const datastore = program.command('datastore').description('datastores and their drivers');
  addStoreOptions(
    datastore
      .command('register')
      .description('store a driver as `coffer-driver pack` made it, and offer its versions')
      .argument('<folder>', 'holds driver.mjs and manifest.json'),
  ).action(async (folder: string, flags: StoreFlags) => {
    const code = await read(join(folder, 'driver.mjs'));
    const manifest = parseManifest(JSON.parse((await read(join(folder, 'manifest.json'))).toString('utf8')));
    const sha256 = createHash('sha256').update(code).digest('hex');
    await withStore(flags, ({ store }) => store.datastores.register({ sha256, manifest, code }));
    process.stdout.write(
      `${manifest.datastore} ${manifest.versions.map((version) => version.name).join(', ')}: driver ${sha256}\n`,
    );
  });
}

const read = (file: string): Promise<Buffer> =>
  readFile(file).catch((error: NodeJS.ErrnoException) => {
    throw new Problem('bad_request', `${file} cannot be read (${error.code}); \`coffer-driver pack\` makes it`);
  });
