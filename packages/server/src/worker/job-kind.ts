import type { Logger, Problem, Sealed } from '@coffer/core';
import type { JobRow } from '../store/jobs.ts';
import type { Queries } from '../store/store.ts';

/** How a job ended; `problem` is what it failed with. */
export type JobEnd = { ok: true } | { ok: false; problem: Problem };

/**
 * One kind of job: a function of named steps. It may run twice, on another machine, after a kill -9, and ends the same, because
 * whatever it does outside is inside a step and is repeatable. Names of kinds and steps are permanent: a job begun under one
 * build is ended by the next.
 */
export interface JobKind<Input = unknown> {
  kind: string;
  /** For the whole job, all attempts, counted from its first start. */
  deadlineMs: number;
  /** How often it may be started; an attempt that a stopping worker handed back does not count. */
  maxAttempts: number;
  /**
   * The work. A thrown Problem that a retry cannot mend ends it; anything else is tried again, after a pause, until attempts or
   * deadline are used up.
   */
  run(ctx: JobContext<Input>): Promise<void>;
  /**
   * Takes back what was made, from the ledger, once the job is given up. Has steps and up to `maxAttempts` attempts of its own; the
   * job fails in the end even if this never succeeds, so mark first what is to be deleted: the conductor deletes what is marked.
   */
  failed?(ctx: JobContext<Input>, problem: Problem): Promise<void>;
  /** The rows that show the end to users, written in the transaction that ends the job. Retried until it succeeds. */
  ended?(tx: Queries, end: JobEnd, job: JobRow): Promise<unknown>;
}

/** Gives `run` its input's type. The input was checked where the job was made. */
export function defineJob<Input>(definition: JobKind<Input>): JobKind {
  return definition;
}

export interface WaitOptions {
  /** What is waited for, for the message: `the server to become ACTIVE`. */
  what: string;
  timeoutMs: number;
  /** 500 when absent. */
  intervalMs?: number;
}

/** What a condition gives when it holds. */
export type Something<T> = Exclude<T, undefined | null | false>;

/** How to make one thing that costs something. `create` is called only when `find` has nothing under the key. */
export interface ResourceMaker {
  find(): Promise<{ id: string } | undefined>;
  create(): Promise<{ id: string }>;
}

/** How to get rid of one. `delete` only asks for it; it is gone when `get` and `find` have nothing. */
export interface ResourceRemover {
  find(): Promise<{ id: string } | undefined>;
  get(id: string): Promise<{ id: string } | undefined>;
  delete(id: string): Promise<void>;
  /** Until the cloud says that it is gone; 5 minutes when absent. */
  timeoutMs?: number;
  /** 500 when absent. */
  intervalMs?: number;
}

/** What a job's function has in hand. */
export interface JobContext<Input = unknown> {
  readonly job: Pick<JobRow, 'id' | 'kind' | 'attempt' | 'createdAt'>;
  readonly input: Input;
  /** By name; opened inside the step that needs them, and erased when the job ends. */
  readonly secrets: Readonly<Record<string, Sealed>>;
  /** @throws when the job is about no instance. */
  readonly instanceId: string;
  /** @throws when the job is about no project. */
  readonly projectId: string;
  /** Aborts when the lease is lost, the deadline passes or the worker stops. Hand it to everything that waits. */
  readonly signal: AbortSignal;
  readonly log: Logger;
  /**
   * Runs `effect` unless an earlier run recorded its result, which is then returned. The result goes through JSON and must hold no
   * secret. A crash between effect and record runs the effect again: look before you make. `record` writes rows in the same
   * transaction as the result: those happen exactly once.
   */
  step<T>(name: string, effect: () => Promise<T>, record?: (tx: Queries, result: T) => Promise<unknown>): Promise<T>;
  /**
   * The step `create <kind>`: makes a resource under a key, once, with the ledger knowing before the cloud does.
   * @returns the cloud's id of it.
   */
  ensure(kind: string, key: string, maker: ResourceMaker): Promise<string>;
  /** The step `delete <kind>`: marks it in the ledger, deletes it, waits until it is gone. What the ledger does not have stays. */
  remove(kind: string, key: string, remover: ResourceRemover): Promise<void>;
  /**
   * Polls until the condition gives something. Not a step: wrap it in one when its result must be kept.
   * @throws Problem `timeout` naming what was waited for.
   */
  waitUntil<T>(condition: () => Promise<T>, options: WaitOptions): Promise<Something<T>>;
  /** Writes rows if the lease is still ours. Repeated when the job is; inside `step` use `record`. */
  commit<T>(work: (tx: Queries) => Promise<T>): Promise<T>;
}

/** A place at which a worker can die: around the effect of every step. Crash tests kill there, and find the steps by it. */
export interface StepPoint {
  jobId: string;
  kind: string;
  step: string;
  point: 'before' | 'after' | 'recorded';
}
