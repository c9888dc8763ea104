import { randomUUID } from 'node:crypto';
import type { Cloud, Flavor } from '@coffer/core';
import { createFaults, type Faults } from './faults.ts';
import { createPorts } from './ports.ts';
import { realTime, type Scheduler } from './scheduler.ts';
import { createServers, removeServer } from './servers.ts';
import { createShelf } from './shelf.ts';
import { createVolumes } from './volumes.ts';
import type { Behaviour, ServerListener, TestingNetwork, World } from './world.ts';

export type { Fault, FaultPoint, Faults } from './faults.ts';
export { createManualTime, type ManualTime, realTime, type Scheduler } from './scheduler.ts';
export type { Behaviour, ServerListener, TestingNetwork } from './world.ts';

export interface TestingCloudOptions extends Partial<Behaviour> {
  /** The time to live by. Default real timers. */
  time?: Scheduler;
  /** Default four, ids "1" to "4". */
  flavors?: readonly Flavor[];
  /** Networks that exist besides those made for projects. */
  networks?: readonly TestingNetwork[];
  /** Default random UUIDs. */
  newId?: () => string;
}

/** A cloud in memory, as asynchronous and as unkind as it is told to be. Keys are labels: a repeated create makes a second thing. */
export interface TestingCloud extends Cloud {
  readonly faults: Faults;
  readonly behaviour: Behaviour;
  /** Tells of servers, so that a test can play their guests. Returns what ends it. */
  listen(listener: ServerListener): () => void;
  /** Puts a running server into ERROR, or out of existence, as an operator or a dead host would. */
  breakServer(id: string, how: { fault: string } | 'vanish'): void;
}

const flavor = (id: string, name: string, vcpus: number, ramMib: number): Flavor => ({
  id,
  name,
  vcpus,
  ramMib,
  diskGib: 0,
  ephemeralGib: 0,
});

export function createTestingCloud(options: TestingCloudOptions = {}): TestingCloud {
  const time = options.time ?? realTime;
  const behaviour: Behaviour = {
    buildMs: options.buildMs ?? 20,
    deleteMs: options.deleteMs ?? 20,
    listLagMs: options.listLagMs ?? 0,
    repeatedDelete: options.repeatedDelete ?? 'accepted',
    showsDeletingAs: options.showsDeletingAs ?? 'DELETING',
    detachMs: options.detachMs ?? 0,
  };
  const { faults, suffer } = createFaults();
  const lag = () => behaviour.listLagMs;
  const world: World = {
    time,
    behaviour,
    suffer,
    flavors: options.flavors ?? [
      flavor('1', 'small', 1, 1024),
      flavor('2', 'medium', 1, 2048),
      flavor('3', 'large', 2, 4096),
      flavor('4', 'xlarge', 2, 8192),
    ],
    servers: createShelf(time, lag),
    volumes: createShelf(time, lag),
    ports: createShelf(time, lag),
    networks: new Map((options.networks ?? []).map((network) => [network.id, network])),
    listeners: new Set(),
    newId: options.newId ?? randomUUID,
  };
  return {
    name: 'testing',
    faults,
    behaviour,
    servers: createServers(world),
    volumes: createVolumes(world),
    ports: createPorts(world),
    flavors: { list: () => suffer('flavors.list', () => structuredClone([...world.flavors])) },
    ping: () => suffer('ping', () => undefined),
    listen(listener) {
      world.listeners.add(listener);
      return () => world.listeners.delete(listener);
    },
    breakServer(id, how) {
      const server = world.servers.get(id);
      if (server === undefined) return;
      if (how === 'vanish') {
        removeServer(world, server);
        return;
      }
      server.status = 'ERROR';
      server.fault = { message: how.fault };
    },
  };
}
