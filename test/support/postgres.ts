import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Client } from 'pg';
import { launchPostgres } from '../../packages/server/src/store/postgres.ts';
import { createStore, migrate } from '../../packages/server/src/store/store.ts';
import { FOLDER, newFolder } from './postgres-run.ts';

const TEMPLATE = 'coffer_template';
/** Any number: whoever holds it makes the template. */
const TEMPLATE_LOCK = 7_266;

let server: Promise<string> | undefined;

export interface TestDatabase {
  url: string;
  drop(): Promise<void>;
}

/**
 * An empty, migrated database of the caller's own, on a server that all files of the test run share. It is started by the first
 * that asks, and goes when the run ends.
 */
export async function testDatabase(): Promise<TestDatabase> {
  server ??= launch();
  const url = await server;
  const name = `t_${randomBytes(6).toString('hex')}`;
  await asAdmin(url, async (admin) => {
    await admin.query('select pg_advisory_lock($1)', [TEMPLATE_LOCK]);
    const { rowCount } = await admin.query('select 1 from pg_database where datname = $1', [TEMPLATE]);
    if (!rowCount) await makeTemplate(admin, url);
    await admin.query(`create database ${name} template ${TEMPLATE}`);
  });
  return {
    url: databaseUrl(url, name),
    drop: () => asAdmin(url, (admin) => dropDatabase(admin, name)),
  };
}

/** The same server for whoever asks with this folder. Safety on power loss is not what tests are about. */
async function launch(): Promise<string> {
  process.env[FOLDER] ??= newFolder();
  const dataDir = join(process.env[FOLDER], 'pg');
  const settings = { fsync: 'off', synchronous_commit: 'off', full_page_writes: 'off', max_connections: '300' };
  return (await launchPostgres({ dataDir, database: 'postgres', settings })).url;
}

/**
 * The connections of a pool that was ended are still there for a moment, and one that is cut then is an error with nobody to hear it.
 * A connection that nobody gives back is cut in the end.
 */
async function dropDatabase(admin: Client, name: string): Promise<void> {
  for (const deadline = Date.now() + 5_000; Date.now() < deadline; await sleep(10)) {
    const { rowCount } = await admin.query('select 1 from pg_stat_activity where datname = $1', [name]);
    if (!rowCount) break;
  }
  await admin.query(`drop database if exists ${name} with (force)`);
}

async function makeTemplate(admin: Client, url: string): Promise<void> {
  const draft = `${TEMPLATE}_draft`;
  await admin.query(`drop database if exists ${draft} with (force)`);
  await admin.query(`create database ${draft}`);
  const store = createStore({ url: databaseUrl(url, draft), maxConnections: 2 });
  await migrate(store).finally(() => store.close());
  // The store's connections end a moment after the pool did, and a database in use cannot be renamed.
  await admin.query('select pg_terminate_backend(pid, 5000) from pg_stat_activity where datname = $1', [draft]);
  await admin.query(`alter database ${draft} rename to ${TEMPLATE}`);
}

/** With a connection of its own. */
export async function asAdmin<T>(url: string, work: (admin: Client) => Promise<T>): Promise<T> {
  const admin = new Client({ connectionString: url });
  await admin.connect();
  try {
    return await work(admin);
  } finally {
    await admin.end();
  }
}

function databaseUrl(url: string, name: string): string {
  return url.replace(/^postgresql:\/\/\/[^?]*/, `postgresql:///${name}`);
}
