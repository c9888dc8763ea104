import { expect, it } from 'vitest';
import { CLOCK_TOLERANCE_MS, clockTrouble } from './clock-skew.ts';

it.each([
  [3_600_000, /3600 s ahead/],
  [-3_600_000, /3600 s behind/],
])('says that a clock is off by %i ms, and to which side', (skewMs, says) => {
  expect(clockTrouble(skewMs)).toMatch(says);
});

it.each([null, 0, CLOCK_TOLERANCE_MS, -CLOCK_TOLERANCE_MS])('says nothing of %s', (skewMs) => {
  expect(clockTrouble(skewMs)).toBeUndefined();
});
