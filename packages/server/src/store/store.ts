import { type Logger, Problem, silentLogger } from '@coffer/core';
import { CamelCasePlugin, Kysely, PostgresDialect, sql } from 'kysely';
import { Migrator } from 'kysely/migration';
import { Pool } from 'pg';
import { certificateQueries } from './certificates.ts';
import { configurationQueries } from './configurations.ts';
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
import { rootHistoryQueries } from './root-history.ts';
import type { Schema } from './schema.ts';

export interface StoreOptions {
  /** PostgreSQL ≥ 15, e.g. `postgresql://user@host/coffer`; for a socket `postgresql:///coffer?user=postgres&host=/folder`. */
  url?: string;
  /** A pool of the embedder's (of `pg`) instead; it stays the embedder's to end. Who else uses it finds its connections unchanged. */
  pool?: Pool;
  /**
   * Schema of all the store's tables, made by `migrate`: for a database that is not Coffer's alone, or that several share. Where the
   * connection's own search path leads when absent. With `pool` it costs two short statements more for each connection taken.
   */
  schema?: string;
  /** Connections of our own pool; 10 when absent. One more is used for notifications. */
  maxConnections?: number;
  /**
   * How long our own pool tries for a connection, and how long any pool's connection may take to answer, ms; 5,000 and 10,000
   * when absent. So a request ends within seconds when the store is away.
   */
  connectTimeoutMs?: number;
  queryTimeoutMs?: number;
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
  rootHistory: ReturnType<typeof rootHistoryQueries>;
  configurations: ReturnType<typeof configurationQueries>;
  certificates: ReturnType<typeof certificateQueries>;
}

/** The only truth. Every query throws Problem `unavailable` when PostgreSQL does not answer. */
export interface Store extends Queries {
  /** That of the options. */
  readonly schema: string | undefined;
  /** All or nothing: rolled back when `work` throws. Not for slow work: it holds a connection. */
  transaction<T>(work: (tx: Queries) => Promise<T>): Promise<T>;
  /** Calls back for every notification, and once after each reconnect, since some may have been missed. */
  listen(channel: string, notified: (payload: string) => void): ListenHandle;
  /** @throws Problem `unavailable`. */
  ping(): Promise<void>;
  /** All or nothing that a reader sees: every query of `work` reads one moment, which `now` is by the store's clock. */
  snapshot<T>(work: (tx: Queries, now: Date) => Promise<T>): Promise<T>;
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
        connectionTimeoutMillis: options.connectTimeoutMs ?? 5_000,
        application_name: 'coffer',
      });
  const pool = options.pool ?? ownPool;
  if (!pool) throw new Problem('bad_request', 'createStore needs a url or a pool');
  // Without a listener a server that stops would end this process through an idle client. Each of them says so: who needs the store
  // says it once.
  ownPool?.on('error', (error) => log.debug({ err: error }, 'an idle connection to the store was lost'));
  const { schema, queryTimeoutMs } = options;
  const wrapped = kyselyPool(pool, {
    isShared: !ownPool,
    ...(schema !== undefined && { schema }),
    ...(queryTimeoutMs !== undefined && { queryTimeoutMs }),
  });
  const db = new Kysely<Schema>({
    dialect: new PostgresDialect({ pool: wrapped }),
    plugins: [new CamelCasePlugin({ maintainNestedObjectKeys: true })],
  });
  const listeners = new Set<ListenHandle>();
  return {
    schema,
    ...queriesOver(db),
    transaction: (work) => db.transaction().execute((tx) => work(queriesOver(tx))),
    listen(channel, notified) {
      const handle = listen(pool, channel, notified, log, queryTimeoutMs);
      listeners.add(handle);
      return handle;
    },
    async ping() {
      if (wrapped.isFull()) throw new Problem('unavailable', "The store's disk is full; give it room.");
      await sql`select 1`.execute(db);
    },
    snapshot: (work) =>
      db
        .transaction()
        .setIsolationLevel('repeatable read')
        .setAccessMode('read only')
        .execute(async (tx) => {
          const { rows } = await sql<{ now: Date }>`select now() as now`.execute(tx);
          return work(queriesOver(tx), rows[0]?.now ?? new Date());
        }),
    async close() {
      await Promise.all([...listeners].map((handle) => handle.close()));
      wrapped.detach();
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
    rootHistory: rootHistoryQueries(db),
    configurations: configurationQueries(db),
    certificates: certificateQueries(db),
  };
}

/** How the store's schema compares with this build's. Read only. */
export interface SchemaState {
  /** Migrations that are still to be applied, in order. */
  pending: string[];
  /** Applied, and of no build that this one knows: a newer one was here. */
  unknown: string[];
}

/** @throws Problem `unavailable` when PostgreSQL does not answer. */
export async function schemaState({ db }: Pick<Store, 'db'>): Promise<SchemaState> {
  const { rows: tables } = await sql`select 1 where to_regclass('kysely_migration') is not null`.execute(db);
  const applied =
    tables.length > 0 ? (await sql<{ name: string }>`select name from kysely_migration`.execute(db)).rows : [];
  const names = new Set(applied.map(({ name }) => name));
  return {
    pending: Object.keys(migrations).filter((name) => !names.has(name)),
    unknown: [...names].filter((name) => !(name in migrations)),
  };
}

/** Brings the schema up to this build, forward only. Safe to call from every copy at once; repeatable. @returns names applied. */
export async function migrate({ db, schema }: Pick<Store, 'db' | 'schema'>): Promise<string[]> {
  const migrator = new Migrator({
    // A schema is called what it is called, not in our own way of writing.
    db: db.withoutPlugins(),
    provider: { getMigrations: async () => migrations },
    ...(schema !== undefined && { migrationTableSchema: schema }),
  });
  const { error, results } = await migrator.migrateToLatest();
  if (error) throw error;
  return (results ?? []).filter((result) => result.status === 'Success').map((result) => result.migrationName);
}
