import { type Logger, Problem } from '@coffer/core';
import type { GuestCaller, GuestMethod, GuestMethods } from '@coffer/core/rpc';

/** A caller waits at most this long for a guest. */
const DEADLINE_MS = 15_000;
/** After this its answer may have been lost: it is asked once more, under the same operation id. */
const FIRST_ANSWER_MS = 10_000;

/** The guest's own refusals that callers of the API may know; everything else that it says is a failure of the guest. */
const OWN = new Set([
  'bad_request',
  'database_exists',
  'database_missing',
  'user_exists',
  'user_missing',
  'not_ready',
  'not_supported',
  'unavailable',
]);

export type AskGuest = <M extends GuestMethod>(
  instanceId: string,
  method: M,
  params: GuestMethods[M]['params'],
) => Promise<GuestMethods[M]['result']>;

export interface GuestCallOptions {
  guests: GuestCaller;
  newId: () => string;
  log: Logger;
}

function asAnswer(error: unknown): Problem {
  if (!(error instanceof Problem)) return new Problem('guest_failed', 'The guest could not do it.', { cause: error });
  if (OWN.has(error.code)) return error;
  if (error.code === 'timeout')
    return new Problem('guest_failed', 'The guest did not answer in time; see whether it was done, and try again.', {
      cause: error,
    });
  return new Problem('guest_failed', error.code === 'guest_failed' ? error.detail : 'The guest could not do it.', {
    cause: error,
  });
}

/**
 * One synchronous question to a guest, with the real result. A lost reply is asked for again under the same operation id, so
 * that nothing is done twice.
 * @throws Problem of the guest; `guest_failed` for whatever is no answer to the caller; `unavailable` when the broker is away.
 */
export function createAskGuest({ guests, newId, log }: GuestCallOptions): AskGuest {
  return async (instanceId, method, params) => {
    const operationId = newId();
    const deadline = performance.now() + DEADLINE_MS;
    const firstAnswer = new AbortController();
    const timer = setTimeout(() => {
      firstAnswer.abort(new Problem('timeout', `instance ${instanceId} did not answer ${method} yet`));
    }, FIRST_ANSWER_MS);
    try {
      // The guest works for the whole time from the first try on: the second only joins it.
      return await guests
        .call(instanceId, method, params, { operationId, timeoutMs: DEADLINE_MS, signal: firstAnswer.signal })
        .catch((error: unknown) => {
          if (!(error instanceof Problem) || error.code !== 'timeout') throw error;
          const timeoutMs = Math.max(1, deadline - performance.now());
          return guests.call(instanceId, method, params, { operationId, timeoutMs });
        });
    } catch (error) {
      const answer = asAnswer(error);
      if (answer !== error) log.warn({ err: error, instanceId, method, operationId }, 'a guest call failed');
      throw answer;
    } finally {
      clearTimeout(timer);
    }
  };
}
