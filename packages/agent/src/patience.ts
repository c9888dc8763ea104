import type { Health } from '@coffer/core/driver';

export interface PatienceParts {
  now: () => number;
  stuckMs: number;
  startDeadlineMs: number;
}

/** How long a database may be silent, and how long on its way up. */
export interface Patience {
  /** Whether it has served in this life and now keeps silent for good. One that still starts may take hours to recover. */
  isStuck(health: Health, isInService: boolean): boolean;
  /** Whether this life has been on its way up for too long. Asked with each look at it. */
  isLate(life: string): boolean;
}

/** As many looks must find it silent: a guest that was frozen in between has lost time, not its database. */
const STUCK_PROBES = 3;

export function createPatience({ now, stuckMs, startDeadlineMs }: PatienceParts): Patience {
  /** Looks that found it silent, and when the first was. */
  let silence: { since: number; probes: number } | undefined;
  /** The life that is on its way up, and since when. */
  let rising: { life: string; since: number } | undefined;

  return {
    isStuck(health, isInService) {
      if (health.state !== 'down' || !isInService) {
        silence = undefined;
        return false;
      }
      silence = { since: silence?.since ?? now(), probes: (silence?.probes ?? 0) + 1 };
      const isStuck = silence.probes >= STUCK_PROBES && now() - silence.since >= stuckMs;
      if (isStuck) silence = undefined;
      return isStuck;
    },
    isLate(life) {
      if (rising?.life !== life) rising = { life, since: now() };
      return now() - rising.since >= startDeadlineMs;
    },
  };
}
