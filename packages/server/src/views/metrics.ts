import type { Schema } from '@coffer/core';
import type { GuestMetrics } from '@coffer/core/rpc';

/** Four decimals. */
const ratio = (hits: number, requests: number): number | null =>
  requests === 0 ? null : Math.round(Math.min(1, hits / requests) * 10_000) / 10_000;

export function metricsView({ database, volume }: GuestMetrics): Schema<'Metrics'> {
  const { uptimeSeconds, connections, transactions, buffer, engine } = database;
  return {
    uptime_seconds: uptimeSeconds,
    connections: { open: connections.open, limit: connections.limit },
    ...(transactions !== undefined && { transactions }),
    ...(buffer && {
      buffer: { requests: buffer.requests, hits: buffer.hits, hit_ratio: ratio(buffer.hits, buffer.requests) },
    }),
    volume: { used_bytes: volume.usedBytes, total_bytes: volume.totalBytes },
    engine: { ...engine },
  };
}
