import { withMachineLock } from '../../machine-lock.ts';

/** Runs `work` while nobody else of this machine, in this process or another, holds the lock of that name. */
export type Locked = <T>(name: string, work: () => Promise<T>) => Promise<T>;

/** @param scope tells the locks of one cloud from another's. */
export function createLocks(scope: string): Locked {
  const queues = new Map<string, Promise<unknown>>();
  return async (name, work) => {
    // Within the process a queue, so that waiters are served in order and cost no sockets.
    const before = queues.get(name);
    const turn = (async () => {
      await before?.catch(() => undefined);
      return withMachineLock(`cloud ${scope} ${name}`, work);
    })();
    queues.set(name, turn);
    try {
      return await turn;
    } finally {
      if (queues.get(name) === turn) queues.delete(name);
    }
  };
}
