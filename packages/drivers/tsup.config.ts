import { cpSync, globSync } from 'node:fs';
import { packageConfig } from '../../tsup.base.ts';

export default packageConfig({
  // The manifest is data and travels beside the code: agents, docs and `coffer datastore register` read it as a file.
  onSuccess: async () => {
    for (const file of globSync('src/*/manifest.json')) cpSync(file, file.replace(/^src/, 'dist'));
  },
});
