import { randomBytes } from 'node:crypto';
import type { Client, Instance } from '@coffer/core';
import type { TenantLogin, TenantSession } from '@coffer/core/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { LocalCloud } from '../../scripts/local-cloud.ts';
import { mysqlLogin } from '../support/mysql-login.ts';
import { postgresqlLogin } from '../support/postgresql-login.ts';
import { addressOf, createInstance, deleteInstance, startStack, untilStatus } from '../support/stack.ts';
import { traces } from '../support/traces.ts';

interface Story {
  type: string;
  port: number;
  login(login: TenantLogin): Promise<TenantSession>;
  /** Of a parameter that takes effect at once, and of one that waits for a restart: its values, and how a tenant reads it. */
  dynamic: Reading;
  restart: Reading;
}
interface Reading {
  name: string;
  value: number;
  statement: string;
  shown: string;
}

const variable = (name: string, value: number): Reading => ({
  name,
  value,
  statement: `SELECT @@GLOBAL.${name}`,
  shown: String(value),
});
const setting = (name: string, value: number, shown: string): Reading => ({
  name,
  value,
  statement: `SHOW ${name}`,
  shown,
});

/** MySQL has its own in lifecycle.test.ts and configuration.test.ts, at more length. */
const STORIES: Story[] = [
  {
    type: 'mariadb',
    port: 3306,
    login: mysqlLogin,
    dynamic: variable('max_connections', 77),
    restart: variable('ft_min_word_len', 3),
  },
  {
    type: 'postgresql',
    port: 5432,
    login: postgresqlLogin,
    dynamic: setting('work_mem', 8192, '8MB'),
    restart: setting('max_locks_per_transaction', 70, '70'),
  },
];

/** Odd on purpose: it must reach the database as it is, and nothing else. */
const newPassword = () => `${randomBytes(12).toString('base64url')}'"\\;%`;

const AT = '/v1.0/{project_id}/instances/{instance_id}';
const statusOf = async (call: Promise<{ response: Response }>): Promise<number> => (await call).response.status;

describe('the stories of an instance', () => {
  let cloud: LocalCloud;
  let client: Client;

  beforeAll(async () => {
    cloud = await startStack({ datastores: STORIES.map(({ type }) => type) });
    client = await cloud.client();
  }, 120_000);
  afterAll(() => cloud?.clear(), 120_000);

  describe.each(STORIES)('of $type', ({ type, port, login, dynamic, restart }) => {
    const secrets = { first: newPassword(), second: newPassword(), changed: newPassword(), root: newPassword() };
    let instance: Instance;
    let ca: string;
    const at = () => ({ instance_id: instance.id });
    const connect = (user: string, password: string, database?: string) =>
      login({
        host: addressOf(instance),
        port,
        user,
        password,
        ...(database !== undefined && { database }),
        tls: { ca },
      });
    const enters = (user: string, password: string, database?: string): Promise<boolean> =>
      connect(user, password, database).then(
        async (session) => {
          await session.end();
          return true;
        },
        () => false,
      );
    async function reads({ statement }: Reading): Promise<string> {
      const session = await connect('first', secrets.first, 'first_db');
      const [row] = await session.query(statement);
      await session.end();
      return String(row?.[0]);
    }

    it('is made with its first database and user, and serves them by TLS', async () => {
      const created = await createInstance(client, {
        datastore: { type },
        databases: [{ name: 'first_db' }],
        users: [{ name: 'first', password: secrets.first, databases: [{ name: 'first_db' }] }],
      });
      instance = await untilStatus(client, created.id, 'ACTIVE');
      expect(instance).toMatchObject({ operating_status: 'HEALTHY', datastore: { type } });
      ca = (await client.GET(`${AT}/ssl`, { params: { path: at() } })).data?.ssl.ca ?? '';
      const session = await connect('first', secrets.first, 'first_db');
      await session.query('CREATE TABLE t (v VARCHAR(20))');
      await session.query("INSERT INTO t VALUES ('hello ✓')");
      expect(await session.query('SELECT v FROM t')).toEqual([['hello ✓']]);
      await session.end();
    }, 150_000);

    it('has databases, users and access made, listed, changed and taken away', async () => {
      const path = at();
      const users = (entries: { name: string; password: string; databases?: { name: string }[] }[]) =>
        client.POST(`${AT}/users`, { params: { path }, body: { users: entries } });
      const names = async () =>
        (await client.GET(`${AT}/users`, { params: { path } })).data?.users.map(({ name, databases }) => [
          name,
          ...databases.map((database) => database.name),
        ]);
      const body = { databases: [{ name: 'second_db' }] };
      expect(await statusOf(client.POST(`${AT}/databases`, { params: { path }, body }))).toBe(202);
      expect(await statusOf(users([{ name: 'second', password: secrets.second, ...body }]))).toBe(202);
      expect((await client.GET(`${AT}/databases`, { params: { path } })).data?.databases).toEqual([
        { name: 'first_db' },
        { name: 'second_db' },
      ]);
      expect(await names()).toEqual([
        ['first', 'first_db'],
        ['second', 'second_db'],
      ]);
      expect(await enters('second', secrets.second, 'second_db')).toBe(true);
      expect(await enters('second', secrets.second, 'first_db')).toBe(false);

      const second = { params: { path: { ...path, user: 'second' } } };
      const renamed = { user: { name: 'third', password: secrets.changed } };
      expect(await statusOf(client.PUT(`${AT}/users/{user}`, { ...second, body: renamed }))).toBe(202);
      expect(await enters('second', secrets.second, 'second_db')).toBe(false);
      expect(await enters('third', secrets.changed, 'second_db')).toBe(true);
      const third = { path: { ...path, user: 'third' } };
      const grants = { databases: [{ name: 'first_db' }] };
      expect(await statusOf(client.PUT(`${AT}/users/{user}/databases`, { params: third, body: grants }))).toBe(202);
      const open = await connect('third', secrets.changed, 'first_db');
      await open.query('SELECT v FROM t');
      const grant = { path: { ...third.path, database: 'first_db' } };
      expect(await statusOf(client.DELETE(`${AT}/users/{user}/databases/{database}`, { params: grant }))).toBe(202);
      await expect(open.query('SELECT v FROM t')).rejects.toThrow();
      await open.end().catch(() => undefined);
      expect(await names()).toEqual([
        ['first', 'first_db'],
        ['third', 'second_db'],
      ]);
      expect(await statusOf(client.DELETE(`${AT}/users/{user}`, { params: third }))).toBe(202);
      expect(await enters('third', secrets.changed, 'second_db')).toBe(false);
      const gone = { path: { ...path, database: 'second_db' } };
      expect(await statusOf(client.DELETE(`${AT}/databases/{database}`, { params: gone }))).toBe(202);
      expect((await client.GET(`${AT}/databases`, { params: { path } })).data?.databases).toEqual([
        { name: 'first_db' },
      ]);
    }, 60_000);

    it('lets root in and out', async () => {
      const root = { params: { path: at() } };
      const body = { password: secrets.root };
      expect((await client.POST(`${AT}/root`, { ...root, body })).data?.user).toEqual({ name: 'root', ...body });
      const session = await connect('root', secrets.root);
      await session.query('CREATE DATABASE made_by_root');
      expect(await statusOf(client.DELETE(`${AT}/root`, root))).toBe(204);
      await expect(session.query('SELECT 1')).rejects.toThrow();
      await session.end().catch(() => undefined);
      expect(await enters('root', secrets.root)).toBe(false);
      expect((await client.GET(`${AT}/root`, root)).data).toEqual({ rootEnabled: false });
    }, 60_000);

    it('takes a configuration: what it can at once, the rest after a restart', async () => {
      const values = { [dynamic.name]: dynamic.value, [restart.name]: restart.value };
      const { data, error } = await client.POST('/v1.0/{project_id}/configurations', {
        body: { configuration: { name: `of ${type}`, datastore: { type }, values } },
      });
      expect(error).toBeUndefined();
      const configuration = data?.configuration.id ?? '';
      const before = await reads(restart);
      const params = { path: at() };
      expect(await statusOf(client.PUT(AT, { params, body: { instance: { configuration } } }))).toBe(202);
      await untilStatus(client, instance.id, 'RESTART_REQUIRED', 30_000);
      expect([await reads(dynamic), await reads(restart)]).toEqual([dynamic.shown, before]);
      expect(await statusOf(client.POST(`${AT}/action`, { params, body: { restart: {} } }))).toBe(202);
      await untilStatus(client, instance.id, 'ACTIVE');
      expect([await reads(dynamic), await reads(restart)]).toEqual([dynamic.shown, restart.shown]);
    }, 120_000);

    it('is deleted without a trace', async () => {
      await deleteInstance(client, instance.id);
      expect(await traces(cloud, instance.id)).toEqual([]);
    }, 60_000);
  });
});
