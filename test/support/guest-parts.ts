import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';

const root = join(import.meta.dirname, '../..');
export const GUEST_IMAGE = 'e-scratch/guest:latest';
export const DATABASE_IMAGE = 'scratch-f/mysql:9.7';
export async function packDriver(name: string, outfile: string): Promise<{ sha256: string }> {
  const esbuild = createRequire(join(root, 'packages/agent/package.json'))('esbuild');
  await esbuild.build({
    entryPoints: [join(root, `packages/drivers/src/${name}/index.ts`)],
    outfile,
    bundle: true,
    platform: 'node',
    format: 'esm',
    conditions: ['@coffer/source'],
    logLevel: 'error',
    banner: {
      js: "import { createRequire as __createRequire } from 'node:module';\nconst require = __createRequire(import.meta.url);",
    },
  });
  return {
    sha256: createHash('sha256')
      .update(await readFile(outfile))
      .digest('hex'),
  };
}
