import { Problem } from '@coffer/core';
import type { ControlHandlers } from '@coffer/core/rpc';
import type { Store } from '../store/store.ts';

/** Well below the largest message, with room for base64. */
const CHUNK_BYTES = 256 * 1024;

/** Hands out driver bundles by hash: code is no secret, but a guest gets the one of its own datastore version only. */
export function createDriverChunks(store: Store): ControlHandlers['driver_chunk'] {
  return async (instanceId, { sha256, offset }) => {
    const instance = await store.instances.get(instanceId);
    const version = instance && (await store.datastores.version(instance.datastoreVersionId));
    if (!version || version.driverSha256 !== sha256) {
      throw new Problem(
        'not_found',
        `driver ${sha256.slice(0, 64)} is not the one of this instance's datastore version`,
      );
    }
    const code = await store.datastores.driverCode(sha256);
    if (!code) throw new Problem('not_found', `driver ${sha256} is not in the store; register it again`);
    if (!Number.isSafeInteger(offset) || offset < 0 || offset > code.length) {
      throw new Problem('bad_request', `offset ${offset} is outside the driver's ${code.length} bytes`);
    }
    return { base64: code.subarray(offset, offset + CHUNK_BYTES).toString('base64'), totalBytes: code.length };
  };
}
