// `node scripts/run.mjs scripts/charsets.ts <datastore>`: writes the character sets of its manifest anew, each version's from its server.
import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { manifestFile } from './parameters/catalogue.ts';
import { READERS } from './parameters/readers.ts';
import { askServer } from './parameters/server.ts';

type Charsets = Record<string, string[]>;
interface Manifest {
  versions: { name: string; image: string; default?: boolean; charsets?: Charsets }[];
  charsets: Charsets;
}

const [datastore = ''] = process.argv.slice(2);
const reader = READERS[datastore];
if (reader?.charsets === undefined) {
  const known = Object.keys(READERS).filter((name) => READERS[name]?.charsets);
  console.error(`usage: node scripts/run.mjs scripts/charsets.ts ${known.join(' | ')}`);
  process.exit(2);
}

const file = manifestFile(datastore);
const manifest: Manifest = JSON.parse(readFileSync(file, 'utf8'));
// The manifest has those of the default version, and beside it what other versions have instead.
const ordered = manifest.versions.toSorted(
  (left, right) => Number(right.default ?? false) - Number(left.default ?? false),
);
for (const version of ordered) {
  const found = await askServer(version.image, reader, reader.charsets);
  if (version.default) manifest.charsets = found;
  delete version.charsets;
  if (!isDeepStrictEqual(found, manifest.charsets)) version.charsets = found;
  console.log(`${Object.values(found).flat().length} collations of ${datastore} ${version.name}`);
}
writeFileSync(file, `${JSON.stringify(manifest, null, 2)}\n`);
spawnSync(join(import.meta.dirname, '../node_modules/.bin/biome'), ['format', '--write', file], { stdio: 'inherit' });
