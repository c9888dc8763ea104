import { Problem, silentLogger } from '@coffer/core';
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

it('says once in the log that a part is away, and once that it is back', async () => {
  const lines: string[] = [];
  const say = (_: unknown, message: string) => void lines.push(message);
  let isAway = true;
  const health = createHealth(
    {
      store: async () => {
        if (isAway) throw new Problem('unavailable', `away since ${performance.now()}`);
      },
      broker: async () => {},
      cloud: async () => {},
    },
    { ...silentLogger, info: say, warn: say },
  );
  for (let times = 0; times < 5; times += 1) await health();
  isAway = false;
  for (let times = 0; times < 5; times += 1) await health();
  expect(lines).toEqual(['a part of the service does not answer', 'over: health of the store']);
});
