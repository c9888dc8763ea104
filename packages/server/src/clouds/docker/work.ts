import { Problem } from '@coffer/core';
import { removeCgroups } from './cgroups.ts';
import { asCloudProblem, type Context, type ServerRecord } from './context.ts';
import { faultOf, missingImage, wordsOf } from './faults.ts';
import { guestConfig } from './guest.ts';
import { asFilter, LABEL } from './names.ts';
import { ensureManagement, ensureTenant } from './networks.ts';
import { refreshRules } from './rules.ts';
import { ensureUserDataFolder, removeUserData } from './user-data.ts';
import { plugVolume, unplugVolume } from './volumes.ts';

const isUnderWay = (state: ServerRecord['state'] | undefined): boolean =>
  state === 'building' || state === 'rebooting' || state === 'deleting';

/** Waits for all, also when one fails: none may still be at work when the server is taken away again. */
async function allDone(work: readonly Promise<unknown>[]): Promise<void> {
  const failed = (await Promise.allSettled(work)).find((result) => result.status === 'rejected');
  if (failed !== undefined) throw failed.reason;
}

/** Changes of servers that take their time. Every step may run twice; the record says what is left to do. */
export interface ServerWork {
  /** Goes on with what the record says is under way, unless this process is at it already. Returns at once. */
  resume(record: ServerRecord): void;
  /** Removes everything that a server has, its record last. */
  clear(record: ServerRecord): Promise<void>;
  /** Lays networks, volumes and rules again and starts the container, which exists. */
  start(record: ServerRecord): Promise<void>;
  /** When everything begun in this process has ended. */
  settled(): Promise<void>;
}

export function createServerWork(context: Context): ServerWork {
  const { engine, names, servers, ports, networks, locked, log } = context;
  const running = new Map<string, Promise<void>>();

  const containerOf = async (id: string) =>
    (await engine.containers.list({ label: [...asFilter(names.labels('server')), `${LABEL.id}=${id}`] }))[0];

  /** What must be there whenever the container starts. */
  const layFoundations = (record: ServerRecord) =>
    allDone([
      // Ports lay the rules when they change; whoever failed at that finds the port the next time, not the missing rule.
      ensureManagement(context).then(() => refreshRules(context)),
      ensureUserDataFolder(context, record.id),
      ...record.volumeIds.map((id) => plugVolume(context, id)),
    ]);

  async function make(record: ServerRecord): Promise<void> {
    const flavor = context.flavors.find(({ id }) => id === record.flavorId);
    if (flavor === undefined)
      throw new Problem('cloud_refused', `flavor ${record.flavorId} is gone from the configuration`);
    if ((await engine.images.inspect(context.guestImage)) === undefined) {
      throw new Problem('cloud_refused', missingImage(context.guestImage));
    }
    await allDone([
      layFoundations(record),
      engine.volumes.create(names.engineVolume(record.id), { labels: names.labels('engine-volume', record) }),
    ]);
    if ((await containerOf(record.id)) === undefined) {
      await engine.containers.create(names.server(record.id, record.key), guestConfig(context, record, flavor));
    }
    await run(record);
  }

  /** Every network is plugged in before the start, so that the guest finds its interfaces at boot. */
  async function plugPorts(record: ServerRecord, container: string): Promise<void> {
    const info = await engine.containers.inspect(container);
    for (const id of record.portIds) {
      const port = await ports.get(id);
      const network = port && (await networks.get(port.networkId));
      if (port === undefined || network === undefined) throw new Problem('cloud_refused', `port ${id} is gone`);
      await ensureTenant(context, network);
      const name = names.tenantNetwork(network.index);
      const there = info?.NetworkSettings.Networks[name];
      if (there?.IPAMConfig?.IPv4Address === port.address) continue;
      if (there !== undefined) await engine.networks.disconnect(name, container);
      await engine.networks.connect(name, container, { IPAMConfig: { IPv4Address: port.address } });
    }
  }

  async function run(record: ServerRecord): Promise<void> {
    const container = names.server(record.id, record.key);
    await plugPorts(record, container);
    await engine.containers.start(container);
  }

  async function start(record: ServerRecord): Promise<void> {
    await layFoundations(record);
    await run(record);
  }

  async function clear(record: ServerRecord): Promise<void> {
    const container = await containerOf(record.id);
    if (container !== undefined) {
      await engine.containers.remove(container.Id);
      await removeCgroups(context, container.Id);
    }
    await engine.volumes.remove(names.engineVolume(record.id));
    for (const id of record.volumeIds) await unplugVolume(context, id);
    await removeUserData(context, record.id);
    await servers.remove(record.id);
  }

  /** Writes the outcome, unless something else was asked for meanwhile. */
  const conclude = (id: string, from: ServerRecord['state'], outcome: Partial<ServerRecord>) =>
    locked('servers', async () => {
      const now = await servers.get(id);
      if (now?.state === from) await servers.put({ ...now, ...outcome });
    });

  async function proceed(id: string): Promise<void> {
    const record = await servers.get(id);
    switch (record?.state) {
      case 'building':
        await make(record);
        return conclude(id, 'building', { state: 'built' });
      case 'rebooting':
        await engine.containers.stop(names.server(record.id, record.key));
        await start(record);
        return conclude(id, 'rebooting', { state: 'built' });
      case 'deleting':
        return clear(record);
      default:
        return;
    }
  }

  /** @returns whether something else was asked for meanwhile, which is to be done next. */
  async function step(id: string): Promise<boolean> {
    const before = (await servers.get(id))?.state;
    try {
      await locked(`server-${id}`, () => proceed(id));
    } catch (thrown) {
      const error = asCloudProblem(thrown);
      log.warn({ server: id, state: before, error: wordsOf(thrown) }, 'work on a server failed');
      // An engine that does not answer is asked again at the next look; anything else is final for what was being made.
      if (error instanceof Problem && error.code === 'cloud_unavailable') return false;
      if (before === 'building' || before === 'rebooting')
        await conclude(id, before, { state: 'failed', fault: faultOf(thrown, context.guestImage) });
    }
    const after = (await servers.get(id))?.state;
    return after !== before && isUnderWay(after);
  }

  async function work(id: string): Promise<void> {
    try {
      while (await step(id));
    } catch (error) {
      log.error({ server: id, error: String(error) }, 'work on a server broke off');
    } finally {
      running.delete(id);
    }
  }

  return {
    resume({ id, state }) {
      if (isUnderWay(state) && !running.has(id)) running.set(id, work(id));
    },
    clear,
    start,
    async settled() {
      while (running.size > 0) await Promise.all(running.values());
    },
  };
}
