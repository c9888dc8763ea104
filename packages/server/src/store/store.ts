import { type Logger, Problem, silentLogger } from '@coffer/core';
import { CamelCasePlugin, Kysely, PostgresDialect, sql } from 'kysely';
import { Migrator } from 'kysely/migration';
import { Pool } from 'pg';
import { datastoreQueries } from './datastores.ts';
import { guestQueries } from './guests.ts';
import { instanceQueries } from './instances.ts';
import { jobQueries } from './jobs.ts';
import { leaderQueries } from './leaders.ts';
import { ledgerQueries } from './ledger.ts';
import { type ListenHandle, listen } from './listen.ts';
import { migrations } from './migrations/index.ts';
import { kyselyPool } from './pool.ts';
import { quotaQueries } from './quotas.ts';
import type { Schema } from './schema.ts';

export interface StoreOptions {
  /** PostgreSQL ≥ 15, e.g. `postgresql://user@host/coffer`; for a socket `postgresql:///coffer?user=postgres&host=/folder`. */
  url?: string;
  /** A pool of the embedder's instead; it stays the embedder's to end. */
  pool?: Pool;
  /** Connections of our own pool; 10 when absent. One more is used for notifications. */
  maxConnections?: number;
  log?: Logger;
}

/** The named queries by concern, over the pool or within one transaction. */
export interface Queries {
  /** For what has no named query: an embedder's or a module's own tables. */
  db: Kysely<Schema>;
  datastores: ReturnType<typeof datastoreQueries>;
  instances: ReturnType<typeof instanceQueries>;
  guests: ReturnType<typeof guestQueries>;
  jobs: ReturnType<typeof jobQueries>;
  ledger: ReturnType<typeof ledgerQueries>;
  quotas: ReturnType<typeof quotaQueries>;
  leaders: ReturnType<typeof leaderQueries>;
}

/** The only truth. Every query throws Problem `unavailable` when PostgreSQL does not answer. */
export interface Store extends Queries {
  /** All or nothing: rolled back when `work` throws. Not for slow work: it holds a connection. */
  transaction<T>(work: (tx: Queries) => Promise<T>): Promise<T>;
  /** Calls back for every notification, and once after each reconnect, since some may have been missed. */
  listen(channel: string, notified: (payload: string) => void): ListenHandle;
  /** @throws Problem `unavailable`. */
  ping(): Promise<void>;
  /** Ends our own pool; an embedder's is left alone. */
  close(): Promise<void>;
}

/** No I/O until the first query. */
export function createStore(options: StoreOptions): Store {
  const log = options.log ?? silentLogger;
  const ownPool = options.pool
    ? undefined
    : new Pool({
        connectionString: options.url,
        max: options.maxConnections ?? 10,
        connectionTimeoutMillis: 10_000,
        application_name: 'coffer',
      });
  const pool = options.pool ?? ownPool;
  if (!pool) throw new Problem('bad_request', 'createStore needs a url or a pool');
  // Without a listener a server that stops would end this process through an idle client.
  ownPool?.on('error', (error) => log.warn({ err: error }, 'an idle connection to the store was lost'));
  const db = new Kysely<Schema>({
    dialect: new PostgresDialect({ pool: kyselyPool(pool) }),
    plugins: [new CamelCasePlugin({ maintainNestedObjectKeys: true })],
  });
  const listeners = new Set<ListenHandle>();
  return {
    ...queriesOver(db),
    transaction: (work) => db.transaction().execute((tx) => work(queriesOver(tx))),
    listen(channel, notified) {
      const handle = listen(pool, channel, notified, log);
      listeners.add(handle);
      return handle;
    },
    async ping() {
      await sql`select 1`.execute(db);
    },
    async close() {
      await Promise.all([...listeners].map((handle) => handle.close()));
      await ownPool?.end();
    },
  };
}

export function queriesOver(db: Kysely<Schema>): Queries {
  return {
    db,
    datastores: datastoreQueries(db),
    instances: instanceQueries(db),
    guests: guestQueries(db),
    jobs: jobQueries(db),
    ledger: ledgerQueries(db),
    quotas: quotaQueries(db),
    leaders: leaderQueries(db),
  };
}

/** Brings the schema up to this build, forward only. Safe to call from every copy at once; repeatable. @returns names applied. */
export async function migrate(store: Pick<Store, 'db'>): Promise<string[]> {
  const migrator = new Migrator({ db: store.db, provider: { getMigrations: async () => migrations } });
  const { error, results } = await migrator.migrateToLatest();
  if (error) throw error;
  return (results ?? []).filter((result) => result.status === 'Success').map((result) => result.migrationName);
}
