import { randomUUID } from 'node:crypto';
import type { CloudServers, ServerCreate } from '@coffer/core';
import { Problem } from '@coffer/core';
import { answering, type Context, type ServerRecord } from './context.ts';
import { observe, toServer } from './observe.ts';
import { layUserData, removeUserData } from './user-data.ts';
import type { ServerWork } from './work.ts';

export function createServers(context: Context, work: ServerWork): CloudServers {
  const { servers, volumes, ports, engine, locked } = context;

  /** A process that died in the middle of something left its record behind; whoever looks goes on with it. */
  const look = async (id?: string) => {
    const observed = await observe(context, id);
    for (const { record } of observed) if (record !== undefined) work.resume(record);
    return observed;
  };
  const one = async (id: string) => (await look(id))[0];
  const known = async (id: string) => {
    const found = await one(id);
    if (found === undefined) throw new Problem('not_found', `there is no server ${id}`);
    return found;
  };

  const check = async (spec: ServerCreate, all: Awaited<ReturnType<typeof look>>) => {
    const flavors = context.flavors.map((flavor) => flavor.id);
    if (!flavors.includes(spec.flavorId)) {
      throw new Problem('cloud_refused', `unknown flavor "${spec.flavorId}"; known: ${flavors.join(', ')}`);
    }
    for (const id of spec.volumeIds) {
      if ((await volumes.get(id)) === undefined) throw new Problem('cloud_refused', `there is no volume ${id}`);
      const user = all.find(({ record }) => record?.volumeIds.includes(id));
      if (user !== undefined) throw new Problem('cloud_refused', `volume ${id} is in use by server ${user.id}`);
    }
    for (const id of spec.portIds) {
      if ((await ports.get(id)) === undefined) throw new Problem('cloud_refused', `there is no port ${id}`);
      const user = all.find(({ record }) => record?.portIds.includes(id));
      if (user !== undefined) throw new Problem('cloud_refused', `port ${id} is in use by server ${user.id}`);
    }
  };

  return {
    create: (spec) =>
      answering(async () => {
        const record = await locked('servers', async () => {
          const all = await look();
          const there = all.find(({ key }) => key === spec.key);
          if (there !== undefined) return there;
          await check(spec, all);
          // One whose container vanished has left its record; its name is free now.
          const vanished = await servers.find(spec.key);
          if (vanished !== undefined) await work.clear(vanished);
          const made: ServerRecord = {
            id: randomUUID(),
            key: spec.key,
            state: 'building',
            flavorId: spec.flavorId,
            portIds: [...spec.portIds],
            volumeIds: [...spec.volumeIds],
            metadata: { ...spec.metadata },
          };
          // The record last: it is what others go on with, and they have no user data. `recover` removes data without one.
          try {
            await layUserData(context, made.id, spec.userData);
            await servers.put(made);
          } catch (error) {
            await removeUserData(context, made.id).catch(() => undefined);
            throw error;
          }
          return { id: made.id, key: made.key, record: made };
        });
        if (record.record !== undefined) work.resume(record.record);
        return toServer(context, record);
      }),

    get: (id) =>
      answering(async () => {
        const found = await one(id);
        return found && toServer(context, found);
      }),

    find: (key) =>
      answering(async () => {
        const found = (await look()).find((server) => server.key === key);
        return found && toServer(context, found);
      }),

    list: () => answering(async () => (await look()).map((server) => toServer(context, server))),

    delete: (id) =>
      answering(async () => {
        const record = await locked('servers', async () => {
          const there = await servers.get(id);
          const stray = there === undefined ? (await observe(context, id))[0] : undefined;
          if (there === undefined && stray === undefined) return undefined;
          const empty = { id, key: stray?.key ?? '', flavorId: '', portIds: [], volumeIds: [], metadata: {} };
          const deleting: ServerRecord = { ...(there ?? empty), state: 'deleting' };
          await servers.put(deleting);
          return deleting;
        });
        if (record !== undefined) work.resume(record);
      }),

    reboot: (id) =>
      answering(async () => {
        const record = await locked('servers', async () => {
          const { record: there } = await known(id);
          if (there?.state !== 'built') {
            throw new Problem(
              'cloud_refused',
              `server ${id} is ${there?.state ?? 'without a record'}; only one at rest is rebooted`,
            );
          }
          const rebooting: ServerRecord = { ...there, state: 'rebooting' };
          await servers.put(rebooting);
          return rebooting;
        });
        work.resume(record);
      }),

    consoleLog: (id, lines) =>
      answering(async () => {
        const { container } = await known(id);
        return container === undefined ? '' : engine.containers.logText(container.Id, { tail: lines });
      }),
  };
}
