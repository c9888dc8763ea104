import { randomBytes } from 'node:crypto';
import type { Client, Instance } from '@coffer/core';
import { createConnection, type RowDataPacket } from 'mysql2/promise';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { coffer, type LocalCloud } from '../../scripts/local-cloud.ts';
import { isRoot } from '../support/root.ts';
import { scanForSecrets } from '../support/secret-scan.ts';
import { addressOf, createInstance, deleteInstance, showInstance, startStack, untilStatus } from '../support/stack.ts';
import { registerVersion, traces } from '../support/traces.ts';

/** Odd on purpose: it must reach the database as it is, and nothing else. */
const newPassword = () => `${randomBytes(12).toString('base64url')}'"\\;%`;

describe('the spine, from HTTP to a row read back', () => {
  let cloud: LocalCloud;
  let client: Client;
  let instance: Instance;
  const secrets = { first: newPassword(), second: newPassword(), changed: newPassword(), root: newPassword() };

  beforeAll(async () => {
    cloud = await startStack();
    client = await cloud.client();
  }, 120_000);
  afterAll(() => cloud?.clear(), 120_000);

  const connect = (user: string, password: string, database: string) =>
    createConnection({ host: addressOf(instance), user, password, database });

  it('makes an instance with its first database and user', async () => {
    const created = await createInstance(client, {
      databases: [{ name: 'first_db', character_set: 'utf8mb4' }],
      users: [{ name: 'first', password: secrets.first, databases: [{ name: 'first_db' }] }],
    });
    expect(created).toMatchObject({ status: 'BUILD', operating_status: '', name: 'e2e' });
    instance = await untilStatus(client, created.id, 'ACTIVE');
    expect(instance).toMatchObject({
      operating_status: 'HEALTHY',
      datastore: { type: 'mysql', version: '9.7' },
      volume: { size: 1 },
    });
  }, 150_000);

  it('serves the user over TCP', async () => {
    const connection = await connect('first', secrets.first, 'first_db');
    await connection.query('CREATE TABLE t (v VARCHAR(20))');
    await connection.query('INSERT INTO t VALUES (?)', ['hello ✓']);
    const [rows] = await connection.query<RowDataPacket[]>('SELECT v FROM t');
    await connection.end();
    expect(rows.map((row) => row.v)).toEqual(['hello ✓']);
  });

  it('makes, lists and deletes databases and users in the running instance', async () => {
    const path = { instance_id: instance.id };
    const databases = '/v1.0/{project_id}/instances/{instance_id}/databases';
    const users = '/v1.0/{project_id}/instances/{instance_id}/users';
    expect(
      (await client.POST(databases, { params: { path }, body: { databases: [{ name: 'second_db' }] } })).response
        .status,
    ).toBe(202);
    expect(
      (
        await client.POST(users, {
          params: { path },
          body: { users: [{ name: 'second', password: secrets.second, databases: [{ name: 'second_db' }] }] },
        })
      ).response.status,
    ).toBe(202);
    expect((await client.GET(databases, { params: { path } })).data?.databases).toEqual([
      { name: 'first_db' },
      { name: 'second_db' },
    ]);
    expect((await client.GET(users, { params: { path } })).data?.users).toEqual([
      { name: 'first', host: '%', databases: [{ name: 'first_db' }] },
      { name: 'second', host: '%', databases: [{ name: 'second_db' }] },
    ]);
    await (await connect('second', secrets.second, 'second_db')).end();
    await expect(connect('second', secrets.second, 'first_db')).rejects.toMatchObject({ errno: 1044 });
    expect(
      (
        await client.DELETE('/v1.0/{project_id}/instances/{instance_id}/users/{user}', {
          params: { path: { ...path, user: 'second' } },
        })
      ).response.status,
    ).toBe(202);
    await expect(connect('second', secrets.second, 'second_db')).rejects.toMatchObject({ errno: 1045 });
    expect(
      (
        await client.DELETE('/v1.0/{project_id}/instances/{instance_id}/databases/{database}', {
          params: { path: { ...path, database: 'second_db' } },
        })
      ).response.status,
    ).toBe(202);
    expect((await client.GET(databases, { params: { path } })).data?.databases).toEqual([{ name: 'first_db' }]);
  });

  it('changes a user and its access, and lets root in and out', async () => {
    const ONE = '/v1.0/{project_id}/instances/{instance_id}/users/{user}';
    const ACCESS = '/v1.0/{project_id}/instances/{instance_id}/users/{user}/databases';
    const GRANT = '/v1.0/{project_id}/instances/{instance_id}/users/{user}/databases/{database}';
    const ROOT = '/v1.0/{project_id}/instances/{instance_id}/root';
    const at = { instance_id: instance.id };
    const statusOf = async (call: Promise<{ response: Response }>) => (await call).response.status;
    const users = [{ name: 'third', password: secrets.first }];
    const list = '/v1.0/{project_id}/instances/{instance_id}/users';
    expect(await statusOf(client.POST(list, { params: { path: at }, body: { users } }))).toBe(202);
    const third = { params: { path: { ...at, user: 'third' } } };
    expect(await statusOf(client.PUT(ONE, { ...third, body: { user: { name: 'fourth' } } }))).toBe(202);
    const fourth = { params: { path: { ...at, user: 'fourth' } } };
    const changed = [{ name: 'fourth', password: secrets.changed }];
    expect(await statusOf(client.PUT(list, { params: { path: at }, body: { users: changed } }))).toBe(202);
    const databases = [{ name: 'first_db' }];
    expect(await statusOf(client.PUT(ACCESS, { ...fourth, body: { databases } }))).toBe(202);
    const session = await connect('fourth', secrets.changed, 'first_db');
    session.on('error', () => {});
    expect((await client.GET(ONE, fourth)).data?.user).toEqual({ name: 'fourth', host: '%', databases });
    const grant = { params: { path: { ...at, user: 'fourth', database: 'first_db' } } };
    expect(await statusOf(client.DELETE(GRANT, grant))).toBe(202);
    await expect(session.query('SELECT 1')).rejects.toThrow();
    expect(await statusOf(client.DELETE(ONE, fourth))).toBe(202);

    const root = { params: { path: at } };
    const body = { password: secrets.root };
    expect((await client.POST(ROOT, { ...root, body })).data?.user).toEqual({ name: 'root', ...body });
    expect((await client.GET(ROOT, root)).data).toEqual({ rootEnabled: true });
    await (await connect('root', secrets.root, 'first_db')).end();
    expect(await statusOf(client.DELETE(ROOT, root))).toBe(204);
    await expect(connect('root', secrets.root, 'first_db')).rejects.toMatchObject({ errno: 3118 });
    expect((await client.GET(ROOT, root)).data).toEqual({ rootEnabled: false });
  });

  it('restarts it, with all that is in it', async () => {
    /** When the server process began, by its own words; ms. */
    const since = async (): Promise<number> => {
      const connection = await connect('first', secrets.first, 'first_db');
      const [rows] = await connection.query<RowDataPacket[]>("SHOW GLOBAL STATUS LIKE 'Uptime'");
      await connection.query('INSERT INTO t VALUES (?)', ['again']);
      await connection.end();
      return Date.now() - Number(rows[0]?.Value) * 1000;
    };
    const before = await since();
    const path = '/v1.0/{project_id}/instances/{instance_id}/action';
    const params = { path: { instance_id: instance.id } };
    const { response } = await client.POST(path, { params, body: { restart: {} } });
    expect(response.status).toBe(202);
    expect(await showInstance(client, instance.id)).toMatchObject({ status: 'REBOOT', operating_status: '' });
    expect(await untilStatus(client, instance.id, 'ACTIVE')).toMatchObject({ operating_status: 'HEALTHY' });
    expect((await since()) - before).toBeGreaterThan(1_500);
    const connection = await connect('first', secrets.first, 'first_db');
    const [rows] = await connection.query<RowDataPacket[]>('SELECT v FROM t ORDER BY v');
    await connection.end();
    expect(rows.map((row) => row.v)).toEqual(['again', 'again', 'hello ✓']);
  }, 60_000);

  it('is healthy part by part', async () => {
    const { data, response } = await client.GET('/healthz');
    expect(response.status).toBe(200);
    expect(data).toMatchObject({ store: { status: 'ok' }, broker: { status: 'ok' }, cloud: { status: 'ok' } });
  });

  it('is not cleared away while its server runs', async () => {
    const clearing = coffer(['clear', '--yes', '--data-dir', cloud.dataDir]);
    await expect(clearing).rejects.toThrow(`a server runs over ${cloud.dataDir}; stop it first`);
    expect((await showInstance(client, instance.id))?.status).toBe('ACTIVE');
  });

  // It looks into the processes of guests.
  it.skipIf(!isRoot)(
    'leaves no secret in logs, arguments, environments, inspection, columns or files',
    async () => {
      const login = await cloud.token();
      const hits = await scanForSecrets(cloud, {
        ...secrets,
        'password of the login': cloud.user.password,
        token: login.token,
      });
      expect(hits).toEqual([]);
      // That the scan sees: what is no secret is found in each kind of place.
      const seen = await scanForSecrets(cloud, { id: instance.id });
      for (const place of [
        'the server’s log',
        'inspection of guest',
        'inspection of nested',
        'table instances',
        'file ',
      ]) {
        expect(seen.join('\n')).toContain(`id in ${place}`);
      }
    },
    60_000,
  );

  it('goes on with a create when the server is killed in its middle', async () => {
    const created = await createInstance(client, { name: 'killed' });
    // In its middle: the guest is being made, and the job has not seen the end of it.
    await vi.waitFor(async () => expect(await traces(cloud, created.id)).toContain('ledger: server'), 30_000);
    expect((await showInstance(client, created.id))?.status).toBe('BUILD');
    await cloud.kill();
    await cloud.start();
    client = await cloud.client();
    await untilStatus(client, created.id, 'ACTIVE');
    await deleteInstance(client, created.id);
    expect(await traces(cloud, created.id)).toEqual([]);
  }, 240_000);

  it('ends creates that cannot work in ERROR with a fault to read, and their deletes leave nothing', async () => {
    const noNetwork = await createInstance(client, {
      name: 'no network',
      nics: [{ network_id: '00000000-0000-4000-8000-000000000000' }],
    });
    await registerVersion(cloud, {
      name: 'none',
      number: '0.0',
      image: 'coffer/no-such-image:1',
      active: true,
    });
    const noImage = await createInstance(client, { datastore: { type: 'mysql', version: 'none' } });
    const refused = await untilStatus(client, noNetwork.id, 'ERROR');
    expect(refused.fault?.message).toMatch(/could not be made: .*network/);
    const missing = await untilStatus(client, noImage.id, 'ERROR', 180_000);
    expect(missing.fault?.message).toMatch(/could not be made: .*coffer\/no-such-image:1/);
    expect(await traces(cloud, noImage.id)).toEqual(
      expect.arrayContaining(['ledger: account', 'ledger: port', 'ledger: server', 'ledger: volume', 'container']),
    );
    for (const { id } of [refused, missing]) {
      await deleteInstance(client, id);
      expect(await traces(cloud, id)).toEqual([]);
    }
  }, 300_000);

  it('keeps the data of an instance whose server process was away', async () => {
    await cloud.stop();
    const connection = await connect('first', secrets.first, 'first_db');
    const [rows] = await connection.query<RowDataPacket[]>('SELECT count(*) AS n FROM t');
    await connection.end();
    expect(rows[0]?.n).toBe(3);
    await cloud.start();
    client = await cloud.client();
    expect((await showInstance(client, instance.id))?.status).toBe('ACTIVE');
  }, 60_000);

  it('deletes it without a trace', async () => {
    expect((await traces(cloud, instance.id)).length).toBeGreaterThan(4);
    await deleteInstance(client, instance.id);
    expect(await traces(cloud, instance.id)).toEqual([]);
  }, 90_000);
});
