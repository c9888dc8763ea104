import { Problem } from '@coffer/core';
import {
  checkUserName,
  checkUsers,
  type Page,
  type PageRequest,
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

/** Users in an instance, as its guest tells and changes them. */
export function createUserService({ store, askGuest }: { store: Store; askGuest: AskGuest }) {
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

    /** @throws Problem `user_missing`. */
    async delete(actor: Actor, instanceId: string, user: UserName): Promise<void> {
      const { row, manifest } = await findReadyInstance(store, actor, instanceId, 'users');
      checkUserName(manifest, user.name);
      // A host that could not be given to a user is only one that no user has.
      const isText = (user.host ?? '').length <= 255 && !user.host?.includes('\0');
      const named = manifest.names.hosts ? user : { name: user.name };
      const { outcome } = isText ? await askGuest(row.id, 'user_drop', named) : { outcome: 'missing' };
      if (outcome === 'missing') {
        throw new Problem(
          'user_missing',
          `User ${quoted(`${user.name}@${user.host ?? '%'}`)} was not found in instance ${row.id}.`,
        );
      }
    },
  };
}
