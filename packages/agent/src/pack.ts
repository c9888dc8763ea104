import { createHash } from 'node:crypto';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { Problem } from '@coffer/core';
import { type DriverManifest, parseManifest, withCatalogues } from '@coffer/core/driver';
import { build } from 'esbuild';

/** A driver as it travels: one file, and its manifest as data. */
export interface PackedDriver {
  /** `driver.mjs`: an ES module without imports besides Node's own. */
  code: Buffer;
  manifest: DriverManifest;
  /** Hex, of `code`: the guest refuses any other. */
  sha256: string;
}

/** From a checkout, what is packed is its sources; as published, packages have none. */
const CONDITIONS = import.meta.filename.endsWith('.ts') ? ['@coffer/source'] : [];

/** CommonJS inside the bundle asks for Node's modules by `require`, which an ES module has not. */
const BANNER =
  "import { createRequire as __createRequire } from 'node:module';\nconst require = __createRequire(import.meta.url);";

/**
 * Makes one file of a driver's folder (`index.ts` or `index.js`, and `manifest.json`), its dependencies inlined. The same sources
 * give the same bytes. Catalogues of parameters may lie beside the manifest, as `parameters/<version>.json`.
 * @throws Problem `bad_request` that says what is missing or does not build.
 */
export async function packDriver(folder: string): Promise<PackedDriver> {
  const manifestText = await readFile(join(folder, 'manifest.json'), 'utf8').catch((error: NodeJS.ErrnoException) => {
    throw new Problem(
      'bad_request',
      `${join(folder, 'manifest.json')} cannot be read (${error.code}); a driver's folder holds index.ts and manifest.json`,
    );
  });
  const manifest = parseManifest(
    withCatalogues(jsonOf(manifestText, join(folder, 'manifest.json')), await cataloguesOf(join(folder, 'parameters'))),
  );
  const entry = await firstOf(folder, ['index.ts', 'index.js', 'index.mjs']);
  const code = await bundle(folder, entry);
  return { code, manifest, sha256: createHash('sha256').update(code).digest('hex') };
}

/** A file with all that it imports inlined: an ES module of its own. @throws Problem `bad_request` when it does not build */
export async function bundle(folder: string, entry: string): Promise<Buffer> {
  const result = await build({
    entryPoints: [resolve(entry)],
    bundle: true,
    write: false,
    platform: 'node',
    target: 'node22',
    format: 'esm',
    conditions: CONDITIONS,
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
  return Buffer.from(file.contents);
}

/** By the version's name; none where the folder is not there. */
async function cataloguesOf(folder: string): Promise<Record<string, unknown>> {
  const names = await readdir(folder).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return [];
    throw new Problem('bad_request', `${folder} cannot be read (${error.code})`);
  });
  const files = names.filter((name) => name.endsWith('.json'));
  const read = async (name: string): Promise<[string, unknown]> => {
    const path = join(folder, name);
    return [name.slice(0, -'.json'.length), jsonOf(await readFile(path, 'utf8'), path)];
  };
  return Object.fromEntries(await Promise.all(files.map(read)));
}

function jsonOf(text: string, path: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new Problem('bad_request', `${path} is not JSON: ${why}`);
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
