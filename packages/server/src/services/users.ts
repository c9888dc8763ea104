import { Problem } from '@coffer/core';
import {
  checkAlterations,
  checkDatabaseName,
  checkDatabaseNames,
  checkNamedUser,
  checkUserChanges,
  checkUsers,
  type DriverManifest,
  type Page,
  type PageRequest,
  type UserAlteration,
  type UserChanges,
  type UserInfo,
  type UserName,
  type UserSpec,
} from '@coffer/core/driver';
import type { Store } from '../store/store.ts';
import { type Actor, quoted } from './actor.ts';
import type { AskGuest } from './guest-calls.ts';
import { checkMarker, checkPage, findReadyInstance } from './guest-objects.ts';

export type UserService = ReturnType<typeof createUserService>;

const isUser = ({ name, host, databases }: UserInfo): boolean =>
  typeof name === 'string' &&
  typeof host === 'string' &&
  Array.isArray(databases) &&
  databases.every((database) => typeof database === 'string');

/** As the datastore knows users: without a host where there are none. */
const named = (manifest: DriverManifest, { name, host }: UserName): UserName =>
  manifest.names.hosts && host !== undefined ? { name, host } : { name };

const shown = ({ name, host }: UserName): string => quoted(`${name}@${host ?? '%'}`);

function missing(instanceId: string, user: UserName): Problem {
  return new Problem('user_missing', `User ${shown(user)} was not found in instance ${instanceId}.`);
}

/** Users in an instance and what they may reach, as its guest tells and changes them. */
export function createUserService({ store, askGuest }: { store: Store; askGuest: AskGuest }) {
  /** The instance, and the user as its guest is to be asked for it. @throws Problem `bad_request` for a reserved name. */
  async function findUser(actor: Actor, instanceId: string, given: UserName) {
    const { row, manifest } = await findReadyInstance(store, actor, instanceId, 'users');
    checkNamedUser(manifest, given);
    return { row, manifest, user: named(manifest, given) };
  }

  return {
    async list(actor: Actor, instanceId: string, page: PageRequest): Promise<Page<UserInfo>> {
      const { row } = await findReadyInstance(store, actor, instanceId, 'users');
      checkMarker(page);
      return checkPage(await askGuest(row.id, 'user_list', page), page.limit, isUser);
    },

    /** All or none. @throws Problem `bad_request`, `user_exists`. */
    async create(actor: Actor, instanceId: string, users: UserSpec[]): Promise<void> {
      const { row, manifest } = await findReadyInstance(store, actor, instanceId, 'users');
      checkUsers(manifest, users);
      if (users.length > 0) await askGuest(row.id, 'user_create', { users });
    },

    /** With all databases that it has a grant on. @throws Problem `user_missing`. */
    async show(actor: Actor, instanceId: string, given: UserName): Promise<UserInfo> {
      const { row, user } = await findUser(actor, instanceId, given);
      const { user: found } = await askGuest(row.id, 'user_get', user);
      if (!found) throw missing(row.id, given);
      if (!isUser(found)) throw new Problem('guest_failed', 'The guest answered with something that is no user.');
      return found;
    },

    /** All or none. @throws Problem `bad_request`, `user_missing`. */
    async changePasswords(actor: Actor, instanceId: string, given: UserAlteration[]): Promise<void> {
      const { row, manifest } = await findReadyInstance(store, actor, instanceId, 'users');
      checkAlterations(manifest, given);
      const users = given.map(({ user, changes }) => ({ user: named(manifest, user), changes }));
      if (users.length > 0) await askGuest(row.id, 'user_alter', { users });
    },

    /** @throws Problem `bad_request`, `user_missing`; `user_exists` when another has the new name and host. */
    async update(actor: Actor, instanceId: string, given: UserName, { host, ...others }: UserChanges): Promise<void> {
      const { row, manifest, user } = await findUser(actor, instanceId, given);
      const changes = { ...others, ...(host !== undefined && manifest.names.hosts && { host }) };
      checkUserChanges(manifest, changes);
      await askGuest(row.id, 'user_alter', { users: [{ user, changes }] });
    },

    /** Besides what the user has. @throws Problem `bad_request`, `user_missing`. */
    async grant(actor: Actor, instanceId: string, given: UserName, databases: string[]): Promise<void> {
      const { row, manifest, user } = await findUser(actor, instanceId, given);
      checkDatabaseNames(manifest, databases);
      await askGuest(row.id, 'user_grant', { user, databases });
    },

    /** @throws Problem `bad_request`; `not_found` without such a user or such a grant. */
    async revoke(actor: Actor, instanceId: string, given: UserName, database: string): Promise<void> {
      const { row, manifest, user } = await findUser(actor, instanceId, given);
      checkDatabaseName(manifest, database);
      const { outcome } = await askGuest(row.id, 'user_revoke', { user, database });
      if (outcome === 'missing') {
        throw new Problem(
          'not_found',
          `User ${shown(given)} has no privileges on database ${quoted(database)} in instance ${row.id}.`,
        );
      }
    },

    /** @throws Problem `user_missing`. */
    async delete(actor: Actor, instanceId: string, given: UserName): Promise<void> {
      const { row, user } = await findUser(actor, instanceId, given);
      const { outcome } = await askGuest(row.id, 'user_drop', user);
      if (outcome === 'missing') throw missing(row.id, given);
    },
  };
}
