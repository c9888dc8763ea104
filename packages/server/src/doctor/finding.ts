import { Problem } from '@coffer/core';

export const CHECKS = ['store', 'broker', 'cloud', 'engine', 'images', 'clocks', 'keys', 'disk'] as const;
export type CheckName = (typeof CHECKS)[number];

/** What one check saw. */
export interface Examination {
  /** What was looked at, in a few words. */
  facts: string;
  /** A sentence for each thing that is to be mended, with the command that does it. */
  faults: string[];
}

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
  const late = new AbortController();
  try {
    const { facts, faults } = await Promise.race([work(), rejectAfter(deadlineMs, late.signal)]);
    return { check, isOk: faults.length === 0, facts, faults };
  } catch (error) {
    return { check, isOk: false, facts: '', faults: [sentenceOf(error)] };
  } finally {
    late.abort();
  }
}

function rejectAfter(ms: number, stopped: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    const timer = setTimeout(
      () =>
        reject(
          new Problem(
            'timeout',
            `The check did not end within ${ms / 1000} s; run it again when the machine is less busy.`,
          ),
        ),
      ms,
    );
    stopped.addEventListener('abort', () => clearTimeout(timer));
  });
}

function sentenceOf(error: unknown): string {
  if (error instanceof Problem) return error.detail;
  const words = error instanceof Error ? error.message : String(error);
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  return code === 'EACCES' || code === 'EPERM'
    ? `This user may not look (${words}); run \`sudo coffer doctor\`, or as the user whom the server runs as.`
    : `The check failed: ${words}.`;
}
