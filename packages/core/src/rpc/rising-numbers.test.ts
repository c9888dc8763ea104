import { expect, it } from 'vitest';
import { createRisingNumbers } from './rising-numbers.ts';

it('counts for each receiver by itself', () => {
  const next = createRisingNumbers();
  expect([next('a'), next('a'), next('b'), next('a')]).toEqual([1, 2, 1, 3]);
});

it('forgets who was not written to for longest, and never gives anybody a number twice', () => {
  const next = createRisingNumbers(2);
  const given = new Map<string, number>();
  for (const receiver of ['a', 'a', 'a', 'b', 'c', 'a', 'd', 'b', 'c', 'a', 'a']) {
    const number = next(receiver);
    expect(number).toBeGreaterThan(given.get(receiver) ?? 0);
    given.set(receiver, number);
  }
});
