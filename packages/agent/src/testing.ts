import { X509Certificate } from 'node:crypto';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ContainerSpec } from '@coffer/core';
import type {
  CapabilityGroup,
  DatastoreDriver,
  DriverFactory,
  DriverManifest,
  Health,
  LogSource,
  ParameterOutcome,
  ParameterValue,
  Settings,
  TlsMaterial,
  UserSpec,
} from '@coffer/core/driver';
import type { InstanceSpec } from '@coffer/core/rpc';
import type { FakeRuntime } from '@coffer/core/testing';
import type { KeptConfiguration } from './kept-configuration.ts';
import type { TlsKey } from './tls-keys.ts';

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
  versions: [
    {
      name: '1',
      number: '1.0',
      image: 'fakedb:1',
      active: true,
      parameters: [
        {
          name: 'size',
          type: 'integer',
          min: 1,
          max: 100,
          step: 5,
          maxByFlavor: { div: ['memoryMib', 4] },
          restartRequired: false,
        },
        { name: 'mode', type: 'string', enum: ['fast', 'safe'], restartRequired: false },
        { name: 'workers', type: 'integer', min: 1, max: 64, restartRequired: true },
        { name: 'broken', type: 'boolean', restartRequired: true },
      ],
    },
  ],
  port: 4000,
  socket: '/run/fakedb/db.sock',
  groups: ['databases', 'users', 'root', 'configuration', 'logs', 'tls', 'metrics'],
  minMemoryMib: 64,
  names: {
    database: { maxCharacters: 64, forbidden: '/' },
    user: { maxCharacters: 32 },
    password: { minBytes: 1, maxBytes: 255 },
    hosts: true,
  },
  reserved: { databases: ['system'], users: ['root'] },
  charsets: {},
  sizing: [{ parameter: 'size', value: 20 }],
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

/** What of the fake driver is pure; each stands by itself, so that its text can travel. */
export const pure = {
  render: (settings: Settings) => [{ path: '/etc/fakedb/parameters.json', content: JSON.stringify(settings) }],
  files: ({ ca, certificate, key, isRequired }: TlsMaterial) => [
    { path: '/etc/fakedb/tls/tls.pem', content: [ca, certificate, isRequired].join('\n') },
    { path: '/etc/fakedb/tls/key.pem', content: key, mode: 0o400, uid: 999 },
  ],
  sources: (): LogSource[] => [
    { name: 'error' },
    {
      name: 'slow_query',
      path: '/var/lib/fakedb/log/slow_query.log',
      switch: { on: { slow_log: true }, off: { slow_log: false } },
    },
  ],
};

const APPLIED: ParameterOutcome = { outcome: 'applied' };

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
    without: undefined as CapabilityGroup | undefined,
    /** In force, besides the defaults: size 20, mode safe, workers 4, slow_log false. */
    parameters: {} as Record<string, ParameterValue>,
    /** Overrides what becomes of a parameter that is told to the running database. */
    apply: (_name: string, _value: ParameterValue | null): ParameterOutcome | undefined => undefined,
    /** Fingerprint of the certificate that is shown. */
    shown: undefined as string | undefined,
    isTlsRequired: false,
    reopen: async (): Promise<void> => {},
    counts: { looks: 0, reopened: 0 },
  };
  const defaults: Settings = { size: 20, mode: 'safe', workers: 4, broken: false, slow_log: false };
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
      configuration: {
        render: pure.render,
        async apply(changes) {
          calls.push(`apply ${JSON.stringify(changes)}`);
          const outcomes = Object.entries(changes).map(([name, value]): [string, ParameterOutcome] => {
            const isDynamic = name !== 'workers' && name !== 'broken';
            const outcome = fake.apply(name, value) ?? (isDynamic ? APPLIED : { outcome: 'restart_required' });
            if (outcome.outcome === 'applied' && value === null) delete fake.parameters[name];
            if (outcome.outcome === 'applied' && value !== null) fake.parameters[name] = value;
            return [name, outcome];
          });
          return Object.fromEntries(outcomes);
        },
        async effective(names) {
          fake.counts.looks += 1;
          const inForce: Settings = { ...defaults, ...fake.parameters };
          return Object.fromEntries(
            names.flatMap((name) => (inForce[name] === undefined ? [] : [[name, inForce[name]]])),
          );
        },
      },
      logs: {
        sources: pure.sources,
        async reopen() {
          fake.counts.reopened += 1;
          await fake.reopen();
        },
      },
      tls: {
        files: pure.files,
        async apply({ certificate, isRequired }) {
          calls.push('apply tls');
          fake.shown = new X509Certificate(certificate).fingerprint256.replaceAll(':', '').toLowerCase();
          fake.isTlsRequired = isRequired;
        },
        status: async () => ({
          ...(fake.shown !== undefined && { fingerprint: fake.shown }),
          isRequired: fake.isTlsRequired,
        }),
      },
      metrics: {
        read: async () => ({ uptimeSeconds: 60, connections: { open: 1, limit: 10 }, engine: {} }),
      },
    };
    if (fake.without) Reflect.deleteProperty(driver, fake.without);
    return driver;
  }
  return fake;
}

/** What an agent keeps, in memory. */
export function memoryState() {
  const kept: { spec?: InstanceSpec; configuration?: KeptConfiguration; tlsKeys: readonly TlsKey[] } = { tlsKeys: [] };
  return {
    kept,
    spec: async () => kept.spec,
    async saveSpec(saved: InstanceSpec) {
      kept.spec = saved;
    },
    servicePassword: async () => 'drawn-password',
    configuration: async () => kept.configuration,
    async saveConfiguration(saved: KeptConfiguration) {
      kept.configuration = saved;
    },
    tlsKeys: async () => [...kept.tlsKeys],
    async saveTlsKeys(saved: readonly TlsKey[]) {
      kept.tlsKeys = saved;
    },
  };
}

/** Makes the fake database read its parameters at each start, and end at once where they say `broken`. */
export function readsItsFiles(runtime: FakeRuntime, fake: Pick<ReturnType<typeof fakeDriver>, 'parameters'>): void {
  const { start } = runtime;
  runtime.start = async (name) => {
    const isRunning = (await runtime.inspect(name))?.state === 'running';
    await start(name);
    const folder = runtime.created.get(name)?.binds?.find(({ target }) => target === '/etc/fakedb')?.source;
    if (isRunning || folder === undefined) return;
    fake.parameters = JSON.parse(await readFile(join(folder, 'parameters.json'), 'utf8'));
    if (fake.parameters.broken) runtime.die(name, 1);
  };
}

/** A folder of the test's own. @param after the test's hook that runs when it is through. */
export async function scratch(after: (clean: () => Promise<void>) => void): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'coffer-agent-'));
  after(() => rm(folder, { recursive: true, force: true }));
  return folder;
}
