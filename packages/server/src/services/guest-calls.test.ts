import { Problem, silentLogger } from '@coffer/core';
import type { CallOptions, GuestCaller } from '@coffer/core/rpc';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { createAskGuest } from './guest-calls.ts';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

/** A guest whose first answer is lost; the call ends as a link's does, by its signal or its time. */
function forgetful() {
  const calls: CallOptions[] = [];
  const guests: GuestCaller = {
    call: (_id, _method, _params, options) => {
      calls.push(options);
      return new Promise((_, reject) => {
        setTimeout(() => reject(new Problem('timeout', 'no answer in time')), options.timeoutMs);
        options.signal?.addEventListener('abort', () => reject(options.signal?.reason));
      });
    },
  };
  return { calls, ask: createAskGuest({ guests, newId: () => 'one', log: silentLogger }) };
}

it('gives the guest the whole time at the first try, and asks for a lost answer within it', async () => {
  const { calls, ask } = forgetful();
  const answer = ask('guest', 'status', {});
  answer.catch(() => {});
  await vi.advanceTimersByTimeAsync(9_999);
  expect(calls).toMatchObject([{ operationId: 'one', timeoutMs: 15_000 }]);
  await vi.advanceTimersByTimeAsync(1);
  expect(calls[1]).toEqual({ operationId: 'one', timeoutMs: 5_000 });
  await vi.advanceTimersByTimeAsync(5_000);
  await expect(answer).rejects.toMatchObject({ code: 'guest_failed' });
});
