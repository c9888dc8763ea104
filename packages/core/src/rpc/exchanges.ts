import { Problem, toProblem } from '../problem.ts';
import type { Message } from './envelope.ts';

/** Calls under way: what was sent down, and who waits for its reply. */
export interface Exchanges {
  /**
   * One exchange with one life of a guest; several may wait under one operation id.
   * @throws what `send` throws, or the signal's reason when that is a Problem, else `timeout`.
   */
  begin(instanceId: string, operationId: string, send: () => Promise<void>, signal: AbortSignal): Promise<Message>;
  /** Hands a guest's reply to whoever waits for it. Nobody does where a call was given up meanwhile: after an outage, the rule. */
  settle(instanceId: string, reply: Message): void;
  /** Ends all. */
  fail(problem: Problem): void;
}

interface Waiter {
  instanceId: string;
  settle(reply: Message): void;
  fail(problem: Problem): void;
}

export function createExchanges(): Exchanges {
  const pending = new Map<string, Set<Waiter>>();
  return {
    begin: (instanceId, operationId, send, signal) =>
      new Promise((resolve, reject) => {
        const waiters = pending.get(operationId) ?? new Set();
        pending.set(operationId, waiters);
        const leave = () => {
          waiters.delete(waiter);
          if (waiters.size === 0) pending.delete(operationId);
          signal.removeEventListener('abort', onAbort);
        };
        const waiter: Waiter = {
          instanceId,
          settle(reply) {
            leave();
            resolve(reply);
          },
          fail(problem) {
            leave();
            reject(problem);
          },
        };
        const onAbort = () =>
          waiter.fail(
            signal.reason instanceof Problem
              ? signal.reason
              : new Problem('timeout', `instance ${instanceId} did not answer in time`),
          );
        waiters.add(waiter);
        if (signal.aborted) return onAbort();
        signal.addEventListener('abort', onAbort, { once: true });
        send().catch((error: unknown) => waiter.fail(toProblem(error)));
      }),
    settle(instanceId, reply) {
      for (const waiter of pending.get(reply.op) ?? []) if (waiter.instanceId === instanceId) waiter.settle(reply);
    },
    fail(problem) {
      for (const waiters of pending.values()) for (const waiter of waiters) waiter.fail(problem);
    },
  };
}
