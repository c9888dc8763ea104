import type { ParameterOutcome } from '@coffer/core/driver';

export type Outcomes = Readonly<Record<string, ParameterOutcome>>;

/** More parameters than a configuration of any datastore has. */
const MOST = 500;
const NAME_LENGTH = 128;
const REASON_LENGTH = 512;

/** Text of a guest, for a column: in its length, without what a column cannot hold. */
const textOf = (value: string, most: number): string => value.replaceAll('\0', '').slice(0, most).toWellFormed();

function readOutcome(value: unknown): ParameterOutcome | undefined {
  if (typeof value !== 'object' || value === null || !('outcome' in value)) return undefined;
  if (value.outcome === 'applied' || value.outcome === 'restart_required') return { outcome: value.outcome };
  const isRefusal = value.outcome === 'rejected' && 'reason' in value && typeof value.reason === 'string';
  return isRefusal ? { outcome: 'rejected', reason: textOf(String(value.reason), REASON_LENGTH) } : undefined;
}

/** A guest is hostile: only what outcomes may say gets through, in the lengths that they may have. */
export function readOutcomes(value: unknown): Outcomes {
  const found = Object.entries(Object(value)).slice(0, MOST);
  return Object.fromEntries(
    found.flatMap(([name, said]) => {
      const outcome = readOutcome(said);
      return outcome ? [[textOf(name, NAME_LENGTH), outcome]] : [];
    }),
  );
}
