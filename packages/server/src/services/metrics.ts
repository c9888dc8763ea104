import { Problem } from '@coffer/core';
import type { GuestMetrics } from '@coffer/core/rpc';
import type { Store } from '../store/store.ts';
import type { Actor } from './actor.ts';
import type { AskGuest } from './guest-calls.ts';
import { findReadyInstance } from './guest-objects.ts';

/** More would be no figures that somebody looks at. */
const MOST_OF_ENGINE = 50;

export type MetricsService = ReturnType<typeof createMetricsService>;

const isAmount = (value: unknown): value is number => typeof value === 'number' && Number.isFinite(value) && value >= 0;

/** A guest is hostile: its figures are believed only in the shape of such. @throws Problem `guest_failed`. */
function checked({ database, volume }: GuestMetrics): GuestMetrics {
  const amounts = [
    database?.uptimeSeconds,
    database?.connections?.open,
    database?.connections?.limit,
    volume?.usedBytes,
    volume?.totalBytes,
    ...(database?.transactions === undefined ? [] : [database.transactions]),
    ...(database?.buffer === undefined ? [] : [database.buffer.requests, database.buffer.hits]),
  ];
  const engine = Object.entries(database?.engine ?? {});
  if (
    !amounts.every(isAmount) ||
    engine.length > MOST_OF_ENGINE ||
    !engine.every(([, value]) => Number.isFinite(value))
  )
    throw new Problem('guest_failed', 'The guest answered with something that is no metrics.');
  return { database, volume };
}

/** Figures of a running database. */
export function createMetricsService({ store, askGuest }: { store: Store; askGuest: AskGuest }) {
  return {
    async show(actor: Actor, id: string): Promise<GuestMetrics> {
      const { row } = await findReadyInstance(store, actor, id, 'metrics');
      return checked(await askGuest(row.id, 'metrics_read', {}));
    },
  };
}
