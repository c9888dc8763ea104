import type { Broker, Cloud, SecretBox } from '@coffer/core';
import type { GuestCaller } from '@coffer/core/rpc';
import type { Store } from '../../store/store.ts';

/** What the tasks of an instance are done with. */
export interface InstanceTaskDeps {
  store: Store;
  cloud: Cloud;
  broker: Broker;
  guests: GuestCaller;
  secrets: SecretBox;
  /** Interval of the guests' reports, ms. */
  reportIntervalMs: number;
}
