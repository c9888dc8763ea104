import type { LedgerRow } from '../store/schema.ts';
import type { Store } from '../store/store.ts';
import type { ResourceKinds } from '../worker/cloud-resources.ts';
import { CLEANUP, type CleanupInput } from '../worker/tasks/cleanup.ts';

/** Queues the deletion of what is marked and that no job is about, servers first. @returns how many jobs were made. */
export async function enqueueCleanups(store: Store, resources: ResourceKinds): Promise<number> {
  const order = Object.keys(resources);
  const rank = (row: LedgerRow) => order.indexOf(row.kind);
  const rows = (await store.ledger.abandoned()).filter((row) => rank(row) >= 0).sort((a, b) => rank(a) - rank(b));
  let made = 0;
  for (const { id, kind, key, instanceId, projectId } of rows) {
    const { created } = await store.jobs.enqueue({
      kind: CLEANUP,
      input: { kind, key } satisfies CleanupInput,
      // The same text as in the ledger's question for rows that no job is about.
      dedup: `cleanup/${id}`,
      ...(instanceId !== null && { instanceId }),
      ...(projectId !== null && { projectId }),
    });
    if (created) made += 1;
  }
  return made;
}
