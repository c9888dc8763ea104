import { Problem } from '@coffer/core';
import type { ResourceKinds } from '../cloud-resources.ts';
import { defineJob, type JobKind } from '../job-kind.ts';

export const CLEANUP = 'cleanup';

export interface CleanupInput {
  kind: string;
  key: string;
}

/** Deletes one resource that the ledger has marked. A failed one is asked for again by the next round of the conductor. */
export function cleanupTask(resources: ResourceKinds): JobKind {
  return defineJob<CleanupInput>({
    kind: CLEANUP,
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
