import { randomBytes } from 'node:crypto';
import type { Client, Instance } from '@coffer/core';
import { createConnection, type RowDataPacket } from 'mysql2/promise';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { LocalCloud } from '../../scripts/local-cloud.ts';
import { scanForSecrets } from '../support/secret-scan.ts';
import { addressOf, createInstance, deleteInstance, showInstance, startStack, untilStatus } from '../support/stack.ts';

/** Odd on purpose: it must reach the database as it is, and nothing else. */
const newPassword = () => `${randomBytes(12).toString('base64url')}'"\\;%`;

describe('the spine, from HTTP to a row read back', () => {
  let cloud: LocalCloud;
  let client: Client;
  let instance: Instance;
  const secrets = { first: newPassword(), second: newPassword() };

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

  it('is healthy part by part', async () => {
    const { data, response } = await client.GET('/healthz');
    expect(response.status).toBe(200);
    expect(data).toMatchObject({ store: { status: 'ok' }, broker: { status: 'ok' }, cloud: { status: 'ok' } });
  });

  it('leaves no secret in logs, arguments, environments, inspection, columns or files', async () => {
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
  }, 60_000);

  it('goes on with a create when the server is killed in its middle', async () => {
    const created = await createInstance(client, { name: 'killed' });
    await untilStatus(client, created.id, 'BUILD');
    await cloud.kill();
    await cloud.start();
    client = await cloud.client();
    await untilStatus(client, created.id, 'ACTIVE');
    await deleteInstance(client, created.id);
  }, 240_000);

  it('ends a create that cannot work in ERROR with a fault to read, and its delete leaves nothing', async () => {
    const created = await createInstance(client, {
      name: 'cannot',
      nics: [{ network_id: '00000000-0000-4000-8000-000000000000' }],
    });
    const failed = await untilStatus(client, created.id, 'ERROR');
    expect(failed.fault?.message).toMatch(/could not be made: .*network/);
    await deleteInstance(client, created.id);
  }, 120_000);

  it('keeps the data of an instance whose server process was away', async () => {
    await cloud.stop();
    const connection = await connect('first', secrets.first, 'first_db');
    const [rows] = await connection.query<RowDataPacket[]>('SELECT count(*) AS n FROM t');
    await connection.end();
    expect(rows[0]?.n).toBe(1);
    await cloud.start();
    client = await cloud.client();
    expect((await showInstance(client, instance.id))?.status).toBe('ACTIVE');
  }, 60_000);

  it('deletes it', () => deleteInstance(client, instance.id), 90_000);
});
