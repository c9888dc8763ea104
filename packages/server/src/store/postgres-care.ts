import type { Logger } from '@coffer/core';
import { createSayOnce } from '../say-once.ts';
import { type LaunchOptions, launchPostgres, runningPostgres } from './postgres.ts';

const INTERVAL_MS = 1_000;

/**
 * Starts a PostgreSQL of our own again that ended by itself: it was killed, ran out of memory, or its disk was full. It is only
 * started where none runs, so that one that recovers is left to it.
 * @returns what ends the care, after which nothing is started any more.
 */
export function careForPostgres(options: LaunchOptions & { log: Logger }): () => Promise<void> {
  const { dataDir, database, log } = options;
  const sayOnce = createSayOnce(log);
  const stopping = new AbortController();
  let looking: Promise<void> | undefined;

  async function look(): Promise<void> {
    try {
      if (runningPostgres(dataDir, database) !== undefined) return sayOnce('our own PostgreSQL', undefined);
      sayOnce('our own PostgreSQL', { fields: {}, message: 'our own PostgreSQL has ended; it is started again' });
      await launchPostgres({ ...options, signal: stopping.signal });
      sayOnce('our own PostgreSQL', undefined);
    } catch (error) {
      if (!stopping.signal.aborted) log.debug({ err: error }, 'our own PostgreSQL did not come up; it is tried again');
    }
  }

  const timer = setInterval(() => {
    looking ??= look().finally(() => {
      looking = undefined;
    });
  }, INTERVAL_MS);
  timer.unref();
  return async () => {
    clearInterval(timer);
    stopping.abort();
    await looking;
  };
}
