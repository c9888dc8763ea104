import type { ParameterOutcome } from '@coffer/core/driver';
import { guestText, MOST_PARAMETERS, PARAMETER_LENGTH, REASON_LENGTH } from '@coffer/core/rpc';

export type Outcomes = Readonly<Record<string, ParameterOutcome>>;

function readOutcome(value: unknown): ParameterOutcome | undefined {
  if (typeof value !== 'object' || value === null || !('outcome' in value)) return undefined;
  if (value.outcome === 'applied' || value.outcome === 'restart_required') return { outcome: value.outcome };
  const isRefusal = value.outcome === 'rejected' && 'reason' in value && typeof value.reason === 'string';
  return isRefusal ? { outcome: 'rejected', reason: guestText(String(value.reason), REASON_LENGTH) } : undefined;
}

/** A guest is hostile: only what outcomes may say gets through, in the lengths that they may have. */
export function readOutcomes(value: unknown): Outcomes {
  const found = Object.entries(Object(value)).slice(0, MOST_PARAMETERS);
  return Object.fromEntries(
    found.flatMap(([name, said]) => {
      const outcome = readOutcome(said);
      return outcome ? [[guestText(name, PARAMETER_LENGTH), outcome]] : [];
    }),
  );
}
