import { type Logger, Problem } from '@coffer/core';
import type { GuestCaller, GuestMethod, GuestMethods } from '@coffer/core/rpc';

/** A caller waits at most this long for a guest: first try, then once more under the same operation id. */
const ATTEMPTS_MS = [10_000, 5_000] as const;

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
    const [first, second] = ATTEMPTS_MS;
    try {
      return await guests
        .call(instanceId, method, params, { operationId, timeoutMs: first })
        .catch((error: unknown) => {
          if (!(error instanceof Problem) || error.code !== 'timeout') throw error;
          return guests.call(instanceId, method, params, { operationId, timeoutMs: second });
        });
    } catch (error) {
      const answer = asAnswer(error);
      if (answer !== error) log.warn({ err: error, instanceId, method, operationId }, 'a guest call failed');
      throw answer;
    }
  };
}
