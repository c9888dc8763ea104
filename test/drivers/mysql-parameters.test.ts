import { randomUUID } from 'node:crypto';
import { silentLogger } from '@coffer/core';
import { type DriverContext, evaluateSizing, type ParameterOutcome, type Settings } from '@coffer/core/driver';
import type { TestGuest } from '@coffer/core/testing';
import mysql from '@coffer/drivers/mysql';
import { createConnection } from 'mysql2/promise';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { createSession } from '../../packages/drivers/src/_shared/mysql-session.ts';
import { sql } from '../../packages/drivers/src/_shared/mysql-sql.ts';
import { engineHarness } from '../support/driver-harness.ts';

// What is MySQL's own in its parameters; what every driver owes is in the suite.
const { manifest } = mysql;
const catalogue = manifest.versions.find(({ default: isDefault }) => isDefault)?.parameters ?? [];
const names = catalogue.map(({ name }) => name);
const sized = evaluateSizing(manifest, { memoryMib: manifest.minMemoryMib, vcpus: 1 });
const op = () => ({ id: randomUUID(), signal: AbortSignal.timeout(60_000) });

let guest: TestGuest;
let driver: ReturnType<typeof mysql.create>;
let session: ReturnType<typeof createSession>;

function groupOf<T>(group: T | undefined): T {
  if (group === undefined) throw new Error('the group is missing');
  return group;
}
const configuration = () => groupOf(driver.configuration);
const apply = (changes: Record<string, string | number | boolean | null>) => configuration().apply(changes, op());
const effective = (...wanted: string[]) => configuration().effective(wanted, op());
const applied = (settings: Record<string, unknown>): Record<string, ParameterOutcome> =>
  Object.fromEntries(Object.keys(settings).map((name) => [name, { outcome: 'applied' }]));

async function start(settings: Settings): Promise<void> {
  const spec = driver.container();
  await guest.start({ ...spec, files: [...spec.files, ...configuration().render(settings)] });
  await vi.waitFor(async () => expect(await driver.probe(op())).toEqual({ state: 'healthy' }), {
    timeout: 60_000,
    interval: 100,
  });
  await driver.initialise(op());
}

async function restart(settings: Settings): Promise<void> {
  await session.close();
  await driver.shutdown(op());
  await guest.ended(60_000);
  await start(settings);
}

beforeAll(async () => {
  const { socket = '', minMemoryMib: memoryMib, port } = manifest;
  guest = await engineHarness.guest({ reach: 'socket', port, memoryMib, socket });
  const context: DriverContext = {
    version: { name: '9.7', number: '9.7.4' },
    image: 'coffer/mysql:9.7',
    settings: sized,
    memoryBytes: memoryMib << 20,
    serviceAccount: { user: 'os_admin', password: `pw${randomUUID().replaceAll('-', '')}` },
    serverId: 7,
    endpoint: guest.endpoint,
    exec: guest.exec,
    log: silentLogger,
  };
  driver = mysql.create(context);
  session = createSession({ title: 'MySQL', endpoint: guest.endpoint, ...context.serviceAccount });
  await start(sized);
}, 120_000);

afterAll(async () => {
  await session?.close();
  await driver?.close();
  await guest?.remove();
}, 60_000);

describe('a value that MySQL does not take as it is', () => {
  it.each([
    ['max_connections', 10_000_000, /1231/],
    ['max_connections', -5, /1231/],
    ['innodb_flush_log_at_trx_commit', 9, /1231/],
    ['innodb_buffer_pool_size', 1e18, /1231/],
    ['max_connections', 'abc', /1232/],
    ['max_connections', 1.5, /1232/],
    ['event_scheduler', 'BOGUS', /1231/],
    ['sql_mode', 'ANSI_QUOTES,BOGUS', /1231/],
    ['time_zone', 'Nowhere/Land', /1298/],
    ['collation_server', "utf8mb4_bin' OR '1", /1273/],
    ['innodb_max_dirty_pages_pct_lwm', 99, /made 90 of it/],
  ])('%s = %s is rejected and says why, and keeps none of the others back', async (name, value, reason) => {
    const before = await effective(name);
    const outcomes = await apply({ [name]: value, connect_timeout: 11 });
    expect(outcomes).toEqual({
      [name]: { outcome: 'rejected', reason: expect.stringMatching(reason) },
      connect_timeout: { outcome: 'applied' },
    });
    if (!reason.source.includes('made')) expect(await effective(name)).toEqual(before);
    expect(await apply({ ...before, connect_timeout: null })).toEqual(applied({ [name]: 0, connect_timeout: 0 }));
  });

  it('is the same to both where it is only rounded', async () => {
    expect(await apply({ max_allowed_packet: 2_000_001 })).toEqual(applied({ max_allowed_packet: 0 }));
    expect(await effective('max_allowed_packet')).toEqual({ max_allowed_packet: 1953 * 1024 });
    expect(await apply({ max_allowed_packet: null })).toEqual(applied({ max_allowed_packet: 0 }));
  });
});

describe('the buffer pool', () => {
  const MIB = 1024 ** 2;

  it('takes one size after the other, though it is still at work on the one before', async () => {
    for (const [asked, got] of [
      [300_000_001, 384 * MIB],
      [600 * MIB, 640 * MIB],
      [128 * MIB, 128 * MIB],
      [5 * MIB, 128 * MIB],
    ] as const) {
      expect(await apply({ innodb_buffer_pool_size: asked })).toEqual(applied({ innodb_buffer_pool_size: asked }));
      expect(await effective('innodb_buffer_pool_size')).toEqual({ innodb_buffer_pool_size: got });
    }
  });
});

describe('what is in force', () => {
  it('can be applied and rendered as it was read: nothing is lost in types, quotes or units', {
    timeout: 90_000,
  }, async () => {
    const read = await effective(...names);
    expect(Object.keys(read).toSorted()).toEqual(names.toSorted());
    // Beyond what a number holds exactly lie only a few "no limit".
    const exact = Object.fromEntries(
      Object.entries(read).filter(([, value]) => typeof value !== 'number' || value <= Number.MAX_SAFE_INTEGER),
    );
    expect(Object.keys(exact).length).toBeGreaterThan(names.length - 10);
    expect(await apply(exact)).toEqual(applied(exact));
    await restart(exact);
    expect(await effective(...Object.keys(exact))).toEqual(exact);
  });

  it('is of the files after a restart, whatever somebody persisted', { timeout: 90_000 }, async () => {
    await session.use(op().signal, ({ run }) => run(sql`SET PERSIST innodb_lock_wait_timeout = 77`));
    expect(await effective('innodb_lock_wait_timeout')).toEqual({ innodb_lock_wait_timeout: 77 });
    const settings = { ...sized, time_zone: '+05:30', collation_server: 'latin1_bin', sql_mode: 'ANSI_QUOTES' };
    await restart(settings);
    expect(await effective('innodb_lock_wait_timeout', ...Object.keys(settings))).toEqual({
      ...settings,
      innodb_lock_wait_timeout: 50,
    });
  });
});

describe('the service’s own session', () => {
  const hostile = { sql_mode: 'ANSI_QUOTES,NO_BACKSLASH_ESCAPES,PAD_CHAR_TO_FULL_LENGTH', max_execution_time: 1 };
  const odd = ['end\\', "o'brien\\", '"quoted"', "x'; DROP USER anna; --", '`tick`', 'a\\" b'];

  it('is what it must be, whatever the tenant makes the default of sessions', async () => {
    expect(await apply(hostile)).toEqual(applied(hostile));
    await session.close();
    await driver.close();
    const [row] = await session.use(op().signal, ({ run }) =>
      run(sql`SELECT @@GLOBAL.sql_mode, @@SESSION.sql_mode, @@SESSION.max_execution_time, @@SESSION.lock_wait_timeout`),
    );
    expect(row).toEqual([
      'ANSI_QUOTES,NO_BACKSLASH_ESCAPES,PAD_CHAR_TO_FULL_LENGTH',
      'STRICT_ALL_TABLES,NO_ENGINE_SUBSTITUTION',
      '0',
      '10',
    ]);
  });

  it('makes hostile names and passwords what they are, and nothing else', { timeout: 60_000 }, async () => {
    const [databases, users] = [groupOf(driver.databases), groupOf(driver.users)];
    for (const name of odd) {
      expect(await databases.create({ name }, op()), name).toBe('created');
      expect(await users.create({ name, password: `pw-${name}`, databases: [name] }, op()), name).toBe('created');
    }
    const byBytes = (left: string, right: string) => Buffer.compare(Buffer.from(left), Buffer.from(right));
    const listed = await databases.list({ limit: 100 }, op());
    expect(listed.items.map(({ name }) => name)).toEqual(odd.toSorted(byBytes));
    expect((await users.list({ limit: 100 }, op())).items).toHaveLength(odd.length);
    for (const name of odd) {
      expect(await users.get({ name }, op())).toEqual({ name, host: '%', databases: [name] });
      const tenant = await createConnection({
        ...(await guest.tenantAddress()),
        user: name,
        password: `pw-${name}`,
        database: name,
      });
      // The tenant has what he asked for.
      expect((await tenant.query('SELECT @@sql_mode AS mode'))[0]).toEqual([
        { mode: expect.stringContaining('NO_BACKSLASH_ESCAPES') },
      ]);
      await tenant.end();
      expect(await users.drop({ name }, op())).toBe('dropped');
      expect(await databases.drop(name, op())).toBe('dropped');
    }
  });
});
