import type { Handlers } from '../http/handlers.ts';
import { nextLinks, pageOf } from '../http/pagination.ts';
import type { UserService } from '../services/users.ts';
import { userName, userSpec, userView } from '../views/databases.ts';
import { actorOf } from './context.ts';

export function userRoutes(users: UserService): Handlers<'listUsers' | 'createUsers' | 'deleteUser'> {
  return {
    listUsers: async (call) => {
      const { items, next } = await users.list(actorOf(call), call.path.instance_id, pageOf(call.query));
      const { links, pluralLinks } = nextLinks(call.url, call.base, next);
      return { status: 200, body: { users: items.map(userView), ...(links && { links, users_links: pluralLinks }) } };
    },
    createUsers: async (call) => {
      await users.create(actorOf(call), call.path.instance_id, call.body.users.map(userSpec));
      return { status: 202 };
    },
    deleteUser: async (call) => {
      await users.delete(actorOf(call), call.path.instance_id, userName(call.path.user));
      return { status: 202 };
    },
  };
}
