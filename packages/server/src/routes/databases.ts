import type { Handlers } from '../http/handlers.ts';
import { nextLinks, pageOf } from '../http/pagination.ts';
import type { DatabaseService } from '../services/databases.ts';
import { databaseSpec } from '../views/databases.ts';
import { actorOf } from './context.ts';

type Ids = 'listDatabases' | 'createDatabases' | 'showDatabase' | 'deleteDatabase';

export function databaseRoutes(databases: DatabaseService): Handlers<Ids> {
  return {
    listDatabases: async (call) => {
      const { items, next } = await databases.list(actorOf(call), call.path.instance_id, pageOf(call.query));
      const { links, pluralLinks } = nextLinks(call.url, call.base, next);
      const names = items.map(({ name }) => ({ name }));
      return { status: 200, body: { databases: names, ...(links && { links, databases_links: pluralLinks }) } };
    },
    createDatabases: async (call) => {
      await databases.create(actorOf(call), call.path.instance_id, call.body.databases.map(databaseSpec));
      return { status: 202 };
    },
    showDatabase: (call) => databases.show(actorOf(call), call.path.instance_id),
    deleteDatabase: async (call) => {
      await databases.delete(actorOf(call), call.path.instance_id, call.path.database);
      return { status: 202 };
    },
  };
}
