import { Problem } from '@coffer/core';
import type { ControlHandlers } from '@coffer/core/rpc';
import type { Store } from '../store/store.ts';

/** Well below the largest message, with room for base64. */
const CHUNK_BYTES = 256 * 1024;

/**
 * Hands out driver bundles by hash: code is no secret, but a guest gets no other than the one that its enrolment names, which
 * stays the same when another is registered for its datastore version meanwhile.
 */
export function createDriverChunks(store: Store): ControlHandlers['driver_chunk'] {
  return async (instanceId, { sha256, offset }) => {
    if ((await driverOf(store, instanceId)) !== sha256)
      throw new Problem('not_found', `driver ${sha256.slice(0, 64)} is not the one that this guest enrolled with`);
    const code = await store.datastores.driverCode(sha256);
    if (!code) throw new Problem('not_found', `driver ${sha256} is not in the store; register it again`);
    if (!Number.isSafeInteger(offset) || offset < 0 || offset > code.length) {
      throw new Problem('bad_request', `offset ${offset} is outside the driver's ${code.length} bytes`);
    }
    return { base64: code.subarray(offset, offset + CHUNK_BYTES).toString('base64'), totalBytes: code.length };
  };
}

async function driverOf(store: Store, instanceId: string): Promise<string | undefined> {
  const guest = await store.guests.get(instanceId);
  if (guest?.driver) return guest.driver;
  // One that an earlier build began to make, which did not write it down.
  const instance = guest && (await store.instances.get(instanceId));
  return instance && (await store.datastores.version(instance.datastoreVersionId))?.driverSha256;
}
