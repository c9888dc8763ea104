import type { Handlers } from '../http/handlers.ts';
import { nextLinks, pageOf } from '../http/pagination.ts';
import type { UserService } from '../services/users.ts';
import { passwordChange, userChanges, userName, userSpec, userView } from '../views/databases.ts';
import { actorOf } from './context.ts';

type Ids = 'listUsers' | 'createUsers' | 'changePasswords' | 'showUser' | 'updateUser' | 'deleteUser';
type GrantIds = 'listGrants' | 'grantDatabases' | 'revokeDatabase';

export function userRoutes(users: UserService): Handlers<Ids | GrantIds> {
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
    changePasswords: async (call) => {
      await users.changePasswords(actorOf(call), call.path.instance_id, call.body.users.map(passwordChange));
      return { status: 202 };
    },
    showUser: async (call) => {
      const user = await users.show(actorOf(call), call.path.instance_id, userName(call.path.user));
      return { status: 200, body: { user: userView(user) } };
    },
    updateUser: async (call) => {
      const changes = userChanges(call.body.user);
      await users.update(actorOf(call), call.path.instance_id, userName(call.path.user), changes);
      return { status: 202 };
    },
    deleteUser: async (call) => {
      await users.delete(actorOf(call), call.path.instance_id, userName(call.path.user));
      return { status: 202 };
    },
    listGrants: async (call) => {
      const user = await users.show(actorOf(call), call.path.instance_id, userName(call.path.user));
      return { status: 200, body: { databases: userView(user).databases } };
    },
    grantDatabases: async (call) => {
      const names = call.body.databases.map(({ name }) => name);
      await users.grant(actorOf(call), call.path.instance_id, userName(call.path.user), names);
      return { status: 202 };
    },
    revokeDatabase: async (call) => {
      const { instance_id, user, database } = call.path;
      await users.revoke(actorOf(call), instance_id, userName(user), database);
      return { status: 202 };
    },
  };
}
