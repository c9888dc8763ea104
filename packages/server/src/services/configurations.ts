import { Problem } from '@coffer/core';
import type { Settings } from '@coffer/core/driver';
import type { ConfigurationRow } from '../store/configurations.ts';
import type { DatastoreVersion } from '../store/datastores.ts';
import type { InstanceRow } from '../store/instances.ts';
import type { Queries, Store } from '../store/store.ts';
import { type Actor, checkIdMarker, isUuid, quoted, reach } from './actor.ts';
import type { DatastoreService, WantedDatastore } from './datastores.ts';
import { configureJob } from './job-inputs.ts';
import { checkFlavor, readValues } from './parameters.ts';

export interface NewConfiguration {
  name: string;
  description?: string | null;
  datastore?: WantedDatastore;
  values: Readonly<Record<string, unknown>>;
}

export interface ConfigurationChanges {
  name?: string;
  description?: string | null;
  values?: Readonly<Record<string, unknown>>;
}

/** A group with how many instances have it. */
export interface ConfigurationDetails {
  row: ConfigurationRow;
  instanceCount: number;
}

export interface ConfigurationServiceOptions {
  store: Store;
  datastores: DatastoreService;
  newId: () => string;
}

export type ConfigurationService = ReturnType<typeof createConfigurationService>;

const unknown = (id: string): Problem => new Problem('not_found', `Configuration group ${quoted(id)} was not found.`);

/** @throws Problem `not_found`, the same whether it never was, is gone or is another project's. */
export async function findConfiguration(
  store: Pick<Queries, 'configurations'>,
  actor: Actor,
  id: string,
): Promise<ConfigurationRow> {
  const row = isUuid(id) ? await store.configurations.get(id.toLowerCase(), reach(actor)) : undefined;
  if (!row) throw unknown(id);
  return row;
}

/** Holds the group until the transaction ends, so that nobody changes it meanwhile. @throws Problem `not_found`. */
export async function holdConfiguration(tx: Queries, id: string): Promise<Settings> {
  const values = await tx.configurations.lock(id, 'share');
  if (!values) throw unknown(id);
  return values;
}

/** @throws Problem `not_supported`. */
export function checkConfigurable({ manifest }: DatastoreVersion): void {
  if (!manifest.groups.includes('configuration'))
    throw new Problem('not_supported', `${manifest.title} has no parameters that could be set here.`);
}

/** @throws Problem `bad_request`. */
export function checkVersion(
  group: { id: string; datastoreVersionId: string; datastoreName: string; versionName: string },
  versionId: string,
): void {
  if (group.datastoreVersionId !== versionId)
    throw new Problem(
      'bad_request',
      `Configuration group ${group.id} is for ${group.datastoreName} ${group.versionName}; the instance runs another version.`,
    );
}

/** An id, or the URL of a group: only the last segment counts. @throws Problem `not_found`. */
export function configurationIdIn(reference: string): string {
  const last = reference.split('/').findLast((part) => part !== '');
  if (last === undefined) throw new Problem('not_found', `Configuration group ${quoted(reference)} was not found.`);
  return last;
}

/** Parameters by name, for instances to share. */
export function createConfigurationService({ store, datastores, newId }: ConfigurationServiceOptions) {
  const describe = async (row: ConfigurationRow): Promise<ConfigurationDetails> => ({
    row,
    instanceCount: await store.configurations.countInstances(row.id),
  });

  async function show(actor: Actor, id: string): Promise<ConfigurationDetails> {
    return describe(await findConfiguration(store, actor, id));
  }

  /** Writes the group and queues what brings it to each instance that has it, in one transaction. */
  async function change(
    actor: Actor,
    id: string,
    changes: ConfigurationChanges,
    how: 'replace' | 'merge',
  ): Promise<void> {
    const group = await findConfiguration(store, actor, id);
    const version = await datastores.versionById(group.datastoreVersionId);
    const given = readValues(actor, version, changes.values ?? {});
    await store.transaction(async (tx) => {
      const current = await tx.configurations.lock(group.id, 'update');
      if (!current) throw unknown(id);
      const values = how === 'replace' ? given : { ...current, ...given };
      const attached = await tx.instances.ofConfiguration(group.id);
      for (const { id: instanceId, ramMib: memoryMib, vcpus } of attached)
        checkFlavor(version, values, { memoryMib, vcpus }, `Instance ${instanceId} has this group`);
      const { name, description } = how === 'replace' ? changes : {};
      await tx.configurations.update(group.id, {
        values,
        ...(name !== undefined && { name }),
        ...(description !== undefined && { description }),
      });
      for (const { id: instanceId, projectId } of attached) {
        // First the job, which locks the instance: a change that ends meanwhile sees it, or has ended before the mark.
        await tx.jobs.enqueue({ ...configureJob(), instanceId, projectId });
        await tx.instances.markUpdating(instanceId);
      }
    });
  }

  return {
    /** By id; of all projects for administrators. */
    async list(
      actor: Actor,
      page: { limit: number; marker?: string },
    ): Promise<{ items: ConfigurationRow[]; next?: string }> {
      checkIdMarker(page.marker, 'a configuration group');
      const rows = await store.configurations.list(reach(actor), {
        limit: page.limit + 1,
        ...(page.marker !== undefined && { after: page.marker.toLowerCase() }),
      });
      const items = rows.slice(0, page.limit);
      const next = rows.length > page.limit ? items.at(-1)?.id : undefined;
      return { items, ...(next !== undefined && { next }) };
    },

    show,

    /** @throws Problem as `choose` of the datastores does, for inactive versions too; `invalid_value`. */
    async create(actor: Actor, request: NewConfiguration): Promise<ConfigurationDetails> {
      const version = await datastores.choose(request.datastore, 'configuration.datastore', { mayBeInactive: true });
      checkConfigurable(version);
      const values = readValues(actor, version, request.values);
      const id = newId();
      await store.configurations.create({
        id,
        projectId: actor.projectId,
        name: request.name,
        description: request.description ?? null,
        datastoreVersionId: version.id,
        values,
      });
      return show(actor, id);
    },

    /** All values; those that are not given are gone. @throws Problem `not_found`; `invalid_value`. */
    replace: (actor: Actor, id: string, changes: ConfigurationChanges) => change(actor, id, changes, 'replace'),

    /** Values alone; those that are not given stay. @throws Problem `not_found`; `invalid_value`. */
    merge: (actor: Actor, id: string, changes: ConfigurationChanges) => change(actor, id, changes, 'merge'),

    /** @throws Problem `not_found`; `bad_request` while an instance has it. */
    async delete(actor: Actor, id: string): Promise<void> {
      const group = await findConfiguration(store, actor, id);
      await store.transaction(async (tx) => {
        if (!(await tx.configurations.lock(group.id, 'update'))) throw unknown(id);
        const count = await tx.configurations.countInstances(group.id);
        if (count > 0)
          throw new Problem(
            'bad_request',
            `Configuration group ${group.id} is attached to ${count === 1 ? 'an instance' : `${count} instances`}; detach it first.`,
          );
        await tx.configurations.delete(group.id);
      });
    },

    async instances(
      actor: Actor,
      id: string,
      page: { limit: number; marker?: string },
    ): Promise<{ items: InstanceRow[]; next?: string }> {
      const group = await findConfiguration(store, actor, id);
      checkIdMarker(page.marker, 'an instance');
      const projectId = reach(actor);
      const rows = await store.instances.ofConfiguration(group.id, {
        limit: page.limit + 1,
        ...(page.marker !== undefined && { after: page.marker.toLowerCase() }),
        ...(projectId !== undefined && { projectId }),
      });
      const items = rows.slice(0, page.limit);
      const next = rows.length > page.limit ? items.at(-1)?.id : undefined;
      return { items, ...(next !== undefined && { next }) };
    },
  };
}
