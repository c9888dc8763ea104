/**
 * The control plane's time, as its sealed answers tell it. A guest's own clock may be off by hours: then this one decides whether
 * a command still may begin. It runs on a clock that nobody sets, and is never behind by more than the answer took.
 */
export interface SealedClock {
  /** @param askedAt of {@link SealedClock.tick}, before the question went out. */
  learn(sealedAtMs: number, askedAt: number): void;
  /** Ms since 1970, at the latest; undefined before the first answer. */
  latest(): number | undefined;
  /** Ms that only rise. */
  tick(): number;
}

export function createSealedClock(tick: () => number = () => performance.now()): SealedClock {
  let known: { sealedAtMs: number; askedAt: number } | undefined;
  return {
    tick,
    learn(sealedAtMs, askedAt) {
      known = { sealedAtMs, askedAt };
    },
    // What was sealed after the question came cannot have been sealed before it went out.
    latest: () => known && known.sealedAtMs + (tick() - known.askedAt),
  };
}
