import { mayConfigure, Problem, type Task } from '@coffer/core';
import { evaluateSizing, type Settings } from '@coffer/core/driver';
import type { DatastoreVersion } from '../store/datastores.ts';
import type { InstanceRow } from '../store/instances.ts';
import type { Store } from '../store/store.ts';
import { type Actor, findInstance, reach } from './actor.ts';
import { checkConfigurable, checkVersion, findConfiguration, holdConfiguration } from './configurations.ts';
import type { DatastoreService } from './datastores.ts';
import { configureJob } from './job-inputs.ts';
import { checkFlavor } from './parameters.ts';
import { checkAct, checkServer, stateOf, statusWords } from './state.ts';

/** What one key of a PUT asks for. */
export type InstanceChange =
  | { key: 'attach'; configurationId: string }
  | { key: 'detach' }
  | { key: 'stand_alone' }
  | { key: 'upgrade'; version: string }
  | { key: 'access' };

export interface InstanceUpdate {
  name?: string;
  changes: InstanceChange[];
}

/** Another change of the same kind may follow at once: their jobs run one after another, and the last one counts. */
const CONFIGURABLE: readonly Task[] = ['none', 'updating'];

/** @throws Problem `bad_request`, as clients of attach and detach expect. */
function checkConfigure(row: InstanceRow): void {
  const state = stateOf(row);
  if (mayConfigure(state) || (state.task === 'updating' && state.server === 'ACTIVE')) return;
  throw new Problem(
    'bad_request',
    `The configuration of instance ${row.id} cannot be changed now (status: ${statusWords(row)}); try again when it is ACTIVE, or restart it first where that is required.`,
  );
}

export type InstanceChangeService = ReturnType<typeof createInstanceChangeService>;

/** Name and configuration of instances. */
export function createInstanceChangeService({ store, datastores }: { store: Store; datastores: DatastoreService }) {
  const versionOf = (row: InstanceRow): Promise<DatastoreVersion> => datastores.versionById(row.datastoreVersionId);

  async function attach(actor: Actor, row: InstanceRow, configurationId: string): Promise<void> {
    const isTaken = () =>
      new Problem('bad_request', `Instance ${row.id} has a configuration group attached; detach it first.`);
    if (row.configurationId !== null) throw isTaken();
    checkConfigure(row);
    const group = await findConfiguration(store, actor, configurationId);
    const version = await versionOf(row);
    checkConfigurable(version);
    checkVersion(group, row.datastoreVersionId);
    const projectId = reach(actor);
    await store.transaction(async (tx) => {
      const values = await holdConfiguration(tx, group.id);
      checkFlavor(version, values, { memoryMib: row.ramMib, vcpus: row.vcpus }, `Instance ${row.id}`);
      const { instance } = await tx.instances.begin(
        row.id,
        { from: CONFIGURABLE, to: 'updating', ...(projectId !== undefined && { projectId }) },
        configureJob(),
      );
      if (instance.configurationId !== null) throw isTaken();
      await tx.instances.update(row.id, { configurationId: group.id });
    });
  }

  async function detach(actor: Actor, row: InstanceRow): Promise<void> {
    if (row.configurationId === null) return;
    checkConfigure(row);
    const projectId = reach(actor);
    await store.transaction(async (tx) => {
      await tx.instances.begin(
        row.id,
        { from: CONFIGURABLE, to: 'updating', ...(projectId !== undefined && { projectId }) },
        configureJob(),
      );
      await tx.instances.update(row.id, { configurationId: null });
    });
  }

  /** @throws Problem `not_supported` once everything else is right. */
  async function refuse(row: InstanceRow, change: InstanceChange): Promise<never> {
    const unbuilt = (what: string) =>
      new Problem('not_supported', `Instance ${row.id} cannot ${what}: that is not built yet.`);
    if (change.key === 'access') throw unbuilt('have its access changed');
    checkAct(row);
    if (change.key === 'upgrade') {
      await datastores.version(row.datastoreName, change.version);
      throw unbuilt('be upgraded');
    }
    throw new Problem('bad_request', `Instance ${row.id} is not a replica; only replicas can be detached.`);
  }

  return {
    /** The name first, which stays changed if the rest is refused. @throws Problem as `reference/api.md` has it for I5. */
    async update(actor: Actor, id: string, { name, changes }: InstanceUpdate): Promise<void> {
      const [change, another] = changes;
      if (another) throw new Problem('bad_request', 'instance holds several changes; give one besides the name.');
      const row = await findInstance(store, actor, id);
      checkServer(row);
      if (name !== undefined) await store.instances.update(row.id, { name });
      if (!change) return;
      if (change.key === 'attach') await attach(actor, row, change.configurationId);
      else if (change.key === 'detach') await detach(actor, row);
      else await refuse(row, change);
    },

    /** What the service sets by the flavor. @throws Problem `not_found`; `not_ready`. */
    async defaults(actor: Actor, id: string): Promise<Settings> {
      const row = await findInstance(store, actor, id);
      checkServer(row);
      const { manifest } = await versionOf(row);
      return evaluateSizing(manifest, { memoryMib: row.ramMib, vcpus: row.vcpus });
    },
  };
}
