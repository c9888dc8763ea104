import { randomBytes, randomUUID } from 'node:crypto';
import { type Client, createClient, type LogFields } from '@coffer/core';
import type { DriverManifest } from '@coffer/core/driver';
import { manifest } from '@coffer/drivers/mysql/manifest';
import { type AppConfig, createApp } from '../../packages/server/src/app.ts';
import { createTestingCloud, type TestingCloud } from '../../packages/server/src/clouds/testing/index.ts';
import type { App } from '../../packages/server/src/http/app-type.ts';
import { type BuiltinIdentity, createBuiltinIdentity } from '../../packages/server/src/identity/builtin.ts';
import { createSecretBox } from '../../packages/server/src/secrets.ts';
import type { HealthReport } from '../../packages/server/src/services/health.ts';
import { createStore, type Store } from '../../packages/server/src/store/store.ts';
import { createFakeGuests, type FakeGuests } from './fake-guest.ts';
import { newMember } from './member.ts';
import { testDatabase } from './postgres.ts';
import { SMALL } from './quotas.ts';
import { recordingLogger } from './recording-logger.ts';

export const BASE = 'http://db.test:8779';

/** A project with a user in it, logged in. */
export interface Account {
  projectId: string;
  projectName: string;
  userName: string;
  password: string;
  token: string;
  client: Client;
}

export interface TestApi extends AsyncDisposable {
  app: App;
  store: Store;
  identity: BuiltinIdentity;
  guests: FakeGuests;
  cloud: TestingCloud;
  manifest: DriverManifest;
  /** What the health check reports; tests change it. */
  health: HealthReport;
  /** What was logged as an error: nothing, unless a test wants it. */
  errors: { fields: LogFields; message: string }[];
  /** A new project and user with this role, and the client of both. */
  account(role?: 'member' | 'admin'): Promise<Account>;
  /** A request that no client would make. Paths begin after the host. */
  raw(
    method: string,
    path: string,
    options?: { token?: string; body?: string | Uint8Array<ArrayBuffer>; headers?: Record<string, string> },
  ): Promise<Response>;
  /** What the worker would bring an instance to. */
  activate(id: string): Promise<void>;
}

/** The whole app in this process: a database of its own, guests and a cloud in memory, every answer checked against the document. */
export async function startApi(config: Partial<AppConfig> = {}): Promise<TestApi> {
  const database = await testDatabase();
  const store = createStore({ url: database.url, maxConnections: 5 });
  await store.datastores.register({ sha256: '00'.repeat(32), manifest, code: Buffer.from('') });
  const identity = createBuiltinIdentity({ store, authUrl: `${BASE}/identity` });
  const guests = createFakeGuests();
  const cloud = createTestingCloud();
  const errors: TestApi['errors'] = [];
  const health: HealthReport = { store: { isOk: true }, broker: { isOk: true }, cloud: { isOk: true } };
  const app = createApp({
    store,
    guests,
    cloud,
    identity,
    builtin: identity,
    health: async () => health,
    secrets: createSecretBox([randomBytes(32)]),
    config: { region: 'RegionOne', quotas: SMALL, maxVolumeSizeGib: 10, validateResponses: true, ...config },
    log: recordingLogger(({ level, fields, message }) => {
      if (level === 'error') errors.push({ fields, message });
    }),
    newId: randomUUID,
  });

  return {
    app,
    store,
    identity,
    guests,
    cloud,
    manifest,
    health,
    errors,
    async account(role = 'member') {
      const suffix = randomBytes(4).toString('hex');
      const [userName, projectName] = [`user-${suffix}`, `project-${suffix}`];
      const { projectId, password, token } = await newMember(identity, { user: userName, project: projectName }, role);
      const client = createClient({
        baseUrl: BASE,
        token,
        project: projectId,
        fetch: async (request) => app.fetch(request),
      });
      return { projectId, projectName, userName, password, token, client };
    },
    async raw(method, path, { token, body, headers } = {}) {
      const request = new Request(`${BASE}${path}`, {
        method,
        headers: {
          ...(token && { 'X-Auth-Token': token }),
          ...(body !== undefined && { 'Content-Type': 'application/json' }),
          ...headers,
        },
        ...(body !== undefined && { body }),
      });
      return app.fetch(request);
    },
    async activate(id) {
      await store.instances.update(id, {
        task: 'none',
        serverStatus: 'ACTIVE',
        serviceStatus: 'healthy',
        serviceStatusAt: new Date(),
        addresses: [{ address: '10.1.0.5', type: 'private', networkId: randomUUID() }],
      });
    },
    async [Symbol.asyncDispose]() {
      await store.close();
      await database.drop();
    },
  };
}

/** The smallest body that makes an instance. */
export const newInstance = (extra: Record<string, unknown> = {}) => ({
  name: 'orders',
  flavorRef: '1',
  volume: { size: 2 },
  datastore: { type: 'mysql' },
  ...extra,
});

/** Makes an instance and brings it to where databases can be asked for. @returns its id. */
export async function healthyInstance(api: TestApi, { client }: Account): Promise<string> {
  const { data } = await client.POST('/v1.0/{project_id}/instances', { body: { instance: newInstance() } });
  if (!data) throw new Error('no instance was made');
  await api.activate(data.instance.id);
  return data.instance.id;
}
