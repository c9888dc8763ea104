import type { SayOnce } from '../say-once.ts';
import type { Clock } from '../worker/clock.ts';

export interface EarsOptions {
  /** Rejects while reports cannot arrive: their way is cut, or there is nowhere to write them. */
  hears: () => Promise<unknown>;
  /** How long a guest may be silent, ms. */
  patienceMs: number;
  /** How long it is given to come back after an outage, ms; not less than that. */
  graceMs: number;
  clock: Clock;
  sayOnce: SayOnce;
}

/**
 * Whether this copy may call a guest silent: only after it could have heard it for as long as a guest is given. So nobody is
 * marked because the control plane itself was cut off, was without its store, or stood still.
 *
 * @returns asked at every look, at least once in `patienceMs`; never rejects.
 */
export function createEars({ hears, patienceMs, graceMs, clock, sayOnce }: EarsOptions): () => Promise<boolean> {
  let since: number | undefined;
  let lookedAt = Number.NEGATIVE_INFINITY;
  return async () => {
    if (clock.now() - lookedAt > patienceMs) since = undefined;
    lookedAt = clock.now();
    try {
      await hears();
      sayOnce('hear guests', undefined);
    } catch (error) {
      since = undefined;
      sayOnce('hear guests', { fields: { err: error }, message: 'guests cannot be heard; none is called silent now' });
      return false;
    }
    since ??= clock.now();
    return clock.now() - since >= graceMs;
  };
}
