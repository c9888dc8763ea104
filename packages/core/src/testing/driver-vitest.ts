import { afterAll, describe, it } from 'vitest';
import { versionOf } from './driver-context.ts';
import type { DriverTest } from './driver-harness.ts';
import { driverSuite } from './driver-suite.ts';

/** The first check that needs a database waits for its start, apart from its own time. */
const START_MS = 90_000;

/**
 * Decides whether a driver is a driver: what needs no database first, then everything on real containers.
 * Call it at the top of a vitest file; it registers its tests.
 */
export function testDriver(test: DriverTest): void {
  const { checks, close } = driverSuite(test);
  const { datastore } = test.factory.manifest;
  describe(`driver ${datastore} ${versionOf(test).name}`, () => {
    for (const group of new Set(checks.map((check) => check.group))) {
      describe(group, () => {
        for (const { name, timeoutMs, run, skip } of checks.filter((check) => check.group === group)) {
          if (skip === undefined) it(name, { timeout: timeoutMs + START_MS }, run);
          else it.skip(`${name} (${skip})`, () => {});
        }
      });
    }
    afterAll(close, 60_000);
  });
}
