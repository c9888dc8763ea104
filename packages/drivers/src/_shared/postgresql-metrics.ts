import type { MetricsGroup } from '@coffer/core/driver';
import type { Session } from './postgresql-session.ts';
import { sql } from './postgresql-sql.ts';
import { text } from './rows.ts';

/** Figures of the engine's own, each by its name in PostgreSQL's views. */
const ENGINE = sql`
  SELECT 'deadlocks', sum(deadlocks) FROM pg_stat_database UNION ALL
  SELECT 'temp_files', sum(temp_files) FROM pg_stat_database UNION ALL
  SELECT 'temp_bytes', sum(temp_bytes) FROM pg_stat_database UNION ALL
  SELECT 'tup_returned', sum(tup_returned) FROM pg_stat_database UNION ALL
  SELECT 'tup_fetched', sum(tup_fetched) FROM pg_stat_database UNION ALL
  SELECT 'tup_inserted', sum(tup_inserted) FROM pg_stat_database UNION ALL
  SELECT 'tup_updated', sum(tup_updated) FROM pg_stat_database UNION ALL
  SELECT 'tup_deleted', sum(tup_deleted) FROM pg_stat_database UNION ALL
  SELECT 'sessions', sum(sessions) FROM pg_stat_database UNION ALL
  SELECT 'checksum_failures', sum(coalesce(checksum_failures, 0)) FROM pg_stat_database UNION ALL
  SELECT 'wal_bytes', wal_bytes FROM pg_stat_wal UNION ALL
  SELECT 'locks_waiting', count(*) FROM pg_locks WHERE NOT granted UNION ALL
  SELECT 'idle_in_transaction', count(*) FROM pg_stat_activity WHERE state LIKE 'idle in transaction%' UNION ALL
  SELECT 'oldest_transaction_seconds', coalesce(extract(epoch FROM now() - min(xact_start)), 0) FROM pg_stat_activity
    WHERE backend_type = 'client backend' AND pid <> pg_backend_pid() UNION ALL
  SELECT 'oldest_xid_age', max(age(datfrozenxid)) FROM pg_database`;

/** Figures of PostgreSQL. Its counters live through restarts; they begin anew after a crash. */
export function postgresqlMetrics(session: Session): MetricsGroup {
  return {
    read: (op) =>
      session.use(op.signal, async ({ run }) => {
        const [row] = await run(sql`SELECT extract(epoch FROM now() - pg_postmaster_start_time()),
          (SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend'), current_setting('max_connections'),
          sum(xact_commit + xact_rollback), sum(blks_hit + blks_read), sum(blks_hit) FROM pg_stat_database`);
        const [uptime = 0, open = 0, limit = 0, transactions = 0, requests = 0, hits = 0] = (row ?? []).map(Number);
        const engine = (await run(ENGINE)).map(([name, value]) => [text(name), Number(value)]);
        return {
          uptimeSeconds: uptime,
          connections: { open, limit },
          transactions,
          buffer: { requests, hits },
          engine: Object.fromEntries(engine),
        };
      }),
  };
}
