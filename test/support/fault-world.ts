import { randomBytes, randomUUID } from 'node:crypto';
import type { Broker, Instance, LogFields, Logger } from '@coffer/core';
import { createAgentTransport, createServerTransport } from '@coffer/core/amqp';
import { parseManifest } from '@coffer/core/driver';
import { createGuestLink } from '@coffer/core/rpc';
import mysqlManifest from '@coffer/drivers/mysql/manifest.json' with { type: 'json' };
import { expect, vi } from 'vitest';
import { createApp } from '../../packages/server/src/app.ts';
import { createTestingCloud, type TestingCloud } from '../../packages/server/src/clouds/testing/index.ts';
import { createConductor } from '../../packages/server/src/conductor/conductor.ts';
import { createGuestDirectory } from '../../packages/server/src/guest/directory.ts';
import { createDriverChunks } from '../../packages/server/src/guest/driver-chunks.ts';
import { createBuiltinIdentity } from '../../packages/server/src/identity/builtin.ts';
import { createSecretBox } from '../../packages/server/src/secrets.ts';
import { createHealth } from '../../packages/server/src/services/health.ts';
import { createStore, type Store } from '../../packages/server/src/store/store.ts';
import { instanceTasks } from '../../packages/server/src/worker/tasks/instance-tasks.ts';
import { createWorker } from '../../packages/server/src/worker/worker.ts';
import { type HostedGuests, hostGuests } from './crash/guests.ts';
import { type TcpProxy, tcpProxy } from './tcp-proxy.ts';

/** Reports come so often that a guest is silent after 0.6 s. */
const REPORT_INTERVAL_MS = 200;
const LEASE_MS = 2_000;
/** Longer than a guest waits at most before it tries its broker again. */
const GRACE_MS = 7_000;
const SOON = { timeout: 20_000, interval: 50 };

export interface LogLine {
  level: 'info' | 'warn' | 'error';
  message: string;
  fields: LogFields;
}

export interface Answer {
  status: number;
  // biome-ignore lint/suspicious/noExplicitAny: an answer of any operation, whose shape the app itself checks
  body: any;
  /** How long it took. */
  ms: number;
}

/** A broker with how the service reaches it, and where guests do. */
export interface BrokerUnderTest {
  broker: Broker;
  service: { host: string; port: number; username: string; password: string; ca?: string };
}

export interface FaultWorldOptions {
  /** Of a migrated database behind a socket, as `testDatabase` and `launchPostgres` have it. */
  databaseUrl: string;
  /** A store that no fault reaches is handed over, for accounts. */
  broker(store: Store): Promise<BrokerUnderTest>;
  /** Peers say something at least this often, ms: connections notice one without a word after twice that and a second. Default 500. */
  idleTimeoutMs?: number;
  /** The guests' clock minus the service's, ms. */
  guestClockMs?: number;
}

/** A whole service in this process, on the testing cloud, with a proxy on each of its ways. */
export interface FaultWorld extends AsyncDisposable {
  /** Without the proxy: what is really there. */
  readonly store: Store;
  readonly cloud: TestingCloud;
  readonly guests: HostedGuests;
  readonly toStore: TcpProxy;
  readonly toBroker: TcpProxy;
  /** The way of one guest to the broker. */
  way(instanceId: string): TcpProxy;
  /** Everything from info up, since the start or the last `forget`. */
  readonly log: readonly LogLine[];
  forgetLog(): void;
  /** What an operator is to look at, by message and operation: how often. */
  troubles(): Record<string, number>;
  request(method: string, path: string, body?: unknown): Promise<Answer>;
  health(): Promise<Record<'store' | 'broker' | 'cloud', string>>;
  /** Asks for an instance. @returns its id. */
  create(name?: string): Promise<string>;
  show(id: string): Promise<Instance | undefined>;
  /** Until the instance shows these words. */
  shows(id: string, words: Partial<Instance>): Promise<void>;
  /** Until a report came that was made after this call. */
  hearsFrom(id: string): Promise<void>;
  until(condition: () => Promise<void> | void): Promise<void>;
}

function recorder(lines: LogLine[]): Logger {
  const say = (level: LogLine['level']) => (fields: LogFields, message: string) =>
    void lines.push({ level, fields, message });
  const logger: Logger = {
    debug() {},
    info: say('info'),
    warn: say('warn'),
    error: say('error'),
    child: () => logger,
  };
  return logger;
}

/** Where PostgreSQL listens. */
export const socketOf = (databaseUrl: string): { path: string } => ({
  path: `${new URL(databaseUrl).searchParams.get('host')}/.s.PGSQL.5432`,
});

export async function startFaultWorld(options: FaultWorldOptions): Promise<FaultWorld> {
  const { databaseUrl, idleTimeoutMs = 500 } = options;
  const lines: LogLine[] = [];
  const log = recorder(lines);

  const direct = createStore({ url: databaseUrl, maxConnections: 5 });
  const { broker, service } = await options.broker(direct);
  const toStore = await tcpProxy(socketOf(databaseUrl));
  const toBroker = await tcpProxy({ host: service.host, port: service.port });
  const ways = new Map<string, TcpProxy>();
  const manifest = parseManifest(mysqlManifest);
  await direct.datastores.register({ sha256: '00'.repeat(32), manifest, code: Buffer.from('') });

  const store = createStore({
    url: `postgresql://postgres@127.0.0.1:${toStore.port}${new URL(databaseUrl).pathname}`,
    maxConnections: 8,
    connectTimeoutMs: 1_000,
    queryTimeoutMs: 1_000,
    log,
  });
  const secrets = createSecretBox([randomBytes(32)]);
  const cloud = createTestingCloud();
  const transport = createServerTransport({
    ...service,
    host: '127.0.0.1',
    port: toBroker.port,
    copy: randomBytes(16).toString('hex'),
    prepareCopy: (copy) => broker.prepareCopy(copy),
    idleTimeoutMs,
    sendTimeoutMs: 2_000,
    log,
  });
  const link = createGuestLink({
    transport,
    directory: createGuestDirectory({ store, secrets }),
    handlers: { driver_chunk: createDriverChunks(store) },
    log,
  });
  await link.start();
  const hosted = hostGuests(cloud, manifest, {
    now: () => Date.now() + (options.guestClockMs ?? 0),
    connect(account, instanceId) {
      const way = ways.get(instanceId);
      if (!way) throw new Error(`instance ${instanceId} has no way`);
      return createAgentTransport({
        ...account,
        host: '127.0.0.1',
        port: way.port,
        instanceId,
        idleTimeoutMs,
      });
    },
  });
  const worker = createWorker({
    store,
    kinds: instanceTasks({ store, cloud, broker, guests: link, secrets, reportIntervalMs: REPORT_INTERVAL_MS }),
    leaseMs: LEASE_MS,
    pollMs: 200,
    settleMs: 200,
    retry: { firstMs: 50, maxMs: 500 },
    log,
  });
  await worker.start();
  const conductor = createConductor({
    store,
    cloud,
    broker,
    hears: () => transport.ping(),
    reportIntervalMs: REPORT_INTERVAL_MS,
    graceMs: GRACE_MS,
    intervalMs: 1_000,
    log,
  });
  conductor.start();

  const identity = createBuiltinIdentity({ store, authUrl: 'http://127.0.0.1/identity' });
  const app = createApp({
    store,
    guests: link,
    cloud,
    identity,
    builtin: identity,
    health: createHealth({ store: () => store.ping(), broker: () => transport.ping(), cloud: () => cloud.ping() }, log),
    secrets,
    config: {
      region: 'RegionOne',
      quotas: { instances: -1, ram: -1, volumes: -1, backups: -1 },
      maxVolumeSizeGib: 10,
      validateResponses: true,
    },
    log,
    newId: randomUUID,
  });
  const password = randomBytes(9).toString('base64url');
  const project = await identity.accounts.ensureProject('faults');
  const user = await identity.accounts.ensureUser({ name: 'faults', password, defaultProjectId: project.id });
  await identity.accounts.grantRole(user.id, project.id, 'member');
  const { token } = await identity.login({
    proof: { user: { name: 'faults' }, password },
    scope: 'default',
    peer: undefined,
  });

  async function request(method: string, at: string, body?: unknown): Promise<Answer> {
    const began = performance.now();
    const response = await app.fetch(
      new Request(`http://db.test${at.replace('{project}', project.id)}`, {
        method,
        headers: { 'X-Auth-Token': token, ...(body !== undefined && { 'Content-Type': 'application/json' }) },
        ...(body !== undefined && { body: JSON.stringify(body) }),
      }),
    );
    const text = await response.text();
    return { status: response.status, body: text === '' ? {} : JSON.parse(text), ms: performance.now() - began };
  }

  async function show(id: string): Promise<Instance | undefined> {
    const { status, body } = await request('GET', `/v1.0/{project}/instances/${id}`);
    return status === 200 ? body.instance : undefined;
  }

  return {
    store: direct,
    cloud,
    guests: hosted,
    toStore,
    toBroker,
    way(instanceId) {
      const way = ways.get(instanceId);
      if (!way) throw new Error(`instance ${instanceId} has no way`);
      return way;
    },
    log: lines,
    forgetLog: () => void lines.splice(0),
    troubles() {
      const counts: Record<string, number> = {};
      for (const { level, message, fields } of lines) {
        if (level === 'info') continue;
        const of = typeof fields.operation === 'string' ? `${message}: ${fields.operation}` : message;
        counts[of] = (counts[of] ?? 0) + 1;
      }
      return counts;
    },
    request,
    async health() {
      const { body } = await request('GET', '/healthz');
      const word = (part: string) => String(Object(body[part]).status);
      return { store: word('store'), broker: word('broker'), cloud: word('cloud') };
    },
    async create(name = 'under-fault') {
      const instance = { name, flavorRef: '1', volume: { size: 1 }, datastore: { type: 'mysql' } };
      const way = await tcpProxy({ host: service.host, port: service.port });
      const { status, body } = await request('POST', '/v1.0/{project}/instances', { instance });
      expect(status, JSON.stringify(body)).toBe(200);
      ways.set(body.instance.id, way);
      return body.instance.id;
    },
    show,
    shows: (id, words) => vi.waitFor(async () => expect(await show(id)).toMatchObject(words), SOON),
    async hearsFrom(id) {
      const now = await direct.snapshot(async (_, at) => at.getTime());
      await vi.waitFor(
        async () => expect((await direct.instances.get(id))?.serviceStatusAt?.getTime()).toBeGreaterThan(now),
        SOON,
      );
    },
    until: (condition) => vi.waitFor(condition, SOON),
    async [Symbol.asyncDispose]() {
      await conductor.stop();
      await worker.stop({ graceMs: 0 });
      await link.close();
      await hosted[Symbol.asyncDispose]();
      await store.close();
      await direct.close();
      for (const proxy of [toStore, toBroker, ...ways.values()]) await proxy.close();
    },
  };
}
