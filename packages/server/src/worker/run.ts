import { type Logger, Problem, reviveProblem, toProblem } from '@coffer/core';
import { type ClaimedJob, LeaseLost } from '../store/jobs.ts';
import type { Store } from '../store/store.ts';
import type { Clock } from './clock.ts';
import { createContext } from './context.ts';
import type { JobEnd, JobKind, StepPoint } from './job-kind.ts';
import { holdLease, type Lease } from './lease.ts';

export interface RunOptions {
  store: Store;
  leaseMs: number;
  clock: Clock;
  log: Logger;
  /** Aborts when the worker stops: the job goes back to the queue. */
  stopping: AbortSignal;
  observe: (point: StepPoint) => Promise<void> | void;
  settleMs: number;
  /** Pause before the next attempt. */
  backoffMs: (attempt: number) => number;
}

/** Runs one claimed job until it ended, went back to the queue, or became another's. Never throws. */
export async function runJob(
  kind: JobKind,
  job: ClaimedJob,
  owner: string,
  claimedAt: number,
  options: RunOptions,
): Promise<void> {
  const log = options.log.child({ job: job.id, kind: job.kind, ...(job.instanceId && { instance: job.instanceId }) });
  const ending = new AbortController();
  const lost = (error: LeaseLost) => ending.abort(error);
  const lease = holdLease(options.store, job, owner, {
    leaseMs: options.leaseMs,
    clock: options.clock,
    log,
    claimedAt,
    lost,
  });
  const signal = AbortSignal.any([ending.signal, options.stopping]);
  const run = { kind, job, lease, signal, log, options };
  try {
    const problem = job.failing ? revived(job) : await work(run);
    if (problem) await compensate(run, problem, job.failing);
  } catch (error) {
    await handBack(run, error);
  } finally {
    lease.stop();
  }
}

interface Run {
  kind: JobKind;
  job: ClaimedJob;
  lease: Lease;
  signal: AbortSignal;
  log: Logger;
  options: RunOptions;
}

/** @returns why the job is given up; undefined when it is done. Throws what may still be mended. */
async function work(run: Run): Promise<Problem | undefined> {
  const { kind, job, options, log } = run;
  if (job.remainingMs <= 0) return overdue(job, kind);
  if (job.attempt > kind.maxAttempts) return exhausted(job);
  const timer = new AbortController();
  const deadline = new AbortController();
  void options.clock.sleep(job.remainingMs, timer.signal).then(
    () => deadline.abort(overdue(job, kind)),
    () => {},
  );
  try {
    const ctx = createContext({
      ...options,
      ...run,
      signal: AbortSignal.any([run.signal, deadline.signal]),
      recorded: await options.store.jobs.steps(job.id),
      prefix: '',
    });
    await kind.run(ctx);
    await end(run, { ok: true });
    log.info({ attempt: job.attempt }, 'job done');
    return undefined;
  } catch (error) {
    // Whatever an aborted call threw, the reason of the abort is what happened.
    run.signal.throwIfAborted();
    if (error instanceof LeaseLost) throw error;
    if (deadline.signal.aborted) return overdue(job, kind, error);
    const problem = toProblem(error);
    const foreseen = error instanceof Problem;
    if ((foreseen && !problem.mayRetry) || job.attempt >= kind.maxAttempts) {
      log.error({ err: error, attempt: job.attempt }, 'job failed');
      return problem;
    }
    throw error;
  } finally {
    timer.abort();
  }
}

/** Takes back what the job made, then ends it as failed. */
async function compensate(run: Run, problem: Problem, resumed: boolean): Promise<void> {
  const { kind, job, options, log } = run;
  const attempt = resumed ? job.attempt : 1;
  if (!resumed) await run.lease.write((tx) => tx.jobs.giveUp(job.id, problem.toJSON()));
  // From here on the row's own error stays: why the job failed, not what its compensation met.
  job.failing = true;
  if (kind.failed && attempt <= kind.maxAttempts) {
    try {
      const recorded = await options.store.jobs.steps(job.id);
      await kind.failed(createContext({ ...options, ...run, recorded, prefix: 'undo: ' }), problem);
    } catch (error) {
      run.signal.throwIfAborted();
      if (error instanceof LeaseLost || attempt < kind.maxAttempts) throw error;
      log.error(
        { err: error, attempt },
        'compensation was given up; what is marked in the ledger is left to the conductor',
      );
    }
  }
  await end(run, { ok: false, problem });
  log.warn({ problem: problem.toJSON() }, 'job ended as failed');
}

async function end(run: Run, end: JobEnd): Promise<void> {
  await run.lease.write(async (tx) => {
    await run.kind.ended?.(tx, end, run.job);
    await tx.jobs.end(run.job.id, end.ok ? 'done' : 'failed', end.ok ? undefined : end.problem.toJSON());
  });
}

/** After an error that another attempt may mend. If the store is away even for this, the lease runs out and the job is claimed again. */
async function handBack({ job, lease, log, options }: Run, error: unknown): Promise<void> {
  if (error instanceof LeaseLost) return log.warn({}, error.message);
  const stopped = options.stopping.aborted;
  const delayMs = stopped ? 0 : options.backoffMs(job.attempt);
  if (!stopped)
    log.warn({ err: error, attempt: job.attempt, delayMs: Math.round(delayMs) }, 'job is tried again later');
  const why = stopped || job.failing ? {} : { error: toProblem(error).toJSON() };
  try {
    await lease.write((tx) => tx.jobs.requeue(job.id, { delayMs, uncounted: stopped, ...why }));
  } catch (failure) {
    log.warn({ err: failure }, 'job could not be handed back; it is claimed again when its lease runs out');
  }
}

function revived(job: ClaimedJob): Problem {
  return reviveProblem(job.error ?? {});
}

function overdue(job: ClaimedJob, kind: JobKind, cause?: unknown): Problem {
  const last = cause instanceof Problem ? cause.detail : job.error?.detail;
  const minutes = Math.round(kind.deadlineMs / 6_000) / 10;
  return new Problem('timeout', `${job.kind} was not done within ${minutes} min${last ? `; last: ${last}` : ''}`, {
    cause,
  });
}

function exhausted(job: ClaimedJob): Problem {
  const last = job.error ? `; last: ${job.error.detail}` : '; each time its worker died';
  return new Problem('internal', `${job.kind} was started ${job.attempt - 1} times and never ended${last}`);
}
