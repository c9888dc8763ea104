import { describe, expect, it } from 'vitest';
import { createThrottle } from './throttle.ts';

function setUp(maxKeys = 100) {
  let time = 0;
  const throttle = createThrottle({ maxFailures: 3, windowMs: 60_000, maxKeys, now: () => time });
  return {
    throttle,
    pass: (ms: number) => {
      time += ms;
    },
  };
}

describe('a throttle', () => {
  it('makes a key wait after its failures, until the window ends', () => {
    const { throttle, pass } = setUp();
    for (const ms of [0, 1000, 1000]) {
      pass(ms);
      throttle.attempt('ada');
    }
    expect(() => throttle.attempt('ada')).toThrow(/try again in 58 seconds/);
    throttle.attempt('eve');
    pass(58_000);
    throttle.attempt('ada');
  });

  it('does not count what succeeded', () => {
    const { throttle } = setUp();
    for (let count = 0; count < 10; count += 1) {
      throttle.attempt('ada');
      throttle.succeed('ada');
    }
    for (let count = 0; count < 3; count += 1) throttle.attempt('ada');
    expect(() => throttle.attempt('ada')).toThrow();
  });

  it('forgets the key untouched for longest when it is full', () => {
    const { throttle } = setUp(2);
    for (let count = 0; count < 2; count += 1) throttle.attempt('ada');
    throttle.attempt('eve');
    throttle.attempt('ada');
    throttle.attempt('new');
    expect(() => throttle.attempt('ada')).toThrow();
    for (let count = 0; count < 3; count += 1) throttle.attempt('eve');
  });
});
