import { resolve } from 'node:path';
import { Problem } from '@coffer/core';
import { isMachineLocked, takeMachineLock, type Unlock } from './machine-lock.ts';

const nameOf = (dataDir: string): string => `server ${resolve(dataDir)}`;

/**
 * One server, or one command that takes everything away, over a data folder at a time.
 * @throws Problem `conflict` when there is one.
 */
export async function takeServerLock(dataDir: string): Promise<Unlock> {
  const unlock = await takeMachineLock(nameOf(dataDir));
  if (!unlock)
    throw new Problem('conflict', `a server runs over ${dataDir}; stop it first, or give another --data-dir`);
  return unlock;
}

/** Whether a server of this machine runs over a data folder. */
export const isServing = (dataDir: string): Promise<boolean> => isMachineLocked(nameOf(dataDir));
