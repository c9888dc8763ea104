import { expect, it } from 'vitest';
import { createEars } from './ears.ts';

function setUp() {
  let now = 0;
  let isDeaf = false;
  const said: (string | undefined)[] = [];
  const mayJudge = createEars({
    hears: async () => {
      if (isDeaf) throw new Error('cut off');
    },
    patienceMs: 12,
    graceMs: 15,
    clock: { now: () => now, sleep: async () => {} },
    sayOnce: (_, news) => void said.push(news?.message),
  });
  return {
    at: (time: number) => {
      now = time;
      return mayJudge();
    },
    deafen: (value: boolean) => {
      isDeaf = value;
    },
    said,
  };
}

it('judges nobody before it has listened for as long as a guest is given', async () => {
  const ears = setUp();
  expect([await ears.at(0), await ears.at(10), await ears.at(14), await ears.at(15)]).toEqual([
    false,
    false,
    false,
    true,
  ]);
});

it('gives everybody this time again after it was cut off', async () => {
  const ears = setUp();
  for (const time of [0, 10, 20]) await ears.at(time);
  ears.deafen(true);
  expect(await ears.at(25)).toBe(false);
  ears.deafen(false);
  expect([await ears.at(30), await ears.at(40), await ears.at(44), await ears.at(45)]).toEqual([
    false,
    false,
    false,
    true,
  ]);
  expect(ears.said.filter(Boolean)).toEqual(['guests cannot be heard; none is called silent now']);
});

it('and after it stood still itself', async () => {
  const ears = setUp();
  for (const time of [0, 10, 20]) await ears.at(time);
  expect([await ears.at(100), await ears.at(110), await ears.at(115)]).toEqual([false, false, true]);
});
