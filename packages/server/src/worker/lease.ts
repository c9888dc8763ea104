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

/** What of the store a lease needs. */
export interface LeaseStore {
  jobs: Pick<Store['jobs'], 'renew'>;
  transaction: Store['transaction'];
}

/**
 * Renews the lease at a third of its length. When it cannot (another worker has the job, or the store is away for too long) it
 * says so once, and from then on nothing of this run may have an effect.
 */
export function holdLease(
  store: LeaseStore,
  job: Pick<ClaimedJob, 'id'>,
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
    let isAnswered = true;
    while (!stopping.signal.aborted) {
      await clock.sleep(leaseMs / 3, stopping.signal).catch(() => {});
      if (stopping.signal.aborted) return;
      const asked = clock.now();
      try {
        if (!(await store.jobs.renew(job.id, owner, leaseMs))) {
          if (!stopping.signal.aborted) lose();
          return;
        }
        validUntil = Math.max(validUntil, asked + leaseMs);
        isAnswered = true;
      } catch (error) {
        if (isAnswered) options.log.warn({ err: error }, 'the lease could not be renewed');
        isAnswered = false;
      }
    }
  }

  /** By the time alone: a store that takes the question and does not answer must not keep a run going that is another's by now. */
  async function watching(): Promise<void> {
    while (!stopping.signal.aborted) {
      // A moment more, as a timer may be early by one.
      await clock.sleep(validUntil - clock.now() + 1, stopping.signal).catch(() => {});
      if (!stopping.signal.aborted && clock.now() > validUntil) lose();
    }
  }
  void renewing();
  void watching();

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
