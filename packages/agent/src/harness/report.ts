import type { DriverReport } from '@coffer/core/driver-suite';

type CheckResult = DriverReport['checks'][number];

const MARKS = { passed: '✓', failed: '✗', skipped: '-' } as const;

/** A line of the report; why a check failed stands below it. */
export function resultLine({ name, outcome, reason, ms }: CheckResult): string {
  const line = `  ${MARKS[outcome]} ${name}`;
  if (outcome === 'skipped') return `${line} (${reason})`;
  const timed = ms < 100 ? line : `${line}  ${(ms / 1000).toFixed(1)} s`;
  return outcome === 'failed' ? `${timed}\n${(reason ?? '').replaceAll(/^/gm, '      ')}` : timed;
}

/** The end of the report. */
export function summary({ datastore, version, passed, failed, skipped, ms }: DriverReport): string {
  const counts = `${passed} passed, ${failed} failed, ${skipped} skipped`;
  return `${datastore} ${version}: ${counts}, in ${(ms / 1000).toFixed(1)} s`;
}
