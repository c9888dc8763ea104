import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { Problem } from '@coffer/core';
import type { DriverFactory } from '@coffer/core/driver';
import type { DriverTest } from '@coffer/core/driver-suite';
import { bundle, packDriver } from '../pack.ts';

/** What a driver's author writes into `suite.ts` beside `index.ts`: the ways in that a tenant has, and what there is to try. */
export type DriverSuiteInput = Omit<DriverTest, 'factory' | 'harness'>;

interface Loaded {
  factory: DriverFactory;
  /** Undefined where the folder has no `suite.ts`: then only the contract can be asked. */
  input: DriverSuiteInput | undefined;
}

async function importOf(code: Uint8Array): Promise<unknown> {
  const folder = await mkdtemp(join(tmpdir(), 'coffer-driver-'));
  try {
    const file = join(folder, 'bundle.mjs');
    await writeFile(file, code);
    const module: unknown = await import(pathToFileURL(file).href);
    return typeof module === 'object' && module !== null && 'default' in module ? module.default : undefined;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function isFactory(value: unknown): value is DriverFactory {
  return (
    typeof value === 'object' &&
    value !== null &&
    'create' in value &&
    typeof value.create === 'function' &&
    'manifest' in value
  );
}

function isInput(value: unknown): value is DriverSuiteInput {
  return typeof value === 'object' && value !== null && 'login' in value && typeof value.login === 'function';
}

/**
 * A driver's folder as it will travel: packed first, so that what is tested is what is registered.
 * @throws Problem `bad_request` that says what is missing
 */
export async function loadDriverFolder(folder: string): Promise<Loaded> {
  const factory = await importOf((await packDriver(folder)).code);
  if (!isFactory(factory))
    throw new Problem('bad_request', `The default export of ${folder} is no driver: it needs manifest and create.`);
  const suite = join(folder, 'suite.ts');
  if (!(await readFile(suite).then(Boolean, () => false))) return { factory, input: undefined };
  const input = await importOf(await bundle(folder, suite));
  if (!isInput(input))
    throw new Problem('bad_request', `The default export of ${suite} is no input of the suite: it needs login.`);
  return { factory, input };
}
