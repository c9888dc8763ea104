import { randomUUID } from 'node:crypto';
import { type Logger, silentLogger } from '@coffer/core';
import { type ClaimedJob, JOBS_CHANNEL } from '../store/jobs.ts';
import type { Store } from '../store/store.ts';
import { type Clock, systemClock } from './clock.ts';
import type { JobKind, StepPoint } from './job-kind.ts';
import { runJob } from './run.ts';

export interface WorkerOptions {
  store: Store;
  /** Jobs of other kinds are left to workers that know them. */
  kinds: readonly JobKind[];
  /** Jobs at a time; 8 when absent. */
  concurrency?: number;
  /** How long a dead worker's job waits for the next one, ms; 15,000 when absent. Renewed at a third of it. */
  leaseMs?: number;
  /** Longest wait for a job of which no notification told, ms; 1,000 when absent, at least 200. */
  pollMs?: number;
  /** How long a cloud may take to show what it made without answering, ms; 3,000 when absent. */
  settleMs?: number;
  /** Pauses between attempts: 2 × `firstMs`, doubled each time up to `maxMs`, ± 25 %; 500 and 60,000 when absent. */
  retry?: { firstMs: number; maxMs: number };
  clock?: Clock;
  log?: Logger;
  /** Called around the effect of every step and waited for; for crash tests. */
  observe?: (point: StepPoint) => Promise<void> | void;
}

export interface Worker {
  start(): void;
  /**
   * Takes no more jobs, lets those that run go on for `graceMs` (5,000 when absent), then aborts them and hands them back, so that
   * another copy goes on at once.
   */
  stop(options?: { graceMs?: number }): Promise<void>;
  /** Jobs in hand. */
  readonly active: number;
}

const SHORTEST_POLL_MS = 200;
/** For a job that does not heed its signal: then its lease is left to run out. */
const ABORT_MS = 5_000;
const UNIQUE_VIOLATION = '23505';

/** Claims jobs, runs them, records what they did. Knows nothing about any kind. */
export function createWorker(options: WorkerOptions): Worker {
  const { store, clock = systemClock, log = silentLogger, leaseMs = 15_000, concurrency = 8 } = options;
  const pollMs = Math.max(SHORTEST_POLL_MS, options.pollMs ?? 1_000);
  const retry = options.retry ?? { firstMs: 500, maxMs: 60_000 };
  const kinds = new Map(options.kinds.map((kind) => [kind.kind, kind]));
  const claimable = [...kinds.values()].map(({ kind, deadlineMs, maxAttempts }) => ({ kind, deadlineMs, maxAttempts }));
  const running = new Set<Promise<void>>();
  const draining = new AbortController();
  const stopping = new AbortController();
  let wake = () => {};
  let loop: Promise<void> | undefined;

  async function claim(owner: string): Promise<ClaimedJob[]> {
    const limit = concurrency - running.size;
    if (limit <= 0) return [];
    try {
      return await store.jobs.claim({ owner, kinds: claimable, leaseMs, limit });
    } catch (error) {
      // Two claimers met at one instance: the index let one of them through.
      if (error instanceof Error && 'code' in error && error.code === UNIQUE_VIOLATION) return claim(owner);
      throw error;
    }
  }

  async function work(): Promise<void> {
    const listening = store.listen(JOBS_CHANNEL, () => wake());
    let away = false;
    while (!draining.signal.aborted) {
      const woken = new Promise<void>((resolve) => {
        wake = resolve;
      });
      try {
        const owner = randomUUID();
        const claimedAt = clock.now();
        for (const job of await claim(owner)) begin(job, owner, claimedAt);
        if (away) log.info({}, 'the store answers again');
        away = false;
      } catch (error) {
        if (!away) log.error({ err: error }, 'no job can be claimed');
        away = true;
      }
      const enough = new AbortController();
      await Promise.race([
        woken,
        clock.sleep(pollMs, AbortSignal.any([enough.signal, draining.signal])).catch(() => {}),
      ]);
      enough.abort();
    }
    await listening.close();
  }

  function begin(job: ClaimedJob, owner: string, claimedAt: number): void {
    const kind = kinds.get(job.kind);
    if (!kind) return;
    const run = runJob(kind, job, owner, claimedAt, {
      store,
      leaseMs,
      clock,
      log,
      stopping: stopping.signal,
      observe: options.observe ?? (() => {}),
      settleMs: options.settleMs ?? 3_000,
      backoffMs: (attempt) => Math.min(retry.maxMs, retry.firstMs * 2 ** attempt) * (0.75 + Math.random() / 2),
    }).finally(() => {
      running.delete(run);
      // A slot is free, and the instance's next job is due.
      wake();
    });
    running.add(run);
  }

  async function settled(withinMs: number): Promise<void> {
    const enough = new AbortController();
    await Promise.race([Promise.all(running), clock.sleep(withinMs, enough.signal).catch(() => {})]);
    enough.abort();
  }

  return {
    start() {
      loop ??= work();
    },
    async stop({ graceMs = 5_000 } = {}) {
      draining.abort();
      await loop;
      await settled(graceMs);
      stopping.abort(new Error('the worker stops'));
      await settled(ABORT_MS);
    },
    get active() {
      return running.size;
    },
  };
}
