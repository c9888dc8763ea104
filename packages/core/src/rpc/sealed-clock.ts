/**
 * The control plane's time, as its sealed answers tell it. A guest's own clock may be off by hours: then this one decides whether
 * a command still may begin. It runs on a clock that nobody sets.
 */
export interface SealedClock {
  /** Before a question goes out. @returns what takes the time at which its answer was sealed, ms since 1970. */
  ask(): (sealedAtMs: number) => void;
  /** Ms since 1970: never behind, and ahead by no more than the last answer took. Undefined before the first answer. */
  latest(): number | undefined;
}

export function createSealedClock(): SealedClock {
  let known: { sealedAtMs: number; askedAt: number } | undefined;
  return {
    ask() {
      const askedAt = performance.now();
      return (sealedAtMs) => {
        known = { sealedAtMs, askedAt };
      };
    },
    // What was sealed after the question came cannot have been sealed before it went out.
    latest: () => known && known.sealedAtMs + (performance.now() - known.askedAt),
  };
}
