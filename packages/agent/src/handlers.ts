import { Problem } from '@coffer/core';
import {
  checkAlterations,
  checkDatabaseName,
  checkDatabaseNames,
  checkDatabases,
  checkNamedUser,
  checkPassword,
  checkUsers,
  type DatabasesGroup,
  type Operation,
  type UserName,
} from '@coffer/core/driver';
import type { GuestHandlers, GuestReport } from '@coffer/core/rpc';
import type { Agent } from './agent.ts';
import { groupsOf } from './groups.ts';
import type { Logs } from './logs.ts';
import { createOrders } from './orders.ts';
import type { Marks } from './replies.ts';
import type { Tls } from './tls.ts';
import { createUpkeepHandlers } from './upkeep-handlers.ts';
import type { Volume } from './volume.ts';

export interface HandlerParts {
  instanceId: string;
  agent: Agent;
  tls: Tls;
  logs: Logs;
  volume: Pick<Volume, 'usage'>;
  /** Operations that have passed their checks: asked again, they meet their own work and must not take it for another's. */
  marks: Marks;
  report(): Promise<GuestReport>;
}

/** What the control plane may ask of a guest. Names are checked here with the same code as at the API, before a driver is called. */
export function createHandlers(parts: HandlerParts): GuestHandlers {
  const { agent, marks, report } = parts;
  const { group } = groupsOf(agent);
  const orders = createOrders(parts);

  /** Looks before the first run of an operation whether it may run at all, and not again: a repeat would meet its own work. */
  async function onlyOnce(op: Operation, check: () => Promise<void>): Promise<void> {
    if (await marks.has(op.id)) return;
    await check();
    await marks.set(op.id);
  }

  /** What was there at first and is missing when a removal is run again, it had removed itself. */
  async function removal<T extends string>(
    op: Operation,
    done: T,
    isThere: () => Promise<boolean>,
    remove: () => Promise<T | 'missing'>,
  ) {
    let first = await marks.note(op.id);
    if (first === undefined) {
      first = (await isThere()) ? '' : 'missing';
      await marks.set(op.id, first);
    }
    const outcome = await remove();
    return { outcome: first === 'missing' ? outcome : done };
  }

  return {
    async prepare({ spec, databases, users }, op) {
      const order = await orders.check(spec);
      const { manifest } = await agent.factory();
      checkDatabases(manifest, databases);
      checkUsers(manifest, users);
      await agent.adopt(order);
      const state = await agent.settled(order.revision, op.signal);
      if (databases.length > 0) {
        const target = await group('databases');
        for (const database of databases) await target.create(database, op);
      }
      if (users.length > 0) {
        const target = await group('users');
        for (const user of users) await target.create(user, op);
      }
      return { state };
    },

    status: () => report(),

    async restart({ answerWithinMs }, op) {
      let life = await marks.note(op.id);
      if (life === undefined) {
        life = await agent.life();
        // Before it ends: whoever asks again, also after a death of this agent, finds another life and waits for that to serve.
        await marks.set(op.id, life);
      }
      try {
        const within = AbortSignal.any([op.signal, AbortSignal.timeout(answerWithinMs)]);
        return { state: await agent.restart(life, within) };
      } catch (error) {
        // The guest answers, and is on its way: a `timeout` would read as silence.
        if (error instanceof Problem && error.code === 'timeout')
          throw new Problem('not_ready', error.detail, { cause: error });
        throw error;
      }
    },

    ...createUpkeepHandlers(parts),

    async database_list(page, op) {
      return (await group('databases')).list(page, op);
    },
    async database_create({ databases }, op) {
      const target = await group('databases');
      checkDatabases((await agent.factory()).manifest, databases);
      await onlyOnce(op, async () => {
        const names = await databaseNames(target, op);
        const there = databases.find(({ name }) => names.has(name));
        if (there) throw new Problem('database_exists', `Database "${there.name}" exists.`);
      });
      for (const database of databases) await target.create(database, op);
      return {};
    },
    async database_drop({ name }, op) {
      const target = await group('databases');
      checkDatabaseName((await agent.factory()).manifest, name);
      const isThere = async () => (await databaseNames(target, op)).has(name);
      return removal(op, 'dropped', isThere, () => target.drop(name, op));
    },

    async user_list(page, op) {
      return (await group('users')).list(page, op);
    },
    async user_create({ users }, op) {
      const target = await group('users');
      checkUsers((await agent.factory()).manifest, users);
      await onlyOnce(op, async () => {
        for (const user of users) {
          if (await target.get(user, op)) throw new Problem('user_exists', `User ${shown(user)} exists.`);
        }
      });
      for (const user of users) await target.create(user, op);
      return {};
    },
    async user_get(user, op) {
      const target = await group('users');
      checkNamedUser((await agent.factory()).manifest, user);
      const found = await target.get(user, op);
      return found ? { user: found } : {};
    },
    async user_alter({ users }, op) {
      const target = await group('users');
      checkAlterations((await agent.factory()).manifest, users);
      await onlyOnce(op, async () => {
        for (const { user } of users) {
          if (!(await target.get(user, op))) throw missing(user);
        }
      });
      for (const { user, changes } of users) {
        const outcome = await target.alter(user, changes, op);
        if (outcome === 'missing') throw missing(user);
        if (outcome === 'exists') throw new Problem('user_exists', `User ${shown({ ...user, ...changes })} exists.`);
      }
      return {};
    },
    async user_grant({ user, databases }, op) {
      const target = await group('users');
      const { manifest } = await agent.factory();
      checkNamedUser(manifest, user);
      checkDatabaseNames(manifest, databases);
      if ((await target.grant(user, databases, op)) === 'missing') throw missing(user);
      return {};
    },
    async user_revoke({ user, database }, op) {
      const target = await group('users');
      const { manifest } = await agent.factory();
      checkNamedUser(manifest, user);
      checkDatabaseName(manifest, database);
      const isThere = async () => (await target.get(user, op))?.databases.includes(database) ?? false;
      return removal(op, 'revoked', isThere, () => target.revoke(user, database, op));
    },
    async user_drop(user, op) {
      const target = await group('users');
      checkNamedUser((await agent.factory()).manifest, user);
      const isThere = async () => (await target.get(user, op)) !== undefined;
      return removal(op, 'dropped', isThere, () => target.drop(user, op));
    },

    async root_status(_, op) {
      return { state: await (await group('root')).status(op) };
    },
    async root_enable({ password }, op) {
      const target = await group('root');
      checkPassword((await agent.factory()).manifest, password);
      await target.enable(password, op);
      return {};
    },
    async root_disable(_, op) {
      const target = await group('root');
      const isThere = async () => (await target.status(op)) === 'enabled';
      return removal(op, 'disabled', isThere, () => target.disable(op));
    },
  };
}

const shown = ({ name, host = '%' }: UserName): string => `"${name}"@"${host}"`;

const missing = (user: UserName): Problem => new Problem('user_missing', `User ${shown(user)} does not exist.`);

async function databaseNames(target: DatabasesGroup, op: Operation): Promise<Set<string>> {
  const names = new Set<string>();
  let marker: string | undefined;
  do {
    const { items, next } = await target.list({ limit: 1000, ...(marker !== undefined && { marker }) }, op);
    for (const { name } of items) names.add(name);
    marker = next;
  } while (marker !== undefined);
  return names;
}
