import { setTimeout as delay } from 'node:timers/promises';

/** Time as the worker and the conductor see it; leases and deadlines themselves are the store's clock's, which all copies share. */
export interface Clock {
  /** Ms that only rise, from any start. */
  now(): number;
  /** Rejects with the signal's reason. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}

const LONGEST_MS = 2 ** 31 - 1;

/** Never jumps, whatever is done to the machine's clock. */
export const systemClock: Clock = {
  now: () => performance.now(),
  async sleep(ms, signal) {
    signal?.throwIfAborted();
    try {
      await delay(Math.min(ms, LONGEST_MS), undefined, signal ? { signal } : {});
    } catch (error) {
      signal?.throwIfAborted();
      throw error;
    }
  },
};
