import { Problem } from '@coffer/core';
import {
  checkDatabaseName,
  checkDatabases,
  checkHost,
  checkUserName,
  checkUsers,
  type DatabasesGroup,
  type DatastoreDriver,
} from '@coffer/core/driver';
import type { GuestHandlers, GuestReport } from '@coffer/core/rpc';
import type { Agent } from './agent.ts';
import type { Marks } from './replies.ts';
import { parseInstanceSpec } from './spec.ts';

export interface HandlerParts {
  instanceId: string;
  agent: Agent;
  /** Operations that have passed their checks: asked again, they meet their own work and must not take it for another's. */
  marks: Marks;
  report(): Promise<GuestReport>;
}

/** What the control plane may ask of a guest. Names are checked here with the same code as at the API, before a driver is called. */
export function createHandlers(parts: HandlerParts): GuestHandlers {
  const { instanceId, agent, marks, report } = parts;
  async function group<K extends 'databases' | 'users'>(name: K): Promise<NonNullable<DatastoreDriver[K]>> {
    const found: DatastoreDriver[K] = agent.serving()[name];
    if (found) return found;
    const { manifest } = await agent.factory();
    throw new Problem('not_supported', `${manifest.title} has no operations on ${name}.`);
  }

  return {
    async prepare({ spec, databases, users }, op) {
      const order = parseInstanceSpec(spec);
      if (order.instanceId !== instanceId)
        throw new Problem('bad_request', `This guest is instance ${instanceId}, not ${order.instanceId}.`);
      const { manifest } = await agent.factory();
      if (order.datastore !== manifest.datastore) {
        throw new Problem('bad_request', `This guest's driver is for ${manifest.datastore}, not ${order.datastore}.`);
      }
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

    async database_list(page, op) {
      return (await group('databases')).list(page, op);
    },
    async database_create({ databases }, op) {
      const target = await group('databases');
      checkDatabases((await agent.factory()).manifest, databases);
      if (!(await marks.has(op.id))) {
        const names = await databaseNames(target, op);
        const there = databases.find(({ name }) => names.has(name));
        if (there) throw new Problem('database_exists', `Database "${there.name}" exists.`);
        await marks.set(op.id);
      }
      for (const database of databases) await target.create(database, op);
      return {};
    },
    async database_drop({ name }, op) {
      const target = await group('databases');
      checkDatabaseName((await agent.factory()).manifest, name);
      return { outcome: await target.drop(name, op) };
    },

    async user_list(page, op) {
      return (await group('users')).list(page, op);
    },
    async user_create({ users }, op) {
      const target = await group('users');
      checkUsers((await agent.factory()).manifest, users);
      if (!(await marks.has(op.id))) {
        for (const user of users) {
          if (await target.get(user, op))
            throw new Problem('user_exists', `User "${user.name}"@"${user.host ?? '%'}" exists.`);
        }
        await marks.set(op.id);
      }
      for (const user of users) await target.create(user, op);
      return {};
    },
    async user_drop(user, op) {
      const target = await group('users');
      const { manifest } = await agent.factory();
      checkUserName(manifest, user.name);
      if (user.host !== undefined) checkHost(manifest, user.host);
      return { outcome: await target.drop(user, op) };
    },
  };
}

async function databaseNames(target: DatabasesGroup, op: Parameters<DatabasesGroup['list']>[1]): Promise<Set<string>> {
  const names = new Set<string>();
  let marker: string | undefined;
  do {
    const { items, next } = await target.list({ limit: 1000, ...(marker !== undefined && { marker }) }, op);
    for (const { name } of items) names.add(name);
    marker = next;
  } while (marker !== undefined);
  return names;
}
