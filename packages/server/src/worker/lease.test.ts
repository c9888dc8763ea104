import { type LogFields, Problem, silentLogger } from '@coffer/core';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { LeaseLost } from '../store/jobs.ts';
import type { Clock } from './clock.ts';
import { holdLease, type LeaseStore } from './lease.ts';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

/** On the timers that are in the test's hands. */
const clock: Clock = {
  now: () => Date.now(),
  sleep: (ms, signal) =>
    new Promise((resolve, reject) => {
      const timer = setTimeout(resolve, ms);
      signal?.addEventListener('abort', () => {
        clearTimeout(timer);
        reject(signal.reason);
      });
    }),
};

function hold(renew: LeaseStore['jobs']['renew']) {
  const lost = vi.fn<(error: LeaseLost) => void>();
  const warnings: string[] = [];
  const log = { ...silentLogger, warn: (_: LogFields, message: string) => void warnings.push(message) };
  const store: LeaseStore = { jobs: { renew }, transaction: () => Promise.reject(new Error('not in this test')) };
  const lease = holdLease(store, { id: 'job' }, 'owner', { leaseMs: 900, clock, log, claimedAt: clock.now(), lost });
  return { lease, lost, warnings };
}

it('is held while the store renews it', async () => {
  const { lease, lost } = hold(async () => true);
  await vi.advanceTimersByTimeAsync(5_000);
  lease.check();
  expect(lost).not.toHaveBeenCalled();
  lease.stop();
});

it('is lost when its time is over, though the store has not answered yet', async () => {
  const { lease, lost } = hold(() => new Promise(() => {}));
  await vi.advanceTimersByTimeAsync(890);
  expect(lost).not.toHaveBeenCalled();
  lease.check();
  await vi.advanceTimersByTimeAsync(20);
  expect(lost).toHaveBeenCalledExactlyOnceWith(expect.any(LeaseLost));
  expect(() => lease.check()).toThrow(LeaseLost);
});

it('says once that it cannot be renewed, and is held when it can be again in time', async () => {
  let isAway = true;
  const { lease, lost, warnings } = hold(async () => {
    if (isAway) throw new Problem('unavailable', 'away');
    return true;
  });
  await vi.advanceTimersByTimeAsync(700);
  isAway = false;
  await vi.advanceTimersByTimeAsync(5_000);
  expect(lost).not.toHaveBeenCalled();
  expect(warnings).toEqual(['the lease could not be renewed']);
  lease.stop();
});
