import { createHash } from 'node:crypto';
import { mkdir, readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

/**
 * Makes the agent one file with everything inside, as guest images carry it: `node agent.mjs`. From a checkout it is made of the
 * sources, so nothing has to be built before.
 * @param {string} outFile
 * @param {string} [entry] another program around the same agent; default: its own
 * @returns {Promise<{ path: string, sha256: string, bytes: number }>}
 */
export async function bundleAgent(outFile, entry = join(import.meta.dirname, 'src/main.ts')) {
  await mkdir(dirname(outFile), { recursive: true });
  await build({
    entryPoints: [entry],
    outfile: outFile,
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node22',
    conditions: ['@coffer/source'],
    // What is CommonJS inside asks for node's own modules by `require`, which an ES module does not have.
    banner: {
      js: "import { createRequire as __createRequire } from 'node:module';\nconst require = __createRequire(import.meta.url);",
    },
    legalComments: 'none',
    minifySyntax: true,
    minifyWhitespace: true,
    logLevel: 'error',
  });
  const bytes = await readFile(outFile);
  return { path: outFile, sha256: createHash('sha256').update(bytes).digest('hex'), bytes: bytes.length };
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const made = await bundleAgent(process.argv[2] ?? join(import.meta.dirname, 'dist/agent.mjs'));
  console.log(`${made.path}  ${made.bytes} bytes  sha256 ${made.sha256}`);
}
