import { Problem } from '@coffer/core';
import type { Examination } from '../examination.ts';
import { within } from '../within.ts';

export type CheckName = 'store' | 'broker' | 'cloud' | 'engine' | 'images' | 'clocks' | 'keys' | 'disk';

export interface Finding extends Examination {
  check: CheckName;
  isOk: boolean;
}

const DEADLINE_MS = 15_000;

/** One check to its end: whatever it throws is its fault, and what takes too long is too. Never rejects. */
export async function examine(
  check: CheckName,
  work: () => Promise<Examination>,
  deadlineMs = DEADLINE_MS,
): Promise<Finding> {
  const late = () =>
    new Problem(
      'timeout',
      `The check did not end within ${deadlineMs / 1000} s; run it again when the machine is less busy.`,
    );
  try {
    const { facts, faults } = await within(deadlineMs, work(), late);
    return { check, isOk: faults.length === 0, facts, faults };
  } catch (error) {
    return { check, isOk: false, facts: '', faults: [sentenceOf(error)] };
  }
}

function sentenceOf(error: unknown): string {
  if (error instanceof Problem) return error.detail;
  const words = error instanceof Error ? error.message : String(error);
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  return code === 'EACCES' || code === 'EPERM'
    ? `This user may not look (${words}); run \`sudo coffer doctor\`, or as the user whom the server runs as.`
    : `The check failed: ${words}.`;
}
