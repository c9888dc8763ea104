import { randomBytes } from 'node:crypto';
import { type Broker, createClient, type Instance } from '@coffer/core';
import { createAgentTransport, createServerTransport } from '@coffer/core/amqp';
import { createGuestLink } from '@coffer/core/rpc';
import { manifest } from '@coffer/drivers/mysql/manifest';
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
import { newMember } from './member.ts';
import { UNLIMITED } from './quotas.ts';
import { type LogLine, recordingLogger } from './recording-logger.ts';
import { type TcpProxy, tcpProxy } from './tcp-proxy.ts';

/** Reports come so often that a guest is silent after 0.6 s. */
const REPORT_INTERVAL_MS = 200;
const LEASE_MS = 2_000;
/** Longer than a guest waits at most before it tries its broker again. */
const GRACE_MS = 7_000;
const SOON = { timeout: 20_000, interval: 50 };
const BASE = 'http://db.test';

export interface Answer {
  status: number;
  /** Its shape is checked by the app itself. */
  body: unknown;
  /** How long it took. */
  ms: number;
}

/** A broker with how the service reaches it, and where guests do. */
export interface BrokerUnderTest {
  broker: Broker;
  service: { host: string; port: number; username: string; password: string; ca?: string };
  /** Called when the world has ended. */
  stop?(): Promise<void>;
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
  /** Everything from info up, since the start or the last `forgetLog`. */
  readonly log: readonly LogLine[];
  forgetLog(): void;
  /** What an operator is to look at, by message and operation: how often. */
  troubles(): Record<string, number>;
  /** @param path may hold `{project}`. */
  get(path: string): Promise<Answer>;
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

/** Refused soon, in a sentence. */
export function expectUnavailable({ status, body, ms }: Answer): void {
  expect(body).toMatchObject({
    serviceUnavailable: { code: 503, message: 'A part of the service does not answer; try again in a moment.' },
  });
  expect(status).toBe(503);
  expect(ms).toBeLessThan(5_000);
}

/** Where PostgreSQL listens. */
export const socketOf = (databaseUrl: string): { path: string } => ({
  path: `${new URL(databaseUrl).searchParams.get('host')}/.s.PGSQL.5432`,
});

export async function startFaultWorld(options: FaultWorldOptions): Promise<FaultWorld> {
  const { databaseUrl, idleTimeoutMs = 500 } = options;
  const lines: LogLine[] = [];
  const log = recordingLogger((line) => void lines.push(line));

  const direct = createStore({ url: databaseUrl, maxConnections: 5 });
  const { broker, service, stop } = await options.broker(direct);
  const toStore = await tcpProxy(socketOf(databaseUrl));
  const toBroker = await tcpProxy({ host: service.host, port: service.port });
  const ways = new Map<string, TcpProxy>();
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
      quotas: UNLIMITED,
      maxVolumeSizeGib: 10,
      validateResponses: true,
    },
    log,
  });
  const { projectId, token } = await newMember(identity, { user: 'faults', project: 'faults' });
  const client = createClient({
    baseUrl: BASE,
    token,
    project: projectId,
    fetch: async (request) => app.fetch(request),
  });

  async function show(id: string): Promise<Instance | undefined> {
    const params = { path: { instance_id: id } };
    return (await client.GET('/v1.0/{project_id}/instances/{instance_id}', { params })).data?.instance;
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
    async get(path) {
      const began = performance.now();
      const headers = { 'X-Auth-Token': token };
      const response = await app.fetch(new Request(`${BASE}${path.replace('{project}', projectId)}`, { headers }));
      const body: unknown = await response.json();
      return { status: response.status, body, ms: performance.now() - began };
    },
    async health() {
      const { data, error } = await client.GET('/healthz');
      const { store, broker, cloud } = data ?? error;
      return { store: store.status, broker: broker.status, cloud: cloud.status };
    },
    async create(name = 'under-fault') {
      const instance = { name, flavorRef: '1', volume: { size: 1 }, datastore: { type: 'mysql' } };
      const way = await tcpProxy({ host: service.host, port: service.port });
      const { data, error } = await client.POST('/v1.0/{project_id}/instances', { body: { instance } });
      if (!data) throw new Error(`the create was refused: ${JSON.stringify(error)}`);
      ways.set(data.instance.id, way);
      return data.instance.id;
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
      await stop?.();
    },
  };
}
