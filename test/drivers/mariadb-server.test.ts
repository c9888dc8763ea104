import { randomUUID } from 'node:crypto';
import { silentLogger } from '@coffer/core';
import { type DriverContext, evaluateSizing, ofVersion, type Settings } from '@coffer/core/driver';
import type { TenantSession, TestGuest } from '@coffer/core/testing';
import mariadb from '@coffer/drivers/mariadb';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { createSession } from '../../packages/drivers/src/_shared/mysql-session.ts';
import { sql } from '../../packages/drivers/src/_shared/mysql-sql.ts';
import { engineHarness } from '../support/driver-harness.ts';
import { mysqlLogin } from '../support/mysql-login.ts';

// What is MariaDB's own; what every driver owes is in the suite.
const { manifest } = mariadb;
const op = () => ({ id: randomUUID(), signal: AbortSignal.timeout(60_000) });
const secret = () => `pw${randomUUID().replaceAll('-', '')}`;

function groupOf<T>(group: T | undefined): T {
  if (group === undefined) throw new Error('the group is missing');
  return group;
}

describe.each(process.env.COFFER_TEST_FULL ? ['11.8', '10.11'] : ['11.8'])('MariaDB %s', (name) => {
  const { version, charsets } = ofVersion(manifest, name);
  const names = version.parameters.map((parameter) => parameter.name);
  const sized = evaluateSizing(manifest, { memoryMib: manifest.minMemoryMib, vcpus: 1 });
  let guest: TestGuest;
  let driver: ReturnType<typeof mariadb.create>;
  let session: ReturnType<typeof createSession>;

  const configuration = () => groupOf(driver.configuration);
  const rows = (statement: ReturnType<typeof sql>) => session.use(op().signal, ({ run }) => run(statement));

  async function start(settings: Settings): Promise<void> {
    const spec = driver.container();
    await guest.start({ ...spec, files: [...spec.files, ...configuration().render(settings)] });
    await vi.waitFor(async () => expect(await driver.probe(op())).toEqual({ state: 'healthy' }), {
      timeout: 60_000,
      interval: 100,
    });
    await driver.initialise(op());
  }

  async function as<T>(user: string, password: string, work: (session: TenantSession) => Promise<T>): Promise<T> {
    const tenant = await mysqlLogin({ ...(await guest.tenantAddress()), user, password });
    try {
      return await work(tenant);
    } finally {
      await tenant.end();
    }
  }

  beforeAll(async () => {
    const { socket = '', minMemoryMib: memoryMib, port } = manifest;
    guest = await engineHarness.guest({ reach: 'socket', port, memoryMib, socket });
    const context: DriverContext = {
      version,
      image: version.image,
      settings: sized,
      memoryBytes: memoryMib << 20,
      serviceAccount: { user: 'os_admin', password: secret() },
      serverId: 7,
      endpoint: guest.endpoint,
      exec: guest.exec,
      log: silentLogger,
    };
    driver = mariadb.create(context);
    session = createSession({ title: 'MariaDB', endpoint: guest.endpoint, ...context.serviceAccount });
    await start(sized);
  }, 120_000);

  afterAll(async () => {
    await session?.close();
    await driver?.close();
    await guest?.remove();
  }, 60_000);

  it('has one account that is not locked, and it is the service’s by password', async () => {
    const open = sql`SELECT User, Host, JSON_VALUE(Priv, '$.plugin') FROM mysql.global_priv
      WHERE IFNULL(JSON_VALUE(Priv, '$.account_locked'), 0) = 0`;
    expect(await rows(open)).toEqual([['os_admin', 'localhost', 'mysql_native_password']]);
  });

  it('has the replication settings on from the first boot, and takes old binary logs away without a replica', async () => {
    const [row] = await rows(
      sql`SELECT @@log_bin, @@binlog_format, @@gtid_strict_mode, @@log_slave_updates, @@server_id, @@have_symlink`,
    );
    expect(row).toEqual(['1', 'ROW', '1', '1', '7', 'DISABLED']);
    const needed = await rows(sql`SHOW GLOBAL VARIABLES LIKE 'slave_connections_needed_for_purge'`);
    for (const [, value] of needed) expect(value).toBe('0');
  });

  it('has the character sets and collations of the manifest, the default first', async () => {
    const found = await rows(sql`SELECT CHARACTER_SET_NAME, FULL_COLLATION_NAME
      FROM information_schema.COLLATION_CHARACTER_SET_APPLICABILITY ORDER BY 1, IS_DEFAULT DESC, 2`);
    const bySet = Map.groupBy(found, ([set]) => String(set));
    const server = Object.fromEntries([...bySet].map(([set, list]) => [set, list.map(([, one]) => one)]));
    expect(charsets).toEqual(server);
  });

  it('never writes a password, neither into its logs nor where others see statements', async () => {
    const [one, two] = [secret(), secret()];
    const users = groupOf(driver.users);
    await configuration().apply({ general_log: true }, op());
    await users.create({ name: 'logged', password: one, databases: [] }, op());
    await users.alter({ name: 'logged' }, { password: two }, op());
    await groupOf(driver.root).enable(one, op());
    await configuration().apply({ general_log: null }, op());
    const log = (await guest.read('/var/lib/mysql-log/general.log')) ?? '';
    expect(log).toContain("CREATE USER 'logged'@'%'");
    for (const password of [one, two]) expect(log).not.toContain(password);
    await users.drop({ name: 'logged' }, op());
  });

  it('lets root give rights on databases by name, whatever is in it, and on nothing that others fit too', async () => {
    const [password, own] = [secret(), secret()];
    const [databases, users] = [groupOf(driver.databases), groupOf(driver.users)];
    for (const database of ['a_b', 'm%']) await databases.create({ name: database }, op());
    await users.create({ name: 'reader', password: own, databases: [] }, op());
    await groupOf(driver.root).enable(password, op());
    await databases.create({ name: 'later' }, op());
    await as('root', password, async (root) => {
      await root.query('CREATE TABLE later.t SELECT 42 AS answer');
      for (const place of ['`a\\_b`.*', '`m\\%`.*', 'later.*', 'later.t'])
        await root.query(`GRANT SELECT ON ${place} TO reader@'%'`);
      for (const place of ['`a_b`.*', '`m%`.*', '`m_%`.*', '`late_`.*', '`%`.*', 'mysql.*', '*.*'])
        await expect(root.query(`GRANT SELECT ON ${place} TO reader@'%'`), place).rejects.toThrow(/denied/);
      for (const more of ["IDENTIFIED BY 'mine'", 'REQUIRE X509', 'WITH MAX_USER_CONNECTIONS 1'])
        await expect(root.query(`GRANT SELECT ON later.* TO os_admin@localhost ${more}`), more).rejects.toThrow(
          /denied/,
        );
    });
    await as('reader', own, async (reader) => {
      expect(await reader.query('SELECT answer FROM later.t')).toEqual([[42]]);
      await expect(reader.query('DELETE FROM later.t')).rejects.toThrow(/denied/);
      await expect(reader.query('SELECT * FROM mysql.global_priv')).rejects.toThrow(/denied/);
    });
    expect(await users.get({ name: 'reader' }, op())).toMatchObject({ databases: ['a_b', 'later', 'm%'] });
    expect(await users.revoke({ name: 'reader' }, 'm%', op())).toBe('revoked');
    expect(await users.get({ name: 'reader' }, op())).toMatchObject({ databases: ['a_b', 'later'] });
  });

  it('makes tables nowhere but in its own folder', async () => {
    const password = secret();
    await groupOf(driver.root).enable(password, op());
    await groupOf(driver.databases).create({ name: 'inside' }, op());
    await as('root', password, (root) =>
      root.query("CREATE TABLE inside.t (i INT) ENGINE = MyISAM DATA DIRECTORY = '/tmp'"),
    );
    expect((await guest.exec(['ls', '-R', '/tmp'])).stdout).not.toContain('t.MYD');
    expect(await guest.read('/var/lib/mysql/inside/t.MYD')).toBe('');
  });

  it('says that it needs a restart for its first certificate, and lets everybody in until then', async () => {
    const tls = groupOf(driver.tls);
    const material = { ca: 'none', certificate: 'none', key: 'none', isRequired: true };
    await expect(tls.apply(material, op())).rejects.toMatchObject({
      code: 'guest_failed',
      detail: expect.stringContaining('restart the instance'),
    });
    expect(await tls.status(op())).toEqual({ isRequired: false });
  });

  it('makes no account by a grant', async () => {
    const grant = rows(sql`GRANT USAGE ON *.* TO ${'nobody'}@${'%'}`);
    await expect(grant).rejects.toThrow(/1133/);
    expect(await groupOf(driver.users).get({ name: 'nobody' }, op())).toBeUndefined();
  });

  it('takes everything that it has in force: by a change, and at its start', { timeout: 90_000 }, async () => {
    const read = await configuration().effective(names, op());
    expect(Object.keys(read).toSorted()).toEqual(names.toSorted());
    // Beyond what a number holds exactly lie only a few "no limit".
    const exact = Object.fromEntries(
      Object.entries(read).filter(([, value]) => typeof value !== 'number' || value <= Number.MAX_SAFE_INTEGER),
    );
    expect(Object.keys(exact).length).toBeGreaterThan(names.length - 10);
    const outcomes = await configuration().apply(exact, op());
    expect(Object.entries(outcomes).filter(([, { outcome }]) => outcome !== 'applied')).toEqual([]);
    await session.close();
    await driver.shutdown(op());
    await guest.ended(60_000);
    const settings = { ...exact, time_zone: '+05:30', collation_server: 'latin1_bin' };
    await start(settings);
    expect(await configuration().effective(Object.keys(settings), op())).toEqual(settings);
  });
});
