import { accessChecks } from './driver-access.ts';
import { type Check, type DriverReport, runCheck } from './driver-check.ts';
import { configurationChecks } from './driver-configuration.ts';
import { operation, versionOf } from './driver-context.ts';
import { contractChecks } from './driver-contract.ts';
import { databasesChecks } from './driver-databases.ts';
import { faultChecks } from './driver-faults.ts';
import type { DriverTest } from './driver-harness.ts';
import { hostileChecks } from './driver-hostile.ts';
import { lifeChecks, restartChecks } from './driver-life.ts';
import type { Live } from './driver-live.ts';
import { logsChecks } from './driver-logs.ts';
import { metricsChecks } from './driver-metrics.ts';
import { mutationChecks } from './driver-mutations.ts';
import { rootChecks } from './driver-root.ts';
import { secretChecks } from './driver-secrets.ts';
import { tlsChecks } from './driver-tls.ts';
import { usersChecks } from './driver-users.ts';
import { openWorld, type World } from './driver-world.ts';

export type { Check, CheckOutcome, CheckResult, DriverReport } from './driver-check.ts';
export type * from './driver-harness.ts';

/** All that a driver is asked, in order. What needs a database shares a few; they start when the first check needs them. */
export interface DriverSuite {
  checks: readonly Check[];
  /** Takes the databases away. */
  close(): Promise<void>;
}

function once<T>(make: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | undefined;
  return () => {
    made ??= make();
    return made;
  };
}

/** The same database, initialised: also for who runs none of the checks that do it. */
function served(live: Live): Live {
  const world = once(async () => {
    const opened = await live.world();
    await opened.driver.initialise(operation());
    return opened;
  });
  return { ...live, world };
}

/** @returns the checks that decide whether a driver is a driver. Nothing is started yet */
export function driverSuite(test: DriverTest): DriverSuite {
  const opened: Promise<World & AsyncDisposable>[] = [];
  const shared = (reach: Live['reach'], more?: { diskMib: number }): Live => {
    const world = once(() => {
      const opening = openWorld(test, reach, more);
      opened.push(opening);
      return opening;
    });
    return { test, reach, world };
  };
  const { diskMib = 512 } = test;
  const first = shared(test.factory.manifest.socket === undefined ? 'tcp' : 'socket');
  // Its disk is small, so that it can be filled; and it is reached by the other way, where there are two.
  const second = shared('tcp', { diskMib });
  const inService = served(first);

  const groups: Check[][] = [
    contractChecks(test),
    lifeChecks(first, 'life'),
    databasesChecks(inService),
    usersChecks(inService),
    accessChecks(inService),
    rootChecks(inService),
    configurationChecks(inService),
    logsChecks(inService),
    tlsChecks(inService),
    metricsChecks(inService),
    mutationChecks(inService),
    hostileChecks(inService),
    restartChecks(inService),
    secretChecks(inService, 'secrets'),
    lifeChecks(second, 'by tcp'),
    faultChecks(served(second)),
    secretChecks(second, 'secrets by tcp'),
  ];

  return {
    checks: groups.flat(),
    async close() {
      for (const world of opened) await world.then((one) => one[Symbol.asyncDispose]()).catch(() => {});
    },
  };
}

export interface RunOptions {
  /** Only these, by `group: name`. Default all. */
  only?(check: Check): boolean;
  onResult?(result: DriverReport['checks'][number]): void;
}

/** Runs the suite by itself, without a test runner. Never rejects for a driver that fails. */
export async function runDriverSuite(
  test: DriverTest,
  { only = () => true, onResult }: RunOptions = {},
): Promise<DriverReport> {
  const suite = driverSuite(test);
  const since = performance.now();
  const checks: DriverReport['checks'] = [];
  try {
    for (const check of suite.checks.filter(only)) {
      const result = await runCheck(check);
      checks.push(result);
      onResult?.(result);
    }
  } finally {
    await suite.close();
  }
  const count = (outcome: string): number => checks.filter((one) => one.outcome === outcome).length;
  const { manifest } = test.factory;
  return {
    datastore: manifest.datastore,
    version: versionOf(test).name,
    groups: manifest.groups,
    passed: count('passed'),
    failed: count('failed'),
    skipped: count('skipped'),
    ms: Math.round(performance.now() - since),
    checks,
  };
}
