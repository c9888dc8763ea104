import { Problem } from '@coffer/core';
import { checkDatabaseName, checkDatabases, type DatabaseSpec, type Page, type PageRequest } from '@coffer/core/driver';
import type { Store } from '../store/store.ts';
import { type Actor, findInstance, quoted } from './actor.ts';
import type { AskGuest } from './guest-calls.ts';
import { checkMarker, checkPage, findReadyInstance } from './guest-objects.ts';
import { checkDatabaseReady } from './state.ts';

export type DatabaseService = ReturnType<typeof createDatabaseService>;

/** Databases in an instance, as its guest tells and changes them. */
export function createDatabaseService({ store, askGuest }: { store: Store; askGuest: AskGuest }) {
  return {
    async list(actor: Actor, instanceId: string, page: PageRequest): Promise<Page<{ name: string }>> {
      const { row } = await findReadyInstance(store, actor, instanceId, 'databases');
      checkMarker(page);
      return checkPage(
        await askGuest(row.id, 'database_list', page),
        page.limit,
        ({ name }) => typeof name === 'string',
      );
    },

    /** All or none. @throws Problem `bad_request`, `database_exists`. */
    async create(actor: Actor, instanceId: string, databases: DatabaseSpec[]): Promise<void> {
      const { row, manifest } = await findReadyInstance(store, actor, instanceId, 'databases');
      checkDatabases(manifest, databases);
      if (databases.length > 0) await askGuest(row.id, 'database_create', { databases });
    },

    /** @throws Problem `database_missing`. */
    async delete(actor: Actor, instanceId: string, name: string): Promise<void> {
      const { row, manifest } = await findReadyInstance(store, actor, instanceId, 'databases');
      checkDatabaseName(manifest, name);
      const { outcome } = await askGuest(row.id, 'database_drop', { name });
      if (outcome === 'missing')
        throw new Problem('database_missing', `Database ${quoted(name)} was not found in instance ${row.id}.`);
    },

    /** There is nothing to show of one database. @throws Problem `not_supported` when nothing else is wrong. */
    async show(actor: Actor, instanceId: string): Promise<never> {
      checkDatabaseReady(await findInstance(store, actor, instanceId));
      throw new Problem('not_supported', 'A single database cannot be shown; list the databases of the instance.');
    },
  };
}
