import { randomUUID } from 'node:crypto';
import type { Sealed } from '@coffer/core';
import type { DriverManifest } from '@coffer/core/driver';
import type { Amounts } from './quotas.ts';
import type { Store } from './store.ts';

/** For tests of store, worker and conductor: an instance of a datastore that exists in the store alone. */
export async function instanceIn(
  store: Store,
  options: {
    projectId?: string;
    quota?: { deltas: Amounts; defaults: Amounts };
    secrets?: Record<string, Sealed>;
    kind?: string;
    input?: unknown;
    /** Makes its guest's row too. */
    guest?: boolean;
  },
): Promise<{ id: string; jobId: string }> {
  const manifest = { datastore: 'paper', versions: [{ name: '1', number: '1.0', image: 'paper:1', active: true }] };
  // Only its names are ever read.
  const datastore = await store.datastores.register({
    sha256: 'paper',
    manifest: manifest as unknown as DriverManifest,
    code: Buffer.from(''),
  });
  const id = randomUUID();
  const { jobId } = await store.instances.create(
    {
      id,
      projectId: options.projectId ?? 'p1',
      name: 'orders',
      flavorId: '1',
      vcpus: 1,
      ramMib: 512,
      volumeSizeGib: 5,
      datastoreVersionId: datastore.defaultVersionId ?? '',
    },
    { kind: options.kind ?? 'create', input: options.input, ...(options.secrets && { secrets: options.secrets }) },
    options.quota ?? { deltas: {}, defaults: {} },
  );
  if (options.guest) {
    const sealed = 'sealed' as Sealed;
    await store.guests.create({
      instanceId: id,
      tokenKid: randomUUID(),
      token: sealed,
      brokerPassword: sealed,
      brokerPasswordHash: 'hash',
    });
  }
  return { id, jobId };
}
