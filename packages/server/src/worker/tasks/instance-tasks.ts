import { cloudResources } from '../cloud-resources.ts';
import type { JobKind } from '../job-kind.ts';
import { cleanupTask } from './cleanup.ts';
import { configureInstanceTask } from './configure-instance.ts';
import { createInstanceTask } from './create-instance.ts';
import { deleteInstanceTask } from './delete-instance.ts';
import { restartInstanceTask } from './restart-instance.ts';
import type { InstanceTaskDeps } from './task-deps.ts';

/** Every job kind that a worker of this build knows. */
export function instanceTasks(deps: InstanceTaskDeps): JobKind[] {
  const resources = cloudResources(deps);
  return [
    createInstanceTask(deps),
    deleteInstanceTask({ resources }),
    restartInstanceTask(deps),
    configureInstanceTask(deps),
    cleanupTask(resources),
  ];
}
