import { describe } from 'vitest';
import { contractTests } from './driver-contract.ts';
import type { DriverTest } from './driver-harness.ts';
import { liveTests } from './driver-live.ts';

/**
 * Decides whether a driver is a driver: what needs no database first, then everything on real containers.
 * Call it at the top of a vitest file; it registers its tests.
 */
export function testDriver(test: DriverTest): void {
  describe(`driver ${test.factory.manifest.datastore}`, () => {
    contractTests(test);
    liveTests(test);
  });
}
