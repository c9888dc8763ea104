import type { Operation } from './operation.ts';

/** The same few figures of every datastore. Totals count from the database's start; rates are for the reader to make. */
export interface DatabaseMetrics {
  uptimeSeconds: number;
  connections: { open: number; limit: number };
  /** Committed and rolled back, together. Absent where the engine has no transactions. */
  transactions?: number;
  /** Pages asked for, and how many of them were found in memory. */
  buffer?: { requests: number; hits: number };
  /** The engine's own figures that its operators look at first, by its own names; at most 50. */
  engine: Readonly<Record<string, number>>;
}

export interface MetricsGroup {
  /** Cheap enough for every few seconds. */
  read(op: Operation): Promise<DatabaseMetrics>;
}
