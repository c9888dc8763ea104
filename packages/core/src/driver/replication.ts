import type { Position } from './backups.ts';
import type { Operation } from './operation.ts';

/** @experimental */
export interface ReplicationSource {
  host: string;
  port: number;
  /** The replica's own account on the source. */
  user: string;
  password: string;
  /** Certificate of the authority that the source must prove itself by, PEM. */
  ca: string;
}

/** @experimental */
export interface ReplicationState {
  role: 'source' | 'replica' | 'none';
  position: Position;
  /** Age of the last change that was taken over; absent where it cannot be told. */
  lagMs?: number;
  isWritable: boolean;
  /** Highest epoch that `setWritable` was told. */
  epoch: number;
}

/**
 * Replication. Nobody calls this group yet; it will change until somebody does. The files that drivers render have its settings
 * on from the first boot, so that no source restarts for its first replica.
 * @experimental
 */
export interface ReplicationGroup {
  /** On the source: an account for one replica, and its slot where the engine has them. Repeatable. */
  admit(replica: { user: string; password: string }, op: Operation): Promise<void>;
  /** On the source: takes both back. Repeatable. */
  dismiss(user: string, op: Operation): Promise<void>;
  /** On a replica whose data come from a backup or a copy: follows the source from where they end. Repeatable. */
  follow(source: ReplicationSource, op: Operation): Promise<void>;
  state(op: Operation): Promise<ReplicationState>;
  /** Until this position is taken over. @throws the signal's reason */
  waitFor(position: Position, op: Operation): Promise<void>;
  /**
   * Lets writes in or keeps everybody's out, administrators' too. Repeatable.
   * @throws Problem `conflict` when a higher epoch was seen
   */
  setWritable(isWritable: boolean, epoch: number, op: Operation): Promise<void>;
  /** Ends following for good; the data stay. Repeatable. */
  promote(epoch: number, op: Operation): Promise<void>;
  /** A former source becomes a replica of another; fails where its history has left the other's. */
  rejoin(source: ReplicationSource, op: Operation): Promise<void>;
}
