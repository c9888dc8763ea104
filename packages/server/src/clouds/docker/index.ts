import { mkdir, realpath } from 'node:fs/promises';
import { type Cloud, silentLogger } from '@coffer/core';
import { answering } from './context.ts';
import { heal } from './heal.ts';
import { takeInventory } from './inventory.ts';
import { ownerOf } from './names.ts';
import { ensureManagement, type ManagementNetwork } from './networks.ts';
import { openContext } from './open.ts';
import type { DockerCloudOptions } from './options.ts';
import { createPorts } from './ports.ts';
import { isRoot } from './program.ts';
import { recover } from './recover.ts';
import { createServers } from './servers.ts';
import { tearDown } from './teardown.ts';
import { ensureMemory } from './user-data.ts';
import { createVolumes } from './volumes.ts';
import { createServerWork } from './work.ts';

export type { ManagementNetwork } from './networks.ts';
export type { DockerCloudOptions } from './options.ts';

/** One machine as a cloud: guests are containers that run an engine of their own. */
export interface DockerCloud extends Cloud {
  /** Tells this cloud's things from another Coffer's on the same engine. */
  readonly owner: string;
  /** The management network, made when missing: `gateway` is where guests reach this host, and the broker listens. */
  management(): Promise<ManagementNetwork>;
  /** See `recover.ts`. To be called once at the start of a server. */
  recover(): Promise<void>;
  /**
   * Starts guests that ended by themselves and goes on with what was under way; see `heal.ts`. To be called every few
   * seconds: a call while one is under way joins it, one after `close` or `teardown` does nothing.
   * @throws Problem `cloud_unavailable` when the engine does not answer. A guest that does not start is logged only.
   */
  heal(): Promise<void>;
  /** Everything of this cloud on this machine, one line each; empty after `teardown`. */
  inventory(): Promise<string[]>;
  /** Destroys every guest, volume, network, rule and file of this cloud. The cloud is not usable afterwards. */
  teardown(): Promise<void>;
  /** Waits for what was begun in this process. Guests run on. */
  close(): Promise<void>;
}

/** Makes the two folders and, as root, the tmpfs; nothing else happens until a call. */
export async function createDockerCloud(options: DockerCloudOptions): Promise<DockerCloud> {
  const log = options.log ?? silentLogger;
  await mkdir(options.dataDir, { recursive: true, mode: 0o700 });
  const onDisk = await ensureMemory(options.runDir);
  // Loop devices are known by the real path of their file.
  const folders = { dataDir: await realpath(options.dataDir), runDir: await realpath(options.runDir) };
  const owner = await ownerOf(folders.dataDir);
  const context = await openContext(options, folders, owner, log);
  const limits = [
    ...(context.volumeKind === 'folder' ? ['volumes are plain folders, whose size is not enforced'] : []),
    ...(isRoot() ? [] : ['there are no access rules, so who reaches this machine’s networks reaches its databases']),
    ...(onDisk === undefined ? [] : [onDisk]),
  ];
  if (limits.length > 0) log.warn({}, `${isRoot() ? '' : 'without root '}${limits.join('; ')}`);
  const work = createServerWork(context);
  const removed = new Set<string>();
  let isClosed = false;
  let healing: Promise<void> | undefined;
  const settled = async () => {
    isClosed = true;
    await healing?.catch(() => undefined);
    await work.settled();
  };

  return {
    name: 'docker',
    owner,
    servers: createServers(context, work),
    volumes: createVolumes(context),
    ports: createPorts(context),
    flavors: { list: async () => structuredClone([...context.flavors]) },
    ping: () => answering(() => context.engine.ping()),
    management: () => answering(() => ensureManagement(context)),
    recover: () => answering(() => recover(context, work)),
    heal: () =>
      answering(async () => {
        if (isClosed) return;
        healing ??= heal(context, work).finally(() => {
          healing = undefined;
        });
        await healing;
      }),
    inventory: () => answering(() => takeInventory(context, folders, removed)),
    teardown: () =>
      answering(async () => {
        await settled();
        for (const id of await tearDown(context, folders)) removed.add(id);
      }),
    close: settled,
  };
}
