import type { ChildProcess } from 'node:child_process';
import { createHash, randomBytes, randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type ContainerRuntime, silentLogger } from '@coffer/core';
import { createServerTransport } from '@coffer/core/amqp';
import { type DriverContext, SERVICE_ACCOUNT } from '@coffer/core/driver';
import { createGuestLink, type EnrolmentData, type GuestCaller, type InstanceSpec } from '@coffer/core/rpc';
import { createFakeRuntime, createMemoryDirectory } from '@coffer/core/testing';
import { vi } from 'vitest';
import { container, fakeDriver, manifest, pure, readsItsFiles, spec } from '../../../packages/agent/src/testing.ts';
import { relayForTests } from '../relay.ts';
import type { AgentServices, GuestGround } from './agent-copies.ts';
import { call, expose, forkSource } from './remote.ts';

/** A guest whose containers and database are here, and its agent in another process. */
export interface DistantGuest {
  readonly spec: InstanceSpec;
  /** From here on places are passed anew, and the agent is held at this one. */
  watch(holdAt?: string): void;
  /** Places that the agent came by since `watch`: around each of its acts upon the guest, and around each reply. */
  readonly passed: readonly string[];
  readonly isHeld: boolean;
  /** Acts since `watch` that changed something. */
  readonly effects: readonly string[];
  /** Containers and content of the database. */
  content(): Promise<string>;
}

export interface AgentWorld extends AsyncDisposable {
  readonly plane: GuestCaller;
  /** Before `start`. */
  addGuest(): Promise<DistantGuest>;
  /** The agents of all guests, in one process; resolves when each has enrolled or said hello. */
  start(): Promise<void>;
  /** SIGKILL; resolves when the process is no more. */
  kill(): Promise<void>;
}

/** What the agent asks by itself, whenever it is time. */
const UNWATCHED = ['probe', 'logs.reopen'];
const SCRIPT = join(import.meta.dirname, 'agent-copies.ts');
/** What the fake driver is made with; it asks nothing of it. */
const context: DriverContext = {
  version: spec.version,
  image: spec.image.reference,
  settings: spec.settings,
  memoryBytes: spec.memoryMib * 1024 ** 2,
  serviceAccount: { user: SERVICE_ACCOUNT, password: 'of the service' },
  serverId: spec.serverId,
  endpoint: () => ({ host: spec.network.address, port: manifest.port }),
  exec: () => Promise.reject(new Error('a fake database has no programs')),
  log: silentLogger,
};

/** The driver as it travels: what is pure goes along, every other call goes to the database, which is in the parent. */
function bundleOf(driver: ReturnType<typeof fakeDriver>): string {
  const groups = Object.entries(driver.factory.create(context))
    .filter(([, group]) => typeof group === 'object')
    .map(([name, group]) => [name, Object.keys(group).filter((method) => !Object.hasOwn(pure, method))]);
  // Nothing in it is anybody's: not every agent under test may give files away.
  const mounts = container.mounts.flatMap(({ uid: _, ...mount }) => (mount.kind === 'data' ? [mount] : []));
  const plain = { ...container, files: [], mounts };
  return `
const call = (exec, path) => async (...args) => {
  const { stdout } = await exec(['driver', ...path], { stdin: JSON.stringify(args) });
  return stdout === '' ? undefined : JSON.parse(stdout);
};
const pure = {
  configuration: { render: ${pure.render} },
  logs: { sources: ${pure.sources} },
  tls: { files: ${pure.files} },
};
export default {
  manifest: ${JSON.stringify(manifest)},
  create: ({ exec }) => ({
    container: () => (${JSON.stringify(plain)}),
    ...Object.fromEntries(['initialise', 'probe', 'shutdown'].map((name) => [name, call(exec, [name])])),
    close: async () => {},
    ...Object.fromEntries(${JSON.stringify(groups)}.map(([group, names]) => [
      group,
      { ...pure[group], ...Object.fromEntries(names.map((name) => [name, call(exec, [group, name])])) },
    ])),
  }),
};`;
}

/** Calls what the path leads to in the driver, with a signal where the wire has lost it. */
function callDriver(driver: object, path: readonly string[], stdin: string): Promise<unknown> {
  const args: unknown[] = JSON.parse(stdin);
  const op = args.pop();
  return call(driver, path, [...args, { ...Object(op), signal: new AbortController().signal }]);
}

function distantGuest(spec: InstanceSpec, driver: ReturnType<typeof fakeDriver>) {
  const runtime = createFakeRuntime({ images: [spec.image.reference] });
  readsItsFiles(runtime, driver);
  const database = driver.factory.create(context);
  let holdAt: string | undefined;
  let isHeld = false;
  let passed: string[] = [];
  let effects: string[] = [];

  const content = async (): Promise<string> => {
    const containers = (await runtime.list({})).map(({ name, state }) => `${name} ${state}`).sort();
    const { calls: _, factory: __, counts: ___, ...data } = driver;
    const sets = (_key: string, value: unknown) =>
      value instanceof Map || value instanceof Set ? [...value.entries()].sort() : value;
    return JSON.stringify({ containers, data }, sets);
  };
  const lives = async (): Promise<string> => JSON.stringify([await content(), await runtime.list({})]);

  async function pass(place: string): Promise<void> {
    const times = passed.filter((one) => one.startsWith(`${place} #`)).length + 1;
    passed.push(`${place} #${times}`);
    if (holdAt !== `${place} #${times}`) return;
    holdAt = undefined;
    isHeld = true;
    await new Promise<never>(() => {});
  }

  async function act<T>(name: string, work: () => Promise<T>): Promise<T> {
    await pass(`before ${name}`);
    const before = await lives();
    const result = await work();
    if ((await lives()) !== before) effects.push(name);
    await pass(`after ${name}`);
    return result;
  }

  const watched: ContainerRuntime = {
    ...runtime,
    create: (created) => act(`create ${created.name}`, () => runtime.create(created)),
    start: (name) => act(`start ${name}`, () => runtime.start(name)),
    stop: (name, options) => act(`stop ${name}`, () => runtime.stop(name, options)),
    kill: (name, signal) => act(`kill ${name}`, () => runtime.kill(name, signal)),
    remove: (name) => act(`remove ${name}`, () => runtime.remove(name)),
    async inspect(name) {
      const state = await runtime.inspect(name);
      // A process that there is: whose network it is in is looked up.
      return state?.pid === undefined ? state : { ...state, pid: process.pid };
    },
    ended: (name) => runtime.ended(name, new AbortController().signal),
    async exec(name, command, options) {
      await runtime.exec(name, command);
      const [, ...path] = command;
      const ask = () => callDriver(database, path, options?.stdin ?? '[]');
      const result = UNWATCHED.includes(path.join('.')) ? await ask() : await act(path.join('.'), ask);
      return { exitCode: 0, stdout: result === undefined ? '' : JSON.stringify(result), stderr: '' };
    },
  };
  const ground: GuestGround = {
    runtime: watched,
    // Every namespace shows the tenant's interface, everything else succeeds.
    run: async (_command, args) => ({
      exitCode: 0,
      stdout: args.includes('show')
        ? JSON.stringify([
            { ifname: 'eth1', link_type: 'ether', addr_info: [{ local: spec.network.address, prefixlen: 24 }] },
          ])
        : '',
      stderr: '',
    }),
    replying: (point) => pass(`${point} the reply`),
  };
  const guest: DistantGuest = {
    spec,
    watch(at) {
      holdAt = at;
      isHeld = false;
      passed = [];
      effects = [];
    },
    get passed() {
      return passed;
    },
    get isHeld() {
      return isHeld;
    },
    get effects() {
      return effects;
    },
    content,
  };
  return { guest, ground };
}

export async function startAgentWorld(): Promise<AgentWorld> {
  const folder = await mkdtemp(join(tmpdir(), 'coffer-agents-'));
  const relay = await relayForTests();
  const directory = createMemoryDirectory();
  const bundle = Buffer.from(bundleOf(fakeDriver()));
  const sha256 = createHash('sha256').update(bundle).digest('hex');
  const plane = createGuestLink({
    transport: createServerTransport({
      ...relay.service,
      copy: randomBytes(16).toString('hex'),
      prepareCopy: relay.broker.prepareCopy,
    }),
    directory,
    handlers: {
      driver_chunk: async (_, { offset }) => ({
        base64: bundle.subarray(offset).toString('base64'),
        totalBytes: bundle.length,
      }),
    },
  });
  await plane.start();
  const guests: { id: string; env: Record<string, string> }[] = [];
  const grounds: Record<string, GuestGround> = {};
  let child: ChildProcess | undefined;

  async function kill(): Promise<void> {
    const running = child;
    child = undefined;
    if (!running) return;
    const exited = once(running, 'exit');
    running.kill('SIGKILL');
    await exited;
  }

  return {
    plane,
    kill,
    async addGuest() {
      const id = randomUUID();
      const at = (name: string): string => join(folder, id, name);
      await mkdir(at('volume'), { recursive: true });
      const data: EnrolmentData = {
        version: 1,
        instanceId: id,
        token: directory.add(id),
        broker: await relay.broker.grant(id),
        driver: { name: manifest.datastore, sha256 },
        reportIntervalMs: 60_000,
      };
      await writeFile(at('user-data'), JSON.stringify(data), { mode: 0o600 });
      const driver = fakeDriver();
      const { guest, ground } = distantGuest(
        { ...spec, instanceId: id, volume: { device: at('volume'), sizeGib: 1 } },
        driver,
      );
      grounds[id] = ground;
      const env = {
        COFFER_USER_DATA: at('user-data'),
        COFFER_STATE: at('state'),
        COFFER_RUN: at('run'),
        COFFER_CGROUP_PARENT: '/guest',
      };
      guests.push({ id, env });
      return guest;
    },
    async start() {
      const sessions = new Map(guests.map(({ id }) => [id, directory.row(id)?.session]));
      child = forkSource(SCRIPT);
      expose(child, { guests: async () => guests, grounds } satisfies AgentServices);
      const exited = once(child, 'exit').then(() =>
        Promise.reject(new Error('the agents ended before they were there')),
      );
      exited.catch(() => {});
      const there = vi.waitFor(
        () => {
          const missing = guests.filter(({ id }) => [undefined, sessions.get(id)].includes(directory.row(id)?.session));
          if (missing.length > 0) throw new Error(`${missing.length} of ${guests.length} agents are not linked`);
        },
        { timeout: 30_000, interval: 20 },
      );
      await Promise.race([there, exited]);
    },
    async [Symbol.asyncDispose]() {
      await kill();
      await plane.close();
      await relay.dispose();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
