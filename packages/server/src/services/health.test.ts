import { silentLogger } from '@coffer/core';
import { afterEach, expect, it, vi } from 'vitest';
import { createHealth } from './health.ts';

afterEach(() => {
  vi.useRealTimers();
});

it('names the part that fails, and nothing of where it is', async () => {
  const health = createHealth(
    {
      store: async () => {},
      broker: async () => {
        throw new Error('connect ECONNREFUSED 10.0.0.7:5672');
      },
      cloud: async () => {},
    },
    silentLogger,
  );
  expect(await health()).toEqual({
    store: { isOk: true },
    broker: { isOk: false, detail: 'The broker does not answer.' },
    cloud: { isOk: true },
  });
});

it('waits for nobody longer than three seconds', async () => {
  vi.useFakeTimers();
  const health = createHealth(
    { store: async () => {}, broker: async () => {}, cloud: () => new Promise(() => {}) },
    silentLogger,
  );
  const report = health();
  await vi.advanceTimersByTimeAsync(3_000);
  expect((await report).cloud).toEqual({ isOk: false, detail: 'The cloud does not answer.' });
});
