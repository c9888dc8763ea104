import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ContainerSpec } from '@coffer/core';
import type { DatastoreDriver, DriverFactory, DriverManifest, Health, UserSpec } from '@coffer/core/driver';
import type { InstanceSpec } from '@coffer/core/rpc';

export const INSTANCE = '11111111-2222-4333-8444-555555555555';

export const spec: InstanceSpec = {
  instanceId: INSTANCE,
  revision: 1,
  datastore: 'fakedb',
  version: { name: '1', number: '1.0' },
  image: { reference: 'fakedb:1' },
  settings: {},
  memoryMib: 256,
  vcpus: 1,
  volume: { device: '/dev/vdb', sizeGib: 1 },
  network: { address: '10.9.0.5', prefixLength: 24, gateway: '10.9.0.1' },
  serverId: 7,
};

export const manifest: DriverManifest = {
  api: 1,
  datastore: 'fakedb',
  title: 'FakeDB',
  versions: [],
  port: 4000,
  socket: '/run/fakedb/db.sock',
  groups: ['databases', 'users', 'root'],
  minMemoryMib: 64,
  names: {
    database: { maxCharacters: 64, forbidden: '/' },
    user: { maxCharacters: 32 },
    password: { minBytes: 1, maxBytes: 255 },
    hosts: true,
  },
  reserved: { databases: ['system'], users: ['root'] },
  charsets: {},
  sizing: [],
  parameters: [],
};

export const container: ContainerSpec = {
  image: 'fakedb:1',
  args: ['serve'],
  env: {},
  files: [{ path: '/run/secrets/password', content: 'hidden-password', mode: 0o400, uid: 999 }],
  mounts: [
    { kind: 'data', folder: 'db', target: '/var/lib/fakedb', uid: 999 },
    { kind: 'run', target: '/run/fakedb', uid: 999 },
    { kind: 'tmpfs', target: '/tmp', sizeBytes: 1024, mode: 0o1777 },
  ],
  capabilities: ['CHOWN'],
  readOnlyRoot: true,
  stopSignal: 'SIGTERM',
  stopTimeoutMs: 5000,
};

/** A database of lists, whose health a test sets. */
export function fakeDriver() {
  const databases = new Set<string>();
  const users = new Map<string, UserSpec>();
  const calls: string[] = [];
  const fake = {
    health: { state: 'healthy' } as Health,
    probe: async (): Promise<Health> => fake.health,
    databases,
    users,
    calls,
    initialise: async (): Promise<void> => {},
    factory: { manifest, create } as DriverFactory,
    /** Root's password while it is enabled. */
    root: undefined as string | undefined,
    without: undefined as 'databases' | 'users' | 'root' | undefined,
  };
  function create(): DatastoreDriver {
    const key = ({ name, host = '%' }: { name: string; host?: string }): string => `${name}@${host}`;
    const driver: DatastoreDriver = {
      container: () => container,
      async initialise() {
        calls.push('initialise');
        await fake.initialise();
      },
      probe: () => fake.probe(),
      async shutdown() {
        calls.push('shutdown');
      },
      async close() {
        calls.push('close');
      },
      databases: {
        async list({ limit, marker = '' }) {
          const items = [...databases]
            .sort()
            .filter((name) => name > marker)
            .map((name) => ({ name }));
          const page = items.slice(0, limit);
          const last = page.at(-1)?.name;
          return { items: page, ...(items.length > limit && last !== undefined && { next: last }) };
        },
        async create({ name }) {
          calls.push(`create ${name}`);
          if (databases.has(name)) return 'exists';
          databases.add(name);
          return 'created';
        },
        drop: async (name) => (databases.delete(name) ? 'dropped' : 'missing'),
      },
      users: {
        list: async () => ({ items: [] }),
        async get(user) {
          const found = users.get(key(user));
          return found && { name: found.name, host: found.host ?? '%', databases: [...found.databases] };
        },
        async create(user) {
          const outcome = users.has(key(user)) ? 'exists' : 'created';
          users.set(key(user), user);
          return outcome;
        },
        async alter(user, changes) {
          calls.push(`alter ${key(user)}`);
          const found = users.get(key(user));
          const next = { ...(found ?? { databases: [], password: '' }), ...user, ...changes };
          const isTaken = key(next) !== key(user) && users.has(key(next));
          if (!found) return isTaken ? 'altered' : 'missing';
          if (isTaken) return 'exists';
          users.delete(key(user));
          users.set(key(next), next);
          return 'altered';
        },
        async grant(user, more) {
          const found = users.get(key(user));
          if (!found) return 'missing';
          users.set(key(user), { ...found, databases: [...new Set([...found.databases, ...more])] });
          return 'granted';
        },
        async revoke(user, database) {
          calls.push(`revoke ${database}`);
          const found = users.get(key(user));
          if (!found?.databases.includes(database)) return 'missing';
          users.set(key(user), { ...found, databases: found.databases.filter((name) => name !== database) });
          return 'revoked';
        },
        drop: async (user) => (users.delete(key(user)) ? 'dropped' : 'missing'),
      },
      root: {
        status: async () => (fake.root === undefined ? 'disabled' : 'enabled'),
        async enable(password) {
          fake.root = password;
        },
        async disable() {
          const outcome = fake.root === undefined ? 'missing' : 'disabled';
          fake.root = undefined;
          return outcome;
        },
      },
    };
    if (fake.without) delete driver[fake.without];
    return driver;
  }
  return fake;
}

/** A folder of the test's own. @param after the test's hook that runs when it is through. */
export async function scratch(after: (clean: () => Promise<void>) => void): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'coffer-agent-'));
  after(() => rm(folder, { recursive: true, force: true }));
  return folder;
}
