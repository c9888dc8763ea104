/** Waits that double up to a limit. */
export interface BackOff {
  /** The next wait, ms. */
  next(): number;
  reset(): void;
}

export function createBackOff(firstMs: number, mostMs: number): BackOff {
  let nextMs = firstMs;
  return {
    next() {
      const waitMs = nextMs;
      nextMs = Math.min(nextMs * 2, mostMs);
      return waitMs;
    },
    reset() {
      nextMs = firstMs;
    },
  };
}
