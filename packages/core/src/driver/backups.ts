import type { Operation } from './operation.ts';

/**
 * A place in the database's history, in its own words: a set of GTIDs, a WAL position with its timeline. Opaque to everybody but
 * the driver.
 * @experimental
 */
export type Position = string;

/**
 * One backup as the driver reads or writes it: bytes of its tool, before compression and encryption, which are the agent's.
 * @experimental
 */
export interface BackupResult {
  /** Up to where the data goes. */
  position: Position;
  /** Number of the server's version, e.g. `9.7.4`: a restore checks it. */
  engineVersion: string;
}

/** @experimental */
export interface BackupSource {
  kind: 'full' | 'incremental';
  open(): AsyncIterable<Uint8Array>;
}

/**
 * Backups. Nobody calls this group yet; it will change until somebody does.
 * @experimental
 */
export interface BackupsGroup {
  kinds: readonly ('full' | 'incremental')[];
  /**
   * A consistent copy of the running database, written to `sink` as it comes; the sink's promise holds the tool back. With
   * `since` only what changed after that position. Resolves when the tool has ended well, and only then.
   */
  take(since: Position | undefined, sink: (chunk: Uint8Array) => Promise<void>, op: Operation): Promise<BackupResult>;
  /** Puts a chain, the full one first, into an empty data folder of a database that does not run. */
  restore(chain: readonly BackupSource[], op: Operation): Promise<void>;
  /** What the database has written since `from`, for as long as it runs: binary logs, WAL. Ends with the signal. */
  follow?(from: Position, sink: (chunk: Uint8Array) => Promise<void>, op: Operation): Promise<Position>;
  /** Plays what `follow` wrote into a restored database, up to a moment. */
  recoverTo?(logs: AsyncIterable<Uint8Array>, time: Date, op: Operation): Promise<Position>;
}
