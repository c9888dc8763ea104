import { type Logger, Problem } from '@coffer/core';
import type { ClaimedJob, JobStepRow } from '../store/jobs.ts';
import type { Clock } from './clock.ts';
import type { JobContext, Something, StepPoint, WaitOptions } from './job-kind.ts';
import type { Lease } from './lease.ts';
import { ensureResource, removeResource } from './resources.ts';
import type { StepPlan } from './step.ts';

export interface RunParts {
  job: ClaimedJob;
  lease: Lease;
  signal: AbortSignal;
  log: Logger;
  clock: Clock;
  /** Steps that earlier runs recorded. */
  recorded: readonly JobStepRow[];
  observe: (point: StepPoint) => Promise<void> | void;
  settleMs: number;
  /** Put before the names of the compensation's steps, which may be called like those of the work. */
  prefix: string;
}

export function createContext(parts: RunParts): JobContext {
  const { job, lease, signal, log, clock } = parts;
  const memo = new Map(parts.recorded.map((step) => [step.name, step.result]));
  const used = new Set<string>();

  async function runStep<P, T>(plan: StepPlan<P, T>): Promise<T> {
    const step = parts.prefix + plan.name;
    if (used.has(step))
      throw new Error(`job kind ${job.kind} has two steps named "${step}"; give each a name of its own`);
    used.add(step);
    // What an earlier run recorded came out of the same effect, through JSON.
    if (memo.has(step)) return memo.get(step) as T;
    const seen = (point: StepPoint['point']) => parts.observe({ jobId: job.id, kind: job.kind, step, point });
    mayGoOn();
    const prepared = await lease.write(async (tx) => {
      await tx.jobs.beginStep(job.id, step);
      return plan.prepare(tx);
    });
    await seen('before');
    mayGoOn();
    const startedAt = new Date();
    const result = throughJson(await plan.effect(prepared));
    await seen('after');
    await lease.write(async (tx) => {
      await plan.record(tx, result, prepared);
      await tx.jobs.recordStep(job.id, { name: step, result, startedAt });
    });
    await seen('recorded');
    return result;
  }

  function mayGoOn(): void {
    signal.throwIfAborted();
    lease.check();
  }

  async function waitUntil<T>(condition: () => Promise<T>, options: WaitOptions): Promise<Something<T>> {
    const deadline = clock.now() + options.timeoutMs;
    for (;;) {
      signal.throwIfAborted();
      const value = await condition();
      if (isSomething(value)) return value;
      if (clock.now() >= deadline)
        throw new Problem('timeout', `Waited ${Math.round(options.timeoutMs / 1000)} s for ${options.what}.`);
      await clock.sleep(options.intervalMs ?? 500, signal);
    }
  }

  const resources = { runStep, lease, waitUntil, clock, job, settleMs: parts.settleMs };
  return {
    job,
    input: job.input,
    secrets: job.secrets ?? {},
    get instanceId() {
      return present(job.instanceId, 'instance', job);
    },
    get projectId() {
      return present(job.projectId, 'project', job);
    },
    signal,
    log,
    step: (name, effect, record) =>
      runStep({ name, prepare: async () => {}, effect, record: async (tx, result) => record?.(tx, result) }),
    ensure: (kind, key, maker) => ensureResource(resources, kind, key, maker),
    remove: (kind, key, remover) => removeResource(resources, kind, key, remover),
    waitUntil,
    commit: (work) => lease.write(work),
  };
}

function isSomething<T>(value: T): value is Something<T> {
  return value !== undefined && value !== null && value !== false;
}

/** The first run sees what a later one would read, so that no job works only when nothing goes wrong. */
function throughJson<T>(value: T): T {
  return value === undefined ? value : JSON.parse(JSON.stringify(value));
}

function present(value: string | null, what: string, job: ClaimedJob): string {
  if (value === null) throw new Error(`job ${job.id} (${job.kind}) is about no ${what}`);
  return value;
}
