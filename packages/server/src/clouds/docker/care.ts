import type { Logger } from '@coffer/core';
import { createSayOnce } from '../../say-once.ts';
import type { DockerCloud } from './index.ts';

const INTERVAL_MS = 10_000;

/** Starts guests again that ended by themselves, as a machine's own servers come back. @returns what ends the care. */
export function careForGuests(cloud: Pick<DockerCloud, 'heal'>, log: Logger): () => void {
  const sayOnce = createSayOnce(log);
  const healing = setInterval(() => {
    cloud.heal().then(
      () => sayOnce('care for guests', undefined),
      (err: unknown) => sayOnce('care for guests', { fields: { err }, message: 'guests could not be looked after' }),
    );
  }, INTERVAL_MS);
  return () => clearInterval(healing);
}
