import { randomUUID } from 'node:crypto';
import { Pool } from 'pg';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { type TestDatabase, testDatabase } from '../../../../test/support/postgres.ts';
import { createStore, migrate, type Store } from './store.ts';
import { instanceIn } from './testing.ts';

/** A database of somebody else, with tables called as ours are. */
let database: TestDatabase;
let pool: Pool;
const stores: Store[] = [];

beforeEach(async () => {
  database = await testDatabase();
  pool = new Pool({ connectionString: database.url, max: 3 });
  await pool.query('drop schema public cascade; create schema public; create schema theirs');
  await pool.query('create table theirs.jobs (title text); create table public.kysely_migration (name text)');
});

afterEach(async () => {
  for (const store of stores.splice(0)) await store.close();
  await pool.end();
  await database.drop();
});

function opened(options: Parameters<typeof createStore>[0]): Store {
  const store = createStore(options);
  stores.push(store);
  return store;
}

const tablesIn = async (schema: string): Promise<number> => {
  const { rows } = await pool.query('select count(*)::int as n from pg_tables where schemaname = $1', [schema]);
  return rows[0].n;
};

it.each(['a url', 'their pool'])('the tables lie in a schema of their own, over %s', async (how) => {
  const schema = 'Coffer "one"';
  const store = opened(how === 'a url' ? { url: database.url, schema } : { pool, schema });
  const copies = await Promise.all([migrate(store), migrate(store)]);
  expect(copies.flat()).toContain('0001-initial');
  expect(await migrate(store)).toEqual([]);
  const { id, jobId } = await instanceIn(store, { guest: true });
  expect(await store.jobs.get(jobId)).toMatchObject({ instanceId: id });
  expect(await tablesIn(schema)).toBeGreaterThan(10);
  expect([await tablesIn('public'), await tablesIn('theirs')]).toEqual([1, 1]);
});

it('their pool is as they left it, for who looks elsewhere, and however a transaction ends', async () => {
  pool.on('connect', (client) => client.on('error', () => {}));
  const store = opened({ pool, schema: 'coffer' });
  await migrate(store);
  const theirs = await pool.connect();
  await theirs.query('set search_path to theirs');
  theirs.release();
  const failing = store.transaction(async () => {
    throw new Error('no');
  });
  await expect(failing).rejects.toThrow('no');
  await Promise.all(Array.from({ length: 9 }, () => store.ping()));
  const paths = new Set<string>();
  const held = await Promise.all(Array.from({ length: 3 }, () => pool.connect()));
  for (const client of held) paths.add((await client.query('show search_path')).rows[0].search_path);
  for (const client of held) client.release();
  expect(paths).toEqual(new Set(['theirs', '"$user", public']));
});

it('two stores in one database do not see each other, and the pool outlives both', async () => {
  const [one, two] = [opened({ pool, schema: 'one' }), opened({ pool, schema: 'two' })];
  await Promise.all([migrate(one), migrate(two)]);
  const { id } = await instanceIn(one, {});
  expect(await one.instances.get(id)).toBeDefined();
  expect(await two.instances.get(id)).toBeUndefined();
  expect(await two.guests.get(randomUUID())).toBeUndefined();
  await one.close();
  await instanceIn(two, {});
  await two.close();
  expect(pool.listenerCount('connect')).toBe(0);
  await vi.waitFor(() => expect(pool.idleCount).toBe(pool.totalCount));
  await pool.query('select 1');
});
