import { Problem } from '@coffer/core';
import { expect, it } from 'vitest';
import type { HeardReport } from '../store/accept-reports.ts';
import { createReportIntake } from './report-intake.ts';

const facts = { serviceStatus: 'healthy', clockSkewMs: 0, agentBuild: 'b' } as const;
const report = (instanceId: string, number: number, more: Partial<HeardReport> = {}): HeardReport => ({
  instanceId,
  at: { session: 's', boot: 1, number },
  facts,
  ...more,
});
const hello = (instanceId: string, number: number): HeardReport => ({
  instanceId,
  at: { session: 's', boot: 1, number },
});

function intake(fails: (reports: readonly HeardReport[]) => Error | undefined = () => undefined) {
  const batches: string[][] = [];
  const take = createReportIntake(async (reports) => {
    batches.push(reports.map(({ instanceId, at }) => `${instanceId}${at.number}`));
    const error = fails(reports);
    if (error) throw error;
    return new Set(reports.filter(({ instanceId }) => instanceId === 'stale').map(({ instanceId }) => instanceId));
  });
  return { batches, take };
}

it('brings what came together into one statement, and what comes meanwhile into the next', async () => {
  const { batches, take } = intake();
  const first = [take(report('a', 1)), take(report('b', 1))];
  await first[0];
  const second = [take(report('a', 2)), take(report('stale', 1))];
  expect(await Promise.all([...first, ...second])).toEqual([true, true, true, false]);
  expect(batches).toEqual([
    ['a1', 'b1'],
    ['a2', 'stale1'],
  ]);
});

it('writes only the last of a guest’s reports that wait together, in whichever order they came', async () => {
  const { batches, take } = intake();
  const taken = [take(report('a', 2)), take(report('a', 3)), take(report('a', 1)), take(report('a', 3))];
  expect(await Promise.all(taken)).toEqual([false, true, false, false]);
  expect(batches).toEqual([['a3']]);
});

it('leaves no hello out, and nothing of another life', async () => {
  const { batches, take } = intake();
  const later = report('a', 1, { at: { session: 't', boot: 2, number: 1 } });
  expect(await Promise.all([take(hello('a', 1)), take(report('a', 2)), take(later)])).toEqual([true, true, true]);
  expect(batches).toEqual([['a1'], ['a2'], ['a1']]);
});

it('lets one that cannot be written fail alone', async () => {
  const { take } = intake((reports) =>
    reports.some(({ instanceId }) => instanceId === 'bad') ? new Error('no such text') : undefined,
  );
  const settled = await Promise.allSettled([take(report('a', 1)), take(report('bad', 1)), take(report('c', 1))]);
  expect(settled.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
  expect(await take(report('a', 2))).toBe(true);
});

it('gives all back at once while the store is away', async () => {
  let isAway = true;
  const { batches, take } = intake(() => (isAway ? new Problem('unavailable', 'the store is away') : undefined));
  const settled = await Promise.allSettled([take(report('a', 1)), take(report('b', 1))]);
  expect(settled.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
  expect(batches).toHaveLength(1);
  isAway = false;
  expect(await take(report('a', 1))).toBe(true);
});
