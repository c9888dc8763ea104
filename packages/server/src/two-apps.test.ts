import { randomBytes, randomUUID } from 'node:crypto';
import { createClient, type Instance } from '@coffer/core';
import { Hono } from 'hono';
import { Pool } from 'pg';
import { expect, it, vi } from 'vitest';
import { createOwnCloud } from '../../../examples/own-cloud/cloud.ts';
import { createDatabases } from '../../../examples/own-cloud/databases.ts';
import { bootGuest } from '../../../examples/own-cloud/guest.ts';
import { createOwnIdentity } from '../../../examples/own-cloud/identity.ts';
import { testDatabase } from '../../../test/support/postgres.ts';
import { manifest } from '../../drivers/src/mysql/manifest.ts';
import { createStore } from './store/store.ts';

const instance = { name: 'orders', flavorRef: '1', volume: { size: 1 }, datastore: { type: 'mysql' } };
/** What a library could leave behind in the process. */
const traces = () => ({
  listeners: process.eventNames().map((name) => `${String(name)} ${process.listenerCount(name)}`),
  globals: Object.getOwnPropertyNames(globalThis),
  exitCode: process.exitCode,
});

/** A Coffer of somebody in this process: own cloud, identity, key, pool and schema, all called as the other's are. */
async function coffer(url: string, schema: string) {
  const pool = new Pool({ connectionString: url, max: 6 });
  const cloud = createOwnCloud(bootGuest);
  const identity = createOwnIdentity([{ token: `of ${schema}`, project: 'shop', user: 'ann' }], 'http://login');
  const databases = await createDatabases(cloud, identity, pool, schema, randomBytes(32));
  const operator = createStore({ pool, schema });
  await operator.datastores.register({
    sha256: randomUUID(),
    manifest,
    code: Buffer.from(''),
  });
  return {
    app: databases.app,
    close: databases.close,
    async [Symbol.asyncDispose]() {
      await databases.close();
      await operator.close();
      await cloud.close();
      await pool.end();
    },
  };
}

it('two apps in one process, over two stores, do not know of each other, and leave nothing behind', async () => {
  const before = traces();
  const database = await testDatabase();
  {
    await using one = await coffer(database.url, 'one');
    await using two = await coffer(database.url, 'two');
    const host = new Hono().route('/one', one.app).route('/a/two', two.app);
    const client = (path: string, token: string) =>
      createClient({
        baseUrl: `https://cloud.test${path}`,
        token,
        project: 'shop',
        fetch: async (request) => host.fetch(request),
      });
    const [ofOne, ofTwo] = [client('/one', 'of one'), client('/a/two', 'of two')];
    const status = async (path: string) => (await host.request(`https://cloud.test${path}/healthz`)).status;

    async function build(of: typeof ofOne): Promise<Instance> {
      const { data, error } = await of.POST('/v1.0/{project_id}/instances', { body: { instance } });
      if (!data) throw new Error(JSON.stringify(error));
      const path = { params: { path: { instance_id: data.instance.id } } };
      return vi.waitFor(
        async () => {
          const shown = await of.GET('/v1.0/{project_id}/instances/{instance_id}', path);
          expect(shown.data?.instance.status).toBe('ACTIVE');
          if (!shown.data) throw new Error('unreachable');
          return shown.data.instance;
        },
        { timeout: 15_000, interval: 20 },
      );
    }
    const [first, second] = await Promise.all([build(ofOne), build(ofTwo)]);
    expect(first.links[0]?.href).toBe(`https://cloud.test/one/v1.0/shop/instances/${first.id}`);
    expect(second.links[1]?.href).toBe(`https://cloud.test/a/two/instances/${second.id}`);
    for (const [of, own] of [
      [ofOne, first],
      [ofTwo, second],
    ] as const) {
      const { data } = await of.GET('/v1.0/{project_id}/instances');
      expect(data?.instances.map(({ id }) => id)).toEqual([own.id]);
    }
    expect((await client('/one', 'of two').GET('/v1.0/{project_id}/instances')).response.status).toBe(401);
    expect([await status('/one'), await status('/a/two')]).toEqual([200, 200]);

    await one.close();
    expect([await status('/one'), await status('/a/two')]).toEqual([503, 200]);
    await build(ofTwo);
  }
  await database.drop();
  expect(traces()).toEqual(before);
}, 40_000);
