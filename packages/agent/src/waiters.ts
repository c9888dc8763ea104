import { Problem } from '@coffer/core';
import type { GuestState } from '@coffer/core/rpc';
import type { AgentStatus } from './agent-status.ts';

/** Calls that wait for what the agent's loop reaches. */
export interface Waiters {
  /** @throws the Problem that the loop fails with, or `timeout`, saying how far it is, when the signal comes first. */
  wait(isMet: (reached: GuestState) => boolean, signal: AbortSignal): Promise<GuestState>;
  /** Answers whom this state is enough for. */
  reached(state: GuestState): void;
  /** Answers all: it does not get better by itself. */
  failed(problem: Problem): void;
}

interface Waiter {
  isMet(reached: GuestState): boolean;
  resolve(state: GuestState): void;
  reject(problem: Problem): void;
}

export function createWaiters(status: () => AgentStatus): Waiters {
  const waiters = new Set<Waiter>();
  return {
    wait: (isMet, signal) =>
      new Promise((resolve, reject) => {
        const done = (): void => {
          waiters.delete(waiter);
          signal.removeEventListener('abort', abort);
        };
        const abort = (): void => {
          const { state, detail } = status();
          const why = detail ? ` (${detail})` : '';
          waiter.reject(new Problem('timeout', `The database is still ${state}${why}.`, { cause: signal.reason }));
        };
        const waiter: Waiter = {
          isMet,
          resolve: (reached) => {
            done();
            resolve(reached);
          },
          reject: (problem) => {
            done();
            reject(problem);
          },
        };
        waiters.add(waiter);
        signal.addEventListener('abort', abort, { once: true });
        if (signal.aborted) abort();
      }),
    reached(state) {
      for (const waiter of waiters) if (waiter.isMet(state)) waiter.resolve(state);
    },
    failed(problem) {
      for (const waiter of waiters) waiter.reject(problem);
    },
  };
}
