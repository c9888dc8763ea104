import { runDriverSuite } from '@coffer/core/testing';
import { describe, expect, it } from 'vitest';
import { tinyTest } from '../support/tiny/harness.ts';
import { BROKEN, type Broken } from './broken.ts';

/*
 * The suite itself under test: a datastore in this process, its driver as right as can be, and the same driver with one thing wrong
 * at a time. What a broken driver is caught by is named here, so that a check that goes blind is missed.
 */

const failures = async ({ factory, groups }: Broken): Promise<string[]> => {
  const { checks } = await runDriverSuite(tinyTest(factory), {
    only: ({ group, name }) =>
      groups.some((one) => `${group}: ${name}`.startsWith(one.includes(':') ? one : `${one}:`)),
  });
  return checks.filter(({ outcome }) => outcome === 'failed').map(({ group, name }) => `${group}: ${name}`);
};

describe.concurrent('the suite', () => {
  it('has nothing against a driver that is right, has enough to ask, and a name for each check', async () => {
    const { checks, passed } = await runDriverSuite(tinyTest());
    expect(checks.filter(({ outcome }) => outcome === 'failed')).toEqual([]);
    expect(passed).toBeGreaterThanOrEqual(200);
    const names = checks.map(({ group, name }) => `${group}: ${name}`);
    expect(new Set(names).size).toBe(names.length);
  });

  for (const one of BROKEN)
    it(`catches a driver that ${one.what}`, async () => {
      expect(await failures(one)).toEqual(one.caught);
    });
});
