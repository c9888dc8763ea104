import type { Settings } from './configuration.ts';
import type { Operation } from './operation.ts';

/** One log of the database. */
export interface LogSource {
  /** Its name in the API: `error`, `slow_query`, `general`. */
  name: string;
  /** The file, as an absolute path inside the container on one of its data mounts. Without one: what the container prints. */
  path?: string;
  /**
   * Parameters that switch it, for one that is not always written. The agent lays them over the tenant's own parameters, by
   * the group `configuration`, which a driver with such a source must have.
   */
  switch?: { on: Settings; off: Settings };
}

/** Where the database writes its logs. The agent reads them, switches them, and keeps them from filling the volume. */
export interface LogsGroup {
  /** Pure, and the same throughout the driver's life. */
  sources(): readonly LogSource[];
  /** Files of sources have been renamed: makes the database write to new ones. Repeatable, and loses no line. */
  reopen(op: Operation): Promise<void>;
}
