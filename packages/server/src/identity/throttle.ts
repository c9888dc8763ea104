import { Problem } from '@coffer/core';

export interface ThrottleOptions {
  /** Failures within the window before a key has to wait. */
  maxFailures: number;
  windowMs: number;
  /** Keys that are remembered; the longest untouched is forgotten first. */
  maxKeys: number;
  /** Milliseconds since 1970. */
  now: () => number;
}

export interface Throttle {
  /**
   * Counts an attempt as a failure before it is tried, so that attempts side by side count too.
   * @throws Problem `over_quota` with the seconds to wait.
   */
  attempt(key: string): void;
  /** The attempt was none. */
  succeed(key: string): void;
}

/** Counts failures by key within a window that begins with the first. Its memory is bounded. */
export function createThrottle({ maxFailures, windowMs, maxKeys, now }: ThrottleOptions): Throttle {
  const entries = new Map<string, { failures: number; since: number }>();
  return {
    attempt(key) {
      const known = entries.get(key);
      const entry = known && now() - known.since < windowMs ? known : { failures: 0, since: now() };
      if (entry.failures >= maxFailures) {
        const seconds = Math.ceil((entry.since + windowMs - now()) / 1000);
        throw new Problem('over_quota', `Too many logins failed; try again in ${seconds} seconds.`);
      }
      entry.failures += 1;
      entries.delete(key);
      entries.set(key, entry);
      const oldest = entries.keys().next();
      if (entries.size > maxKeys && !oldest.done) entries.delete(oldest.value);
    },
    succeed(key) {
      const entry = entries.get(key);
      if (!entry) return;
      entry.failures -= 1;
      if (entry.failures <= 0) entries.delete(key);
    },
  };
}
