import type { MetricsGroup } from '@coffer/core/driver';
import type { Session } from './mysql-session.ts';
import { sql } from './mysql-sql.ts';
import { text } from './rows.ts';

/** Counters of InnoDB, which are off by default: the status variables count statements and what engines do inside, not transactions. */
const TRANSACTIONS = ['trx_rw_commits', 'trx_ro_commits', 'trx_nl_ro_commits', 'trx_rollbacks'];

/** Option for the server's file, without which there are no transactions to read. */
export const METRIC_OPTIONS = { innodb_monitor_enable: TRANSACTIONS.join(',') };

const COMMON = ['Uptime', 'Threads_connected', 'Innodb_buffer_pool_read_requests', 'Innodb_buffer_pool_reads'] as const;

/** What operators look at first, by the names of status variables. Not Bytes_sent, which MySQL 9.7.4 begins to count anywhere. */
const ENGINE = [
  'Aborted_clients',
  'Aborted_connects',
  'Binlog_cache_disk_use',
  'Bytes_received',
  'Connections',
  'Created_tmp_disk_tables',
  'Created_tmp_tables',
  'Innodb_buffer_pool_pages_dirty',
  'Innodb_buffer_pool_pages_free',
  'Innodb_buffer_pool_pages_total',
  'Innodb_buffer_pool_wait_free',
  'Innodb_data_reads',
  'Innodb_data_writes',
  'Innodb_log_waits',
  'Innodb_row_lock_current_waits',
  'Innodb_row_lock_time',
  'Innodb_row_lock_waits',
  'Innodb_rows_deleted',
  'Innodb_rows_inserted',
  'Innodb_rows_read',
  'Innodb_rows_updated',
  'Max_used_connections',
  'Open_tables',
  'Opened_tables',
  'Queries',
  'Select_full_join',
  'Select_scan',
  'Slow_queries',
  'Sort_merge_passes',
  'Table_locks_waited',
  'Threads_created',
  'Threads_running',
];

/**
 * Figures of MySQL and MariaDB.
 * @param engine names of status variables that are numbers, given as they are; those that the server does not have are left out
 */
export function mysqlMetrics(session: Session, engine: readonly string[] = ENGINE): MetricsGroup {
  return {
    read: (op) =>
      session.use(op.signal, async ({ run }) => {
        const rows = await run(sql`SHOW GLOBAL STATUS WHERE Variable_name IN (${[...COMMON, ...engine]})`);
        const status = new Map(rows.map((row) => [text(row[0]), Number(row[1])]));
        const number = (name: (typeof COMMON)[number]): number => status.get(name) ?? 0;
        const [limit] = await run(sql`SELECT @@GLOBAL.max_connections`);
        const [transactions] = await run(
          sql`SELECT SUM(COUNT) FROM information_schema.INNODB_METRICS WHERE NAME IN (${TRANSACTIONS})`,
        );
        const requests = number('Innodb_buffer_pool_read_requests');
        return {
          uptimeSeconds: number('Uptime'),
          connections: { open: number('Threads_connected'), limit: Number(limit?.[0]) },
          transactions: Number(transactions?.[0]),
          buffer: { requests, hits: Math.max(0, requests - number('Innodb_buffer_pool_reads')) },
          engine: Object.fromEntries(
            engine.flatMap((name) => {
              const value = status.get(name);
              return value === undefined || Number.isNaN(value) ? [] : [[name, value]];
            }),
          ),
        };
      }),
  };
}
