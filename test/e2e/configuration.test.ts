import { X509Certificate } from 'node:crypto';
import type { Client, Instance } from '@coffer/core';
import { type Connection, createConnection, type RowDataPacket } from 'mysql2/promise';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { LocalCloud } from '../../scripts/local-cloud.ts';
import { addressOf, createInstance, showInstance, startStack, untilStatus } from '../support/stack.ts';

const INSTANCE = '/v1.0/{project_id}/instances/{instance_id}';
const SSL = '/v1.0/{project_id}/instances/{instance_id}/ssl';
const SOON = { timeout: 30_000, interval: 200 };
const PASSWORD = 's3cret-Words-of-e2e';

describe('parameters, TLS, logs and metrics of a real database', () => {
  let cloud: LocalCloud;
  let client: Client;
  let instance: Instance;
  let session: Connection;

  const path = () => ({ params: { path: { instance_id: instance.id } } });
  const connect = (ssl?: { ca: string } | undefined) =>
    createConnection({
      host: addressOf(instance),
      user: 'app',
      password: PASSWORD,
      // It verifies names alone, no addresses: those are looked up in the certificate below.
      ...(ssl && { ssl }),
    });
  const rest = () =>
    vi.waitFor(async () => {
      const now = await showInstance(client, instance.id);
      expect([now?.status, now?.operating_status], now?.fault?.message).toEqual(['ACTIVE', 'HEALTHY']);
    }, SOON);
  const variable = async (name: string): Promise<unknown> => {
    const [rows] = await session.query<RowDataPacket[]>('SHOW GLOBAL VARIABLES LIKE ?', [name]);
    return rows[0]?.Value;
  };
  const tls = async () => {
    const { data } = await client.GET(SSL, {
      params: { path: { instance_id: instance.id }, query: { include_certificate: '1' } },
    });
    if (!data) throw new Error('the instance shows no TLS');
    return data.ssl;
  };
  const group = async (values: Record<string, unknown>): Promise<string> => {
    const { data, error } = await client.POST('/v1.0/{project_id}/configurations', {
      body: { configuration: { name: 'e2e', datastore: { type: 'mysql', version: '9.7' }, values } },
    });
    if (!data) throw new Error(`no group was made: ${JSON.stringify(error)}`);
    return data.configuration.id;
  };
  const update = async (configuration: string | null): Promise<number> =>
    (await client.PUT(INSTANCE, { ...path(), body: { instance: { configuration } } })).response.status;

  beforeAll(async () => {
    cloud = await startStack();
    client = await cloud.client();
    const created = await createInstance(client, { users: [{ name: 'app', password: PASSWORD }] });
    instance = await untilStatus(client, created.id, 'ACTIVE');
    session = await connect({ ca: (await tls()).ca ?? '' });
  }, 150_000);
  afterAll(async () => {
    session?.destroy();
    await cloud?.clear();
  }, 120_000);

  it('has TLS from the beginning, with a certificate for its own address', async () => {
    const { status, mode, certificate } = await tls();
    expect([status, mode, certificate?.san]).toEqual(['on', 'builtin', [addressOf(instance)]]);
    expect(new X509Certificate(certificate?.payload ?? '').checkIP(addressOf(instance))).toBe(addressOf(instance));
    const [rows] = await session.query<RowDataPacket[]>("SHOW STATUS LIKE 'Ssl_version'");
    expect(rows[0]?.Value).toMatch(/^TLSv1\.[23]$/);
  });

  it('gets a new certificate while a session lives on', async () => {
    const before = (await tls()).certificate?.payload;
    expect((await client.POST(SSL, { ...path(), body: { ssl: { renew: true } } })).response.status).toBe(200);
    await vi.waitFor(async () => expect((await tls()).certificate?.payload).not.toBe(before), SOON);
    await rest();
    await session.query('SELECT 1');
    const { ca = '', certificate } = await tls();
    expect(new X509Certificate(certificate?.payload ?? '').checkIssued(new X509Certificate(ca))).toBe(true);
    await (await connect({ ca })).end();
  });

  it('lets nobody in without TLS once it is required, and everybody again later', async () => {
    const require = (mode: 'enforced' | 'basic') => client.POST(SSL, { ...path(), body: { ssl: { mode } } });
    await (await connect()).end();
    expect((await require('enforced')).response.status).toBe(200);
    await rest();
    await expect(connect()).rejects.toThrow(/secure|insecure/i);
    await (await connect({ ca: (await tls()).ca ?? '' })).end();
    expect((await require('basic')).response.status).toBe(200);
    await rest();
    await (await connect()).end();
  });

  it('takes parameters at once, or after a restart', async () => {
    const id = await group({ max_connections: 77 });
    expect(await update(id)).toBe(202);
    await rest();
    expect(await variable('max_connections')).toBe('77');
    const merge = (values: Record<string, unknown>) =>
      client.PATCH('/v1.0/{project_id}/configurations/{configuration_id}', {
        params: { path: { configuration_id: id } },
        body: { configuration: { values } },
      });
    expect((await merge({ innodb_ft_min_token_size: 2 })).response.status).toBe(200);
    await untilStatus(client, instance.id, 'RESTART_REQUIRED', 30_000);
    expect(await variable('innodb_ft_min_token_size')).toBe('3');
    const { data } = await client.GET('/v1.0/{project_id}/instances/{instance_id}/parameters', path());
    expect(data?.parameters.filter(({ differs }) => differs)).toEqual([
      { name: 'innodb_ft_min_token_size', set_by: 'configuration', wanted: 2, in_force: 3, differs: true },
    ]);
    const restart = { ...path(), body: { restart: {} } };
    expect((await client.POST('/v1.0/{project_id}/instances/{instance_id}/action', restart)).response.status).toBe(202);
    await rest();
    session = await connect({ ca: (await tls()).ca ?? '' });
    expect([await variable('innodb_ft_min_token_size'), await variable('max_connections')]).toEqual(['2', '77']);
  }, 60_000);

  it('writes a log once it is switched on, and tells its figures', async () => {
    const log = (how: object) =>
      client.POST('/v1.0/{project_id}/instances/{instance_id}/log', { ...path(), body: { name: 'general', ...how } });
    expect((await log({ enable: 1 })).data?.log).toMatchObject({ name: 'general', type: 'USER' });
    await rest();
    await session.query("SELECT 'a line of e2e'");
    await vi.waitFor(async () => {
      const { data } = await client.GET('/v1.0/{project_id}/instances/{instance_id}/log/{log}', {
        params: { path: { instance_id: instance.id, log: 'general' }, query: { lines: 50 } },
      });
      expect(data?.log.lines.join('\n')).toContain('a line of e2e');
    }, SOON);
    expect((await log({ disable: 1 })).data?.log.status).toBe('Disabled');
    await rest();
    const { data } = await client.GET('/v1.0/{project_id}/instances/{instance_id}/metrics', path());
    expect(data?.metrics.connections.limit).toBe(77);
    expect(data?.metrics.volume.total_bytes).toBeGreaterThan(0);
    expect(data?.metrics.connections.open).toBeGreaterThanOrEqual(1);
  });
});
