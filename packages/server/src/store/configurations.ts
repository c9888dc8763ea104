import type { Settings } from '@coffer/core/driver';
import { type Kysely, type Selectable, sql } from 'kysely';
import type { ConfigurationsTable, Schema } from './schema.ts';

/** A group with the names of what it is for. */
export interface ConfigurationRow extends Selectable<ConfigurationsTable> {
  datastoreName: string;
  versionName: string;
  versionNumber: string;
}

export interface NewConfigurationRow {
  id: string;
  projectId: string;
  name: string;
  description: string | null;
  datastoreVersionId: string;
  values: Settings;
}

export function configurationQueries(db: Kysely<Schema>) {
  const all = () =>
    db
      .selectFrom('configurations')
      .innerJoin('datastoreVersions', 'datastoreVersions.id', 'configurations.datastoreVersionId')
      .innerJoin('datastores', 'datastores.id', 'datastoreVersions.datastoreId')
      .selectAll('configurations')
      .select([
        'datastores.name as datastoreName',
        'datastoreVersions.name as versionName',
        'datastoreVersions.number as versionNumber',
      ]);

  return {
    async create(group: NewConfigurationRow): Promise<void> {
      await db
        .insertInto('configurations')
        .values({ ...group, values: JSON.stringify(group.values) })
        .execute();
    },

    /** With a project, only one of its own. */
    get(id: string, projectId?: string): Promise<ConfigurationRow | undefined> {
      const one = all().where('configurations.id', '=', id);
      return (projectId === undefined ? one : one.where('configurations.projectId', '=', projectId)).executeTakeFirst();
    },

    /** By id, those after `after`; without a project, of all. */
    list(projectId: string | undefined, page: { limit: number; after?: string }): Promise<ConfigurationRow[]> {
      let some = all().orderBy('configurations.id').limit(page.limit);
      if (projectId !== undefined) some = some.where('configurations.projectId', '=', projectId);
      if (page.after !== undefined) some = some.where('configurations.id', '>', page.after);
      return some.execute();
    },

    /**
     * Holds it until the transaction ends, before instances are touched: `share` against changes, `update` against being attached.
     * @returns the values as they are now; undefined when it is gone.
     */
    async lock(id: string, how: 'share' | 'update'): Promise<Settings | undefined> {
      const one = db.selectFrom('configurations').select('values').where('id', '=', id);
      return (await (how === 'share' ? one.forShare() : one.forUpdate()).executeTakeFirst())?.values;
    },

    async update(
      id: string,
      { values, ...plain }: { name?: string; description?: string | null; values?: Settings },
    ): Promise<void> {
      await db
        .updateTable('configurations')
        .set({ ...plain, ...(values && { values: JSON.stringify(values) }), updatedAt: sql<Date>`now()` })
        .where('id', '=', id)
        .execute();
    },

    /** Deleted instances have let go of it when they were. */
    async delete(id: string): Promise<void> {
      await db.deleteFrom('configurations').where('id', '=', id).execute();
    },

    /** Of live instances. */
    async countInstances(id: string): Promise<number> {
      const { count } = await db
        .selectFrom('instances')
        .select(({ fn }) => fn.countAll<string>().as('count'))
        .where('configurationId', '=', id)
        .where('deletedAt', 'is', null)
        .executeTakeFirstOrThrow();
      return Number(count);
    },
  };
}
