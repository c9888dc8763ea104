import { Problem } from '@coffer/core';
import type { LedgerRow } from '../store/schema.ts';
import type { Store } from '../store/store.ts';
import type { ResourceKinds } from '../worker/cloud-resources.ts';
import { defineJob, type JobKind } from '../worker/job-kind.ts';

const KIND = 'cleanup';

interface CleanupInput {
  kind: string;
  key: string;
}

/** Deletes one resource that the ledger has marked. A failed one is asked for again by the next round of the conductor. */
export function cleanupJob(resources: ResourceKinds): JobKind {
  return defineJob<CleanupInput>({
    kind: KIND,
    deadlineMs: 600_000,
    maxAttempts: 20,
    async run(ctx) {
      const { kind, key } = ctx.input;
      const resource = resources[kind];
      if (!resource) throw new Problem('not_supported', `this server has no cloud that makes a ${kind}`);
      await ctx.remove(kind, key, resource.remover(key));
    },
  });
}

/** Queues the deletion of what is marked and that no job is about, servers first. @returns how many jobs were made. */
export async function enqueueCleanups(store: Store, resources: ResourceKinds): Promise<number> {
  const order = Object.keys(resources);
  const rank = (row: LedgerRow) => order.indexOf(row.kind);
  const rows = (await store.ledger.abandoned()).filter((row) => rank(row) >= 0).sort((a, b) => rank(a) - rank(b));
  let made = 0;
  for (const { id, kind, key, instanceId, projectId } of rows) {
    const { created } = await store.jobs.enqueue({
      kind: KIND,
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
