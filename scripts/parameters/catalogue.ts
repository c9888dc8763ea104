import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ManifestParameter } from '@coffer/core/driver';
import { applyPolicy, type ParameterPolicy, unusedEntries } from './policy.ts';
import { READERS } from './readers.ts';
import { askServer } from './server.ts';

const drivers = join(import.meta.dirname, '../../packages/drivers/src');

export const manifestFile = (datastore: string): string => join(drivers, datastore, 'manifest.json');

export const catalogueFile = (datastore: string, version: string): string =>
  join(drivers, datastore, 'parameters', `${version}.json`);

async function readJson<T>(path: string): Promise<T> {
  return JSON.parse(await readFile(path, 'utf8'));
}

async function imageOf(datastore: string, version: string): Promise<string> {
  const manifest = await readJson<{ versions: { name: string; image: string }[] }>(manifestFile(datastore));
  const found = manifest.versions.find(({ name }) => name === version);
  if (found) return found.image;
  const known = manifest.versions.map(({ name }) => name).join(', ');
  throw new Error(`${datastore} has no version ${version}; its manifest has ${known}`);
}

export interface MadeCatalogue {
  parameters: Record<string, unknown>[];
  /** Entries of the policy that this version has no parameter for: another may have. */
  unused: string[];
}

/** The catalogue of one version, made anew: of its running server and the policy, or out of another version's file. */
export async function makeCatalogue(datastore: string, version: string): Promise<MadeCatalogue> {
  const policy = await readJson<ParameterPolicy>(join(drivers, datastore, 'policy.json'));
  const derived = policy.derived?.[version];
  if (derived) {
    const other = await readJson<ManifestParameter[]>(catalogueFile(datastore, derived.from));
    const missing = derived.names.filter((name) => !other.some((parameter) => parameter.name === name));
    if (missing.length > 0) throw new Error(`${datastore} ${derived.from} has no parameter ${missing.join(', ')}`);
    const parameters = other.filter(({ name }) => derived.names.includes(name));
    return { parameters: parameters.map(({ default: _, ...rest }) => ({ ...rest })), unused: [] };
  }
  const reader = READERS[datastore];
  if (!reader) throw new Error(`no reader for ${datastore}; there are ${Object.keys(READERS).join(', ')}`);
  const found = await askServer(await imageOf(datastore, version), reader, (server) => reader.read(server));
  const names = found.map(({ name }) => name);
  return { parameters: applyPolicy(found, policy), unused: unusedEntries(policy, names) };
}
