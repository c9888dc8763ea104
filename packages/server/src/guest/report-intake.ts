import { toProblem } from '@coffer/core';
import type { HeardReport } from '../store/accept-reports.ts';

/** More in one statement bring no more. */
const MOST = 250;

interface Waiting {
  report: HeardReport;
  /** Those that it makes superfluous, once it is written. */
  replaced: Waiting[];
  settle(isTaken: boolean): void;
  fail(error: unknown): void;
}

/** Of the same life of an agent and at least as late: what the earlier one said is over. A hello is wanted for itself. */
const replaces = (late: HeardReport, early: HeardReport): boolean =>
  late.facts !== undefined &&
  early.facts !== undefined &&
  late.at.session === early.at.session &&
  late.at.number >= early.at.number;

/**
 * Brings reports into the store many at a time: what comes while one statement is under way waits for the next. Of one guest's
 * reports that wait together only the last is written, so a guest that never stops takes nobody's turn but its own.
 * @param accept takes at most one of each guest; returns the instances whose report was not taken.
 * @returns takes one hello or report; resolves with whether it was taken.
 */
export function createReportIntake(
  accept: (reports: readonly HeardReport[]) => Promise<ReadonlySet<string>>,
): (report: HeardReport) => Promise<boolean> {
  let waiting: Waiting[] = [];
  let isWorking = false;

  function nextBatch(): Waiting[] {
    const batch = new Map<string, Waiting>();
    const later: Waiting[] = [];
    for (const one of waiting) {
      const { instanceId } = one.report;
      const other = batch.get(instanceId);
      if (!other && batch.size < MOST) batch.set(instanceId, one);
      else if (other && replaces(other.report, one.report)) other.replaced.push(one);
      else if (other && replaces(one.report, other.report)) {
        one.replaced.push(other, ...other.replaced.splice(0));
        batch.set(instanceId, one);
      } else later.push(one);
    }
    waiting = later;
    return [...batch.values()];
  }

  async function write(batch: readonly Waiting[]): Promise<void> {
    try {
      const left = await accept(batch.map(({ report }) => report));
      for (const { report, replaced, settle } of batch) {
        settle(!left.has(report.instanceId));
        for (const one of replaced) one.settle(false);
      }
    } catch (error) {
      // What one guest may have done on purpose must not cost the others their reports.
      if (batch.length > 1 && toProblem(error).code !== 'unavailable') for (const one of batch) await write([one]);
      else for (const one of batch) for (const { fail } of [one, ...one.replaced]) fail(error);
    }
  }

  async function work(): Promise<void> {
    while (waiting.length > 0) await write(nextBatch());
    isWorking = false;
  }

  return (report) =>
    new Promise((settle, fail) => {
      waiting.push({ report, replaced: [], settle, fail });
      if (isWorking) return;
      isWorking = true;
      // Once all that came in with it has been opened.
      setImmediate(() => void work());
    });
}
