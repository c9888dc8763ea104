import type { Logger } from '@coffer/core';
import { type ClaimedJob, LeaseLost } from '../store/jobs.ts';
import type { Queries, Store } from '../store/store.ts';
import type { Clock } from './clock.ts';

/** A worker's hold on one job. */
export interface Lease {
  /** Rejects with what ended it when the lease is no longer surely ours. */
  check(): void;
  /** Writes only if the lease is ours, and renews it in the same transaction. @throws LeaseLost. */
  write<T>(work: (tx: Queries) => Promise<T>): Promise<T>;
  /** Stops renewing. */
  stop(): void;
}

/**
 * Renews the lease at a third of its length. When it cannot (another worker has the job, or the store is away for too long) it
 * says so once, and from then on nothing of this run may have an effect.
 */
export function holdLease(
  store: Store,
  job: ClaimedJob,
  owner: string,
  options: { leaseMs: number; clock: Clock; log: Logger; claimedAt: number; lost: (error: LeaseLost) => void },
): Lease {
  const { leaseMs, clock } = options;
  const stopping = new AbortController();
  let validUntil = options.claimedAt + leaseMs;

  function lose(): LeaseLost {
    const error = new LeaseLost(job.id);
    stopping.abort();
    options.lost(error);
    return error;
  }

  async function renewing(): Promise<void> {
    while (!stopping.signal.aborted) {
      await clock.sleep(leaseMs / 3, stopping.signal).catch(() => {});
      if (stopping.signal.aborted) return;
      const asked = clock.now();
      try {
        if (!(await store.jobs.renew(job.id, owner, leaseMs))) {
          if (!stopping.signal.aborted) lose();
          return;
        }
        validUntil = asked + leaseMs;
      } catch (error) {
        options.log.warn({ err: error }, 'the lease could not be renewed');
        if (clock.now() > validUntil && !stopping.signal.aborted) return void lose();
      }
    }
  }
  void renewing();

  return {
    check() {
      // A process that was stopped for a while wakes with its timers late: the time itself decides.
      if (clock.now() > validUntil) throw lose();
    },
    async write(work) {
      const asked = clock.now();
      try {
        const result = await store.transaction((tx) => tx.jobs.underLease(job.id, owner, leaseMs, () => work(tx)));
        validUntil = Math.max(validUntil, asked + leaseMs);
        return result;
      } catch (error) {
        if (error instanceof LeaseLost) throw lose();
        throw error;
      }
    },
    stop: () => stopping.abort(),
  };
}
