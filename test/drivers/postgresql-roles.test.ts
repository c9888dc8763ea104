import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { connect } from 'node:net';
import { Problem, silentLogger } from '@coffer/core';
import { type DatastoreDriver, type DriverContext, evaluateSizing, type Settings } from '@coffer/core/driver';
import type { TenantSession, TestGuest } from '@coffer/core/testing';
import postgresql from '@coffer/drivers/postgresql';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { engineHarness } from '../support/driver-harness.ts';
import { postgresqlLogin } from '../support/postgresql-login.ts';

// What is PostgreSQL's own in its roles; what every driver owes is in the suite.
const { manifest } = postgresql;
const PASSWORD = 'a-tenants-password';
const LOG = '/var/log/postgresql/postgresql.log';
const sized = evaluateSizing(manifest, { memoryMib: manifest.minMemoryMib, vcpus: 1 });
const op = () => ({ id: randomUUID(), signal: AbortSignal.timeout(30_000) });

function groupOf<T>(group: T | undefined): T {
  if (group === undefined) throw new Error('the group is missing');
  return group;
}

const versions = process.env.COFFER_TEST_FULL ? ['18', '17', '15'] : ['18'];

describe.each(versions)('PostgreSQL %s', (name) => {
  let guest: TestGuest;
  let driver: DatastoreDriver;
  const users = () => groupOf(driver.users);
  const databases = () => groupOf(driver.databases);
  const root = () => groupOf(driver.root);

  const make = (user: string, granted: string[] = []) =>
    users().create({ name: user, password: PASSWORD, databases: granted }, op());
  const grantsOf = async (user: string) => (await users().get({ name: user }, op()))?.databases;

  async function as(
    user: string,
    database: string | undefined,
    work: (session: TenantSession) => Promise<unknown>,
  ): Promise<void> {
    const place = database === undefined ? {} : { database };
    const session = await postgresqlLogin({ ...(await guest.tenantAddress()), user, password: PASSWORD, ...place });
    try {
      await work(session);
    } finally {
      await session.end();
    }
  }
  const run = (user: string, database: string | undefined, ...statements: string[]) =>
    as(user, database, async (session) => {
      for (const statement of statements) await session.query(statement);
    });
  async function rows(user: string, database: string, statement: string): Promise<unknown[][]> {
    let found: unknown[][] = [];
    await as(user, database, async (session) => {
      found = await session.query(statement);
    });
    return found;
  }
  const isShutOut = (user: string, database?: string) =>
    run(user, database).then(
      () => false,
      () => true,
    );

  async function configure(settings: Settings): Promise<void> {
    const configuration = groupOf(driver.configuration);
    await guest.lay(configuration.render({ ...sized, ...settings }));
    const outcomes = await configuration.apply(settings, op());
    for (const [parameter, { outcome }] of Object.entries(outcomes)) expect(outcome, parameter).toBe('applied');
  }

  beforeAll(async () => {
    const { socket = '', minMemoryMib: memoryMib, port } = manifest;
    const version = groupOf(manifest.versions.find((one) => one.name === name));
    guest = await engineHarness.guest({ reach: 'socket', port, memoryMib, socket });
    const context: DriverContext = {
      version,
      image: version.image,
      settings: sized,
      memoryBytes: memoryMib << 20,
      serviceAccount: { user: 'os_admin', password: `pw${randomUUID().replaceAll('-', '')}` },
      serverId: 7,
      endpoint: guest.endpoint,
      exec: guest.exec,
      log: silentLogger,
    };
    driver = postgresql.create(context);
    const spec = driver.container();
    await guest.start({ ...spec, files: [...spec.files, ...groupOf(driver.configuration).render(sized)] });
    await vi.waitFor(async () => expect(await driver.probe(op())).toEqual({ state: 'healthy' }), {
      timeout: 60_000,
      interval: 100,
    });
    await driver.initialise(op());
  }, 120_000);

  afterEach(async () => {
    await root().disable(op());
    for (const one of (await users().list({ limit: 1000 }, op())).items) await users().drop(one, op());
    for (const one of (await databases().list({ limit: 1000 }, op())).items) await databases().drop(one.name, op());
  }, 60_000);

  afterAll(async () => {
    await driver?.close();
    await guest?.remove();
  }, 60_000);

  it('leaves no password and no verifier in a log that has everything', async () => {
    await configure({ log_statement: 'all', log_min_duration_sample: 0, log_statement_sample_rate: 1 });
    await databases().create({ name: 'shop' }, op());
    for (let time = 0; time < 2; time += 1) await make('anna', ['shop']);
    await users().alter({ name: 'anna' }, { password: `${PASSWORD}-2` }, op());
    await root().enable(PASSWORD, op());
    await users().alter({ name: 'anna' }, { password: PASSWORD }, op());
    await run('anna', 'shop', 'CREATE TABLE kept (i INT)', `SELECT 'written-to-the-log'`);
    await users().drop({ name: 'anna' }, op());
    await configure({ log_statement: 'none', log_min_duration_sample: 250, log_statement_sample_rate: 0 });
    const log = (await guest.read(LOG)) ?? '';
    expect(log).toContain('written-to-the-log');
    expect(log).not.toContain(PASSWORD);
    expect(log).not.toContain('SCRAM-SHA-256$');
    expect(log).not.toMatch(/os_admin@\S+ LOG: {2}(statement|duration)/);
  });

  it('takes a password for the same that clients take for the same', async () => {
    const password = 'so\u00adft \u00aa\ufb01';
    await users().create({ name: 'anna', password, databases: [] }, op());
    for (const typed of [password, 'soft afi'])
      await (await postgresqlLogin({ ...(await guest.tenantAddress()), user: 'anna', password: typed })).end();
  });

  it('never takes a name that is too long for the one that it begins with', async () => {
    const [short, long] = ['n'.repeat(63), 'n'.repeat(64)];
    await databases().create({ name: short }, op());
    await make(short, [short]);
    const calls = [
      () => databases().create({ name: long }, op()),
      () => databases().drop(long, op()),
      () => make(long),
      () => make(short, [long]),
      () => users().alter({ name: long }, { password: 'other' }, op()),
      () => users().alter({ name: short }, { name: long }, op()),
      () => users().grant({ name: long }, [short], op()),
      () => users().grant({ name: short }, [long], op()),
      () => users().revoke({ name: long }, short, op()),
      () => users().revoke({ name: short }, long, op()),
      () => users().drop({ name: long }, op()),
      () => make('é'.repeat(32)),
    ];
    for (const call of calls) await expect(call(), String(call)).rejects.toMatchObject({ code: 'bad_request' });
    expect(await users().get({ name: long }, op())).toBeUndefined();
    expect(await grantsOf(short)).toEqual([short]);
    expect(await isShutOut(short, short)).toBe(false);
  });

  it('lets all users of a database work on everything in it, and no others', async () => {
    for (const one of ['shop', 'other']) await databases().create({ name: one }, op());
    await make('anna', ['shop']);
    await make('bert', ['shop']);
    await make('carl', ['other']);
    await run('anna', 'shop', 'CREATE TABLE kept (i INT)', 'CREATE SCHEMA s', 'CREATE TABLE s.t (i INT)');
    await run('bert', 'shop', 'ALTER TABLE kept ADD j INT', 'DROP TABLE s.t', 'DROP SCHEMA s');
    for (const database of ['shop', 'template1', 'template0']) expect(await isShutOut('carl', database)).toBe(true);
    await users().drop({ name: 'anna' }, op());
    expect(await rows('bert', 'shop', 'SELECT * FROM kept')).toEqual([]);
    for (const statement of ['CREATE TABLE t (i INT)', 'CREATE TEMPORARY TABLE t (i INT)', 'CREATE SCHEMA s'])
      await expect(run('carl', undefined, statement), statement).rejects.toThrow();
  });

  it('has the extensions for everybody that PostgreSQL itself trusts, and no others', async () => {
    await databases().create({ name: 'shop' }, op());
    await make('anna', ['shop']);
    await run('anna', 'shop', 'CREATE EXTENSION pgcrypto', 'CREATE EXTENSION hstore');
    for (const untrusted of ['file_fdw', 'dblink', 'postgres_fdw', 'adminpack', 'pageinspect', 'pg_stat_statements'])
      await expect(run('anna', 'shop', `CREATE EXTENSION ${untrusted}`), untrusted).rejects.toThrow();
  });

  it('keeps shut what was taken away, whatever door was left open', async () => {
    await databases().create({ name: 'shop' }, op());
    await make('anna', ['shop']);
    await run(
      'anna',
      'shop',
      'GRANT ALL ON DATABASE shop TO anna WITH GRANT OPTION',
      'GRANT ALL ON DATABASE shop TO PUBLIC',
    );
    expect(await users().revoke({ name: 'anna' }, 'shop', op())).toBe('revoked');
    expect(await isShutOut('anna', 'shop')).toBe(true);
    expect(await isShutOut('anna')).toBe(false);
  });

  it('drops a user with all that is in its name, also in a database that is set against it', async () => {
    for (const one of ['shop', 'shut']) await databases().create({ name: one }, op());
    await make('anna', ['shop', 'shut']);
    await make('bert', ['shop', 'shut']);
    for (const one of ['shop', 'shut'])
      await run(
        'anna',
        one,
        'SET ROLE none',
        'SELECT lo_create(0)',
        'SET ROLE anna',
        'CREATE TEMPORARY TABLE t (i INT)',
      );
    await run('anna', undefined, 'SELECT lo_create(0)');
    const own = ['GRANT CREATE ON SCHEMA public TO anna', 'SET ROLE none', 'CREATE TABLE mine (i INT)'];
    await run('anna', 'shop', ...own);
    await run(
      'anna',
      'shut',
      ...own,
      'GRANT SELECT ON mine TO bert',
      'RESET ROLE',
      "ALTER DATABASE shut SET SESSION AUTHORIZATION 'anna'",
      "ALTER DATABASE shut SET role = 'anna'",
      "ALTER DATABASE shut SET search_path = 'public'",
      'ALTER DATABASE shut SET default_transaction_read_only = on',
      'ALTER DATABASE shut SET statement_timeout = 1',
      "ALTER DATABASE shut SET local_preload_libraries = 'not_there'",
      'ALTER DATABASE shut CONNECTION LIMIT 0',
    );
    await run('bert', undefined, 'ALTER DATABASE shut ALLOW_CONNECTIONS false').catch(() => {});
    expect(await users().drop({ name: 'anna' }, op())).toBe('dropped');
    expect(await users().drop({ name: 'anna' }, op())).toBe('missing');
    expect((await users().list({ limit: 10 }, op())).items.map((user) => user.name)).toEqual(['bert']);
    expect((await databases().list({ limit: 10 }, op())).items.map((one) => one.name)).toEqual(['shop', 'shut']);
    expect(await rows('bert', 'shop', 'SELECT * FROM mine')).toEqual([]);
    expect(await databases().drop('shut', op())).toBe('dropped');
  });

  it('shares a database that root has made, with what is in it, and leaves root the others', async () => {
    await root().enable(PASSWORD, op());
    await run('root', undefined, 'CREATE DATABASE made', 'CREATE DATABASE kept');
    for (const one of ['made', 'kept']) await run('root', one, 'CREATE TABLE t (i INT)');
    await make('anna', ['made']);
    expect(await grantsOf('anna')).toEqual(['made']);
    await run('anna', 'made', 'ALTER TABLE t ADD j INT');
    await run('root', 'made', 'DROP TABLE t', 'CREATE TABLE u (i INT)');
    await run('anna', 'made', 'DROP TABLE u');
    await run('root', 'kept', 'SELECT * FROM t');
    const owner = "SELECT pg_get_userbyid(datdba) FROM pg_database WHERE datname = 'kept'";
    expect(await rows('root', 'kept', owner)).toEqual([['root']]);
    await expect(run('anna', 'kept', 'SELECT * FROM t')).rejects.toThrow('permission denied');
    await run('root', undefined, 'ALTER DATABASE made OWNER TO root');
    expect(await users().grant({ name: 'anna' }, ['made'], op())).toBe('granted');
    await run('anna', 'made', 'CREATE TABLE v (i INT)');
    await run('root', undefined, 'ALTER DATABASE kept IS_TEMPLATE true', 'ALTER DATABASE kept ALLOW_CONNECTIONS false');
    await make('bert', ['kept']);
    for (const one of ['made', 'kept']) expect(await databases().drop(one, op())).toBe('dropped');
  });

  it('finds its way in when tenants hold every connection', async () => {
    await databases().create({ name: 'shop' }, op());
    await make('anna', ['shop']);
    await run('anna', 'shop', 'SET ROLE none', 'SELECT lo_create(0)');
    await driver.close();
    const held: TenantSession[] = [];
    const account = { ...(await guest.tenantAddress()), user: 'anna', password: PASSWORD, database: 'shop' };
    const full = await (async () => {
      for (;;) held.push(await postgresqlLogin(account));
    })().catch((error: unknown) => error);
    expect(full).toMatchObject({ code: '53300' });
    expect(held.length).toBeGreaterThan(3);
    expect(await driver.probe(op())).toEqual({ state: 'healthy' });
    expect(await make('bert', ['shop'])).toBe('created');
    expect(await users().drop({ name: 'anna' }, op())).toBe('dropped');
    for (const session of held) await session.end().catch(() => {});
  });

  it('drops a database while somebody is in the middle of a login', async () => {
    await databases().create({ name: 'shop' }, op());
    await make('anna', ['shop']);
    const { host, port } = await guest.tenantAddress();
    const body = Buffer.from('\0\x03\0\0user\0anna\0database\0shop\0\0', 'latin1');
    const length = Buffer.alloc(4);
    length.writeUInt32BE(body.length + 4);
    const socket = connect({ host, port }).on('error', () => {});
    socket.write(Buffer.concat([length, body]));
    // It is asked for its password, and gives none.
    await once(socket, 'data');
    const since = Date.now();
    expect(await databases().drop('shop', op())).toBe('dropped');
    expect(Date.now() - since).toBeLessThan(4_000);
    socket.destroy();
  });

  it('says which database is missing, and makes no user before it', async () => {
    const refusal = await make('anna', ['nowhere']).catch((error: unknown) => error);
    expect(refusal).toBeInstanceOf(Problem);
    expect(refusal).toMatchObject({ code: 'database_missing', detail: expect.stringContaining('nowhere') });
    expect(await users().get({ name: 'anna' }, op())).toBeUndefined();
  });
});
