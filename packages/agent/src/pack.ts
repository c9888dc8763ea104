import { createHash } from 'node:crypto';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { Problem } from '@coffer/core';
import { type DriverManifest, parseManifest } from '@coffer/core/driver';
import { build } from 'esbuild';

/** A driver as it travels: one file, and its manifest as data. */
export interface PackedDriver {
  /** `driver.mjs`: an ES module without imports besides Node's own. */
  code: Buffer;
  manifest: DriverManifest;
  /** Hex, of `code`: the guest refuses any other. */
  sha256: string;
}

/** CommonJS inside the bundle asks for Node's modules by `require`, which an ES module has not. */
const BANNER =
  "import { createRequire as __createRequire } from 'node:module';\nconst require = __createRequire(import.meta.url);";

/**
 * Makes one file of a driver's folder (`index.ts` or `index.js`, and `manifest.json`), its dependencies inlined. The same sources
 * give the same bytes.
 * @throws Problem `bad_request` that says what is missing or does not build.
 */
export async function packDriver(folder: string): Promise<PackedDriver> {
  const manifestText = await readFile(join(folder, 'manifest.json'), 'utf8').catch((error: NodeJS.ErrnoException) => {
    throw new Problem(
      'bad_request',
      `${join(folder, 'manifest.json')} cannot be read (${error.code}); a driver's folder holds index.ts and manifest.json`,
    );
  });
  const manifest = parseManifest(jsonOf(manifestText, folder));
  const entry = await firstOf(folder, ['index.ts', 'index.js', 'index.mjs']);
  const result = await build({
    entryPoints: [entry],
    bundle: true,
    write: false,
    platform: 'node',
    target: 'node22',
    format: 'esm',
    conditions: ['@coffer/source'],
    absWorkingDir: resolve(folder),
    banner: { js: BANNER },
    legalComments: 'none',
    // Takes out the paths of the sources too, which differ from checkout to checkout.
    minify: true,
    logLevel: 'silent',
  }).catch((error: Error) => {
    throw new Problem('bad_request', `the driver in ${folder} does not build: ${error.message}`);
  });
  const [file] = result.outputFiles;
  if (!file) throw new Problem('internal', `nothing was built of ${entry}`);
  const code = Buffer.from(file.contents);
  return { code, manifest, sha256: createHash('sha256').update(code).digest('hex') };
}

function jsonOf(text: string, folder: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new Problem('bad_request', `${join(folder, 'manifest.json')} is not JSON: ${why}`);
  }
}

async function firstOf(folder: string, names: readonly string[]): Promise<string> {
  for (const name of names) {
    const path = resolve(folder, name);
    if (await readFile(path).then(Boolean, () => false)) return path;
  }
  throw new Problem(
    'bad_request',
    `${folder} has none of ${names.join(', ')}; the driver's factory is the default export of one of them`,
  );
}

/** Writes `driver.mjs`, `manifest.json` and `driver.sha256` into a folder. */
export async function writePacked(packed: PackedDriver, folder: string): Promise<void> {
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, 'driver.mjs'), packed.code);
  await writeFile(join(folder, 'manifest.json'), `${JSON.stringify(packed.manifest, null, 2)}\n`);
  await writeFile(join(folder, 'driver.sha256'), `${packed.sha256}  driver.mjs\n`);
}
