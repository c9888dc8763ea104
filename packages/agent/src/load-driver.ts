import { createHash } from 'node:crypto';
import { mkdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { Problem } from '@coffer/core';
import type { DriverFactory } from '@coffer/core/driver';
import type { ControlMethods } from '@coffer/core/rpc';
import { writeWhole } from './state.ts';

/** A bundle larger than this is refused before it fills the disk. */
const MOST_BYTES = 64 * 1024 * 1024;

/** Asks the control plane for the piece of a bundle at an offset. */
export type FetchChunk = (
  chunk: ControlMethods['driver_chunk']['params'],
) => Promise<ControlMethods['driver_chunk']['result']>;

export interface DriverFolder {
  /** Where bundles are kept, one a hash. */
  path: string;
  fetchChunk: FetchChunk;
}

/**
 * The driver with this hash: from the folder, or fetched once and kept. Repeatable; a cut-off fetch begins again.
 * @throws Problem `guest_failed` when what came has another hash or is no driver of this datastore.
 */
export async function loadDriver(
  folder: DriverFolder,
  driver: { name: string; sha256: string },
): Promise<DriverFactory> {
  const { sha256 } = driver;
  if (!/^[0-9a-f]{64}$/.test(sha256)) throw new Problem('bad_request', `Driver hash "${sha256}" is not 64 hex digits.`);
  await mkdir(folder.path, { recursive: true, mode: 0o700 });
  const path = join(folder.path, `${sha256}.mjs`);
  const kept = await readFile(path).catch(() => undefined);
  if (kept === undefined || hashOf(kept) !== sha256) {
    await rm(path, { force: true });
    const fetched = await fetchBundle(folder.fetchChunk, sha256);
    if (hashOf(fetched) !== sha256) {
      throw new Problem(
        'guest_failed',
        `The bundle that came for driver ${driver.name} has hash ${hashOf(fetched)}, not ${sha256}; it is refused.`,
      );
    }
    await writeWhole(path, fetched);
  }
  const module: unknown = await import(pathToFileURL(path).href);
  return factoryOf(module, driver);
}

async function fetchBundle(fetchChunk: FetchChunk, sha256: string): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let offset = 0;
  for (;;) {
    const { base64, totalBytes } = await fetchChunk({ sha256, offset });
    if (totalBytes > MOST_BYTES)
      throw new Problem(
        'guest_failed',
        `Driver bundle ${sha256} has ${totalBytes} bytes; at most ${MOST_BYTES} are taken.`,
      );
    const chunk = Buffer.from(base64, 'base64');
    chunks.push(chunk);
    offset += chunk.length;
    if (offset >= totalBytes) return Buffer.concat(chunks);
    if (chunk.length === 0)
      throw new Problem('guest_failed', `Driver bundle ${sha256} ended at ${offset} of ${totalBytes} bytes.`);
  }
}

function hashOf(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

function factoryOf(module: unknown, { name, sha256 }: { name: string; sha256: string }): DriverFactory {
  const found: unknown =
    typeof module === 'object' && module !== null && 'default' in module ? module.default : undefined;
  if (!isFactory(found))
    throw new Problem('guest_failed', `Bundle ${sha256} has no driver of interface version 1 as its default export.`);
  if (found.manifest.datastore !== name) {
    throw new Problem(
      'guest_failed',
      `Bundle ${sha256} is a driver of ${found.manifest.datastore}; ${name} is wanted.`,
    );
  }
  return found;
}

function isFactory(value: unknown): value is DriverFactory {
  if (typeof value !== 'object' || value === null || !('create' in value) || !('manifest' in value)) return false;
  const { create, manifest } = value;
  return (
    typeof create === 'function' &&
    typeof manifest === 'object' &&
    manifest !== null &&
    'api' in manifest &&
    manifest.api === 1
  );
}
