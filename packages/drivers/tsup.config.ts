import { globSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { packageConfig } from '../../tsup.base.ts';
import { withCatalogues } from '../core/src/driver/catalogues.ts';

const readJson = (path: string): unknown => JSON.parse(readFileSync(path, 'utf8'));

export default packageConfig({
  // The manifest is data and travels beside the code, with its catalogues: docs and `coffer datastore register` read it as a file.
  onSuccess: async () => {
    for (const file of globSync('src/*/manifest.json')) {
      const catalogues = globSync(join(dirname(file), 'parameters/*.json')).map((path) => [
        basename(path, '.json'),
        readJson(path),
      ]);
      const whole = withCatalogues(readJson(file), Object.fromEntries(catalogues));
      writeFileSync(file.replace(/^src/, 'dist'), `${JSON.stringify(whole, null, 2)}\n`);
    }
  },
});
