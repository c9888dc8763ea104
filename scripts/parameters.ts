// `node scripts/run.mjs scripts/parameters.ts <datastore> <version> …`: writes catalogues of parameters anew, each from its server.
import { spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { catalogueFile, makeCatalogue } from './parameters/catalogue.ts';

const [datastore, ...versions] = process.argv.slice(2);
if (datastore === undefined || versions.length === 0) {
  console.error('usage: node scripts/run.mjs scripts/parameters.ts <datastore> <version> …');
  process.exit(2);
}

for (const version of versions) {
  const { parameters, unused } = await makeCatalogue(datastore, version);
  if (unused.length > 0) console.warn(`of no parameter of ${datastore} ${version}: ${unused.join(', ')}`);
  const file = catalogueFile(datastore, version);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, `${JSON.stringify(parameters, null, 2)}\n`);
  spawnSync(join(import.meta.dirname, '../node_modules/.bin/biome'), ['format', '--write', file], { stdio: 'inherit' });
  console.log(`${parameters.length} parameters of ${datastore} ${version} in ${file}`);
}
