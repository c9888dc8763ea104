import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import type { Settings } from '../driver/configuration.ts';
import type { DatastoreDriver, Health } from '../driver/driver.ts';
import type { CapabilityGroup } from '../driver/manifest.ts';
import type { TlsMaterial } from '../driver/tls.ts';
import type { UserInfo } from '../driver/users.ts';
import type { ContainerFile } from '../runtime.ts';
import { operation, type RecordedContext, recordedContext, SERVICE_PASSWORD, until } from './driver-context.ts';
import { allPages } from './driver-expect.ts';
import type {
  DriverTest,
  GuestOptions,
  TenantSession,
  TenantWords,
  TestAuthority,
  TestGuest,
} from './driver-harness.ts';

const START_MS = 60_000;

const SQL: TenantWords = {
  ping: (session) => session.query('SELECT 1'),
  async write(session, key, value) {
    await session.query('CREATE TABLE IF NOT EXISTS kept (k VARCHAR(64) PRIMARY KEY, v VARCHAR(64))');
    await session.query(`DELETE FROM kept WHERE k = '${key}'`);
    await session.query(`INSERT INTO kept VALUES ('${key}', '${value}')`);
  },
  async read(session, key) {
    const [row] = await session.query(`SELECT v FROM kept WHERE k = '${key}'`);
    return row?.[0] === undefined ? undefined : String(row[0]);
  },
};

export interface LoginMore {
  database?: string | undefined;
  tls?: { ca: string };
}

/** A running database, its driver, and the ways in that a tenant has. */
export interface World {
  guest: TestGuest;
  context: RecordedContext;
  /** Remembers what its calls throw. */
  driver: DatastoreDriver;
  /** Every state that was seen from the start to the first `healthy`. */
  firstStates: readonly Health['state'][];
  /** What calls during the first start threw, or gave. */
  early: readonly unknown[];
  problems: unknown[];
  /** Another driver over the same database, as after a restart of the agent. */
  another(): DatastoreDriver;
  /** Starts the database with what is laid, and waits until it serves. The one before has ended. */
  start(): Promise<void>;
  /** What the next start, and {@link lay}, is to find. */
  settings: Settings;
  material: TlsMaterial | undefined;
  authority: TestAuthority | undefined;
  /** Lays the files of settings and TLS. */
  lay(): Promise<void>;
  group<K extends CapabilityGroup>(name: K): NonNullable<DatastoreDriver[K]>;
  /** A password that must not be seen anywhere. */
  secret(): string;
  secrets: readonly string[];
  words: TenantWords;
  login(user: string, password: string, more?: LoginMore): Promise<TenantSession>;
  isShutOut(user: string, password: string, more?: LoginMore): Promise<boolean>;
  as<T>(user: string, password: string, more: LoginMore, work: (session: TenantSession) => Promise<T>): Promise<T>;
  /** Whether the session has been ended. */
  isDead(session: TenantSession): Promise<boolean>;
  users(): Promise<UserInfo[]>;
  databases(): Promise<string[]>;
  /** Takes away whatever is a tenant's, as far as it can be. */
  tidy(): Promise<void>;
}

/** A driver that remembers what its calls are rejected with. */
function recorded(driver: DatastoreDriver, problems: unknown[]): DatastoreDriver {
  const watch = <T extends object>(target: T): T =>
    new Proxy(target, {
      get(from, key) {
        const found: unknown = Reflect.get(from, key);
        if (typeof found === 'object' && found !== null) return watch(found);
        if (typeof found !== 'function') return found;
        return (...args: unknown[]) => {
          const given: unknown = Reflect.apply(found, from, args);
          if (given instanceof Promise) given.catch((error: unknown) => problems.push(error));
          return given;
        };
      },
    });
  return watch(driver);
}

/** Starts a database from nothing, as an agent would, and notes how it comes up. */
export async function openWorld(
  test: DriverTest,
  reach: GuestOptions['reach'],
  more: Pick<GuestOptions, 'diskMib'> = {},
): Promise<World & AsyncDisposable> {
  const { manifest } = test.factory;
  const { socket } = manifest;
  const guest = await test.harness.guest({
    reach,
    port: manifest.port,
    memoryMib: manifest.minMemoryMib,
    ...(socket !== undefined && { socket }),
    ...more,
  });
  const context = recordedContext(test, guest);
  const problems: unknown[] = [];
  const another = (): DatastoreDriver => recorded(test.factory.create(context), problems);
  const driver = another();
  const secrets: string[] = [SERVICE_PASSWORD];
  const firstStates: Health['state'][] = [];
  const early: unknown[] = [];
  const words = test.words ?? SQL;

  const healthy = (): Promise<unknown> =>
    until(
      'a healthy database',
      START_MS,
      () => driver.probe(operation()),
      (health) => health.state === 'healthy',
    );

  const files = (): ContainerFile[] => [
    ...(driver.configuration?.render(world.settings) ?? []),
    ...(driver.tls && world.material ? driver.tls.files(world.material) : []),
  ];

  const login: World['login'] = async (user, password, { database, tls } = {}) =>
    test.login({
      ...(await guest.tenantAddress()),
      user,
      password,
      ...(database !== undefined && { database }),
      ...(tls && { tls }),
    });

  const world: World & AsyncDisposable = {
    guest,
    context,
    driver,
    firstStates,
    early,
    problems,
    another,
    settings: context.settings,
    material: undefined,
    authority: undefined,
    secrets,
    words,
    login,
    secret() {
      const drawn = `pw${randomUUID().replaceAll('-', '')}`;
      secrets.push(drawn);
      return drawn;
    },
    group(name) {
      const found = driver[name];
      if (!found) throw new Error(`the group ${name} is missing`);
      return found;
    },
    async start() {
      const spec = driver.container();
      await guest.start({ ...spec, files: [...spec.files, ...files()] });
      await healthy();
    },
    lay: () => guest.lay(files()),
    async isShutOut(user, password, loginMore) {
      try {
        const session = await login(user, password, loginMore);
        await session.end();
        return false;
      } catch {
        return true;
      }
    },
    async as(user, password, loginMore, work) {
      const session = await login(user, password, loginMore);
      try {
        return await work(session);
      } finally {
        await session.end().catch(() => {});
      }
    },
    async isDead(session) {
      try {
        await words.ping(session);
        return false;
      } catch {
        await session.end().catch(() => {});
        return true;
      }
    },
    users: async () => (await allPages(1000, (page) => world.group('users').list(page, operation()))).flat(),
    databases: async () =>
      (await allPages(1000, (page) => world.group('databases').list(page, operation()))).flat().map(({ name }) => name),
    async tidy() {
      guest.wire.flow();
      const quietly = async (work: () => Promise<unknown>): Promise<void> => void (await work().catch(() => {}));
      if (driver.users)
        for (const { name, host } of await world.users().catch((): UserInfo[] => []))
          await quietly(() => world.group('users').drop({ name, host }, operation()));
      if (driver.databases)
        for (const name of await world.databases().catch((): string[] => []))
          await quietly(() => world.group('databases').drop(name, operation()));
    },
    async [Symbol.asyncDispose]() {
      await driver.close().catch(() => {});
      await guest.remove();
    },
  };

  /** What is asked of a database that is not up yet. */
  async function look(): Promise<Health> {
    const health = await driver.probe(operation(5_000));
    firstStates.push(health.state);
    if (health.state !== 'healthy' && driver.databases)
      early.push(await driver.databases.list({ limit: 1 }, operation(1_000)).catch((error: unknown) => error));
    return health;
  }

  try {
    if (driver.tls) {
      world.authority = await test.harness.authority();
      const { ca } = world.authority;
      world.material = { ca, ...(await world.authority.issue()), isRequired: false };
    }
    const spec = driver.container();
    await guest.start({ ...spec, files: [...spec.files, ...files()] });
    await until('a healthy database', START_MS, look, (health) => health.state === 'healthy');
    return world;
  } catch (error) {
    const said = await guest.output().catch(() => '');
    await world[Symbol.asyncDispose]();
    const what = error instanceof Error ? error.message : String(error);
    throw new assert.AssertionError({ message: `the database did not start: ${what}\n${said.slice(-2_000)}` });
  }
}
