import { type ChildProcess, fork } from 'node:child_process';
import { type ProblemJson, reviveProblem, toProblem } from '@coffer/core';
import { NODE_OPTIONS } from '../../../scripts/node-options.mjs';

interface Call {
  id: number;
  path: string[];
  args: unknown[];
}

type Answer = { id: number } & ({ result: unknown } | { problem: ProblemJson });

/** A program of ours as a child that can speak this. */
export function forkSource(script: string): ChildProcess {
  return fork(script, {
    execArgv: NODE_OPTIONS,
    serialization: 'advanced',
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
}

/**
 * Lets a child call the functions of `target` by their path, so that what must outlive the child stays here. A child that was
 * killed gets no answers; what it had asked for is done.
 */
export function expose(child: ChildProcess, target: object): void {
  child.on('message', (message: Call) => {
    const { id, path, args } = message;
    const answer = (body: Answer) => {
      if (child.connected) child.send(body, () => {});
    };
    call(target, path, args).then(
      (result) => answer({ id, result }),
      (error: unknown) => {
        const problem = toProblem(error);
        answer({ id, problem: problem === error ? problem.toJSON() : { code: 'internal', detail: String(error) } });
      },
    );
  });
}

/** Calls the function that the path leads to in `target`, as a method of what it lies in. */
export async function call(target: object, path: readonly string[], args: readonly unknown[]): Promise<unknown> {
  let owner: unknown;
  let at: unknown = target;
  for (const name of path) {
    owner = at;
    at = Reflect.get(Object(at), name);
  }
  if (typeof at !== 'function') throw new Error(`there is no function ${path.join('.')}`);
  return Reflect.apply(at, owner, args);
}

/** In the child: what its parent exposes. Signals do not cross. */
export function remote<T>(): T {
  const waiting = new Map<number, (answer: Answer) => void>();
  let calls = 0;
  process.on('message', (answer: Answer) => {
    waiting.get(answer.id)?.(answer);
    waiting.delete(answer.id);
  });
  // Whoever ended the parent did not mean to leave this behind.
  process.once('disconnect', () => process.exit());

  async function ask(path: string[], args: unknown[]): Promise<unknown> {
    calls += 1;
    const id = calls;
    const { promise, resolve } = Promise.withResolvers<Answer>();
    waiting.set(id, resolve);
    process.send?.({ id, path, args: args.map(withoutSignal) } satisfies Call);
    const answer = await promise;
    if ('problem' in answer) throw reviveProblem(answer.problem);
    return answer.result;
  }

  const at = (path: string[]): object =>
    new Proxy(() => {}, {
      // A proxy that had a `then` would be waited for like a promise.
      get: (_, name) => (typeof name === 'string' && name !== 'then' ? at([...path, name]) : undefined),
      apply: (_, __, args) => ask(path, args),
    });
  // The one place that takes the other process at its word.
  return at([]) as T;
}

function withoutSignal(arg: unknown): unknown {
  if (typeof arg !== 'object' || arg === null || !('signal' in arg)) return arg;
  const { signal: _, ...rest } = arg;
  return rest;
}
