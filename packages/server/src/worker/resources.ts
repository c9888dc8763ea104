import { Problem } from '@coffer/core';
import type { ClaimedJob } from '../store/jobs.ts';
import type { Clock } from './clock.ts';
import type { JobContext, ResourceMaker, ResourceRemover } from './job-kind.ts';
import type { Lease } from './lease.ts';
import type { StepRunner } from './step.ts';

interface Parts {
  runStep: StepRunner;
  lease: Lease;
  waitUntil: JobContext['waitUntil'];
  clock: Clock;
  job: ClaimedJob;
  /** How long a cloud may take to show what it made without answering. */
  settleMs: number;
}

const REPEAT_DELETE_MS = 30_000;

/** See {@link JobContext.ensure}. The intent is written first: from then on a dead run's resource can be found by its key. */
export async function ensureResource(parts: Parts, kind: string, key: string, maker: ResourceMaker): Promise<string> {
  const { job, lease } = parts;
  const { id } = await parts.runStep({
    name: `create ${kind}`,
    prepare: (tx) => tx.ledger.intend({ kind, key, instanceId: job.instanceId, projectId: job.projectId }),
    effect: async (row) => {
      if (row.state === 'deleting')
        throw new Problem('conflict', `${kind} ${key} is being deleted; it is not made again`);
      const found = await findSettled(parts, row.msSinceAsked, () => maker.find());
      if (found) return { id: found.id };
      await lease.write((tx) => tx.ledger.ask(row.id));
      const made = await maker.create();
      return { id: made.id };
    },
    record: (tx, made, row) => tx.ledger.present(row.id, made.id),
  });
  return id;
}

/** See {@link JobContext.remove}. */
export async function removeResource(parts: Parts, kind: string, key: string, remover: ResourceRemover): Promise<void> {
  await parts.runStep({
    name: `delete ${kind}`,
    prepare: (tx) => tx.ledger.mark(kind, key),
    effect: async (row) => {
      if (!row) return;
      let deletedAt = Number.NEGATIVE_INFINITY;
      // By id and by key: a create that timed out and was repeated may have left two under one key.
      const look = async () =>
        (row.cloudId !== null ? await remover.get(row.cloudId) : undefined) ?? (await remover.find());
      const first = row.cloudId === null ? await findSettled(parts, row.msSinceAsked, look) : await look();
      if (!first) return;
      let lastId = '';
      await parts.waitUntil(
        async () => {
          const there = await look();
          if (!there) return true;
          if (there.id !== lastId || parts.clock.now() - deletedAt > REPEAT_DELETE_MS) {
            deletedAt = parts.clock.now();
            lastId = there.id;
            await remover.delete(there.id);
          }
          return false;
        },
        {
          what: `${kind} ${key} to be gone`,
          timeoutMs: remover.timeoutMs ?? 300_000,
          intervalMs: remover.intervalMs ?? 500,
        },
      );
    },
    record: async (tx, _, row) => {
      if (row) await tx.ledger.remove(row.id);
    },
  });
}

/**
 * What lies under the key. If an earlier run asked the cloud to create it and died or timed out before the answer, the resource
 * may show up late: nothing is believed absent before the cloud had its time.
 */
async function findSettled(
  parts: Parts,
  msSinceAsked: number | null,
  find: () => Promise<{ id: string } | undefined>,
): Promise<{ id: string } | undefined> {
  const settledAt = parts.clock.now() + (msSinceAsked === null ? 0 : parts.settleMs - msSinceAsked);
  let found: { id: string } | undefined;
  await parts.waitUntil(
    async () => {
      found = await find();
      return found !== undefined || parts.clock.now() >= settledAt;
    },
    { what: 'the cloud to settle', timeoutMs: parts.settleMs + 60_000, intervalMs: 250 },
  );
  return found;
}
