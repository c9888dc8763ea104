import type { Broker, Cloud, SecretBox } from '@coffer/core';
import type { GuestCaller } from '@coffer/core/rpc';
import { cleanupJob } from '../../conductor/cleanup.ts';
import type { Store } from '../../store/store.ts';
import { cloudResources } from '../cloud-resources.ts';
import type { JobKind } from '../job-kind.ts';
import { createInstanceTask } from './create-instance.ts';
import { deleteInstanceTask } from './delete-instance.ts';
import { restartInstanceTask } from './restart-instance.ts';

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

/** Every job kind that a worker of this build knows. */
export function instanceTasks(deps: InstanceTaskDeps): JobKind[] {
  const resources = cloudResources(deps);
  return [
    createInstanceTask(deps),
    deleteInstanceTask({ resources }),
    restartInstanceTask(deps),
    cleanupJob(resources),
  ];
}
