import { testDriver } from '@coffer/core/testing';
import mysql from '@coffer/drivers/mysql';
import { engineHarness } from '../support/driver-harness.ts';
import { mysqlLogin } from '../support/mysql-login.ts';
import { administrator } from './mysql-root.ts';

testDriver({
  factory: mysql,
  harness: engineHarness,
  login: mysqlLogin,
  administrator,
  configuration: {
    dynamic: { max_connections: 70, long_query_time: 2.5, innodb_print_all_deadlocks: true, sql_mode: 'ANSI_QUOTES' },
    restart: { innodb_read_io_threads: 5 },
    quirks: { sql_mode: 'ANSI_QUOTES,NO_BACKSLASH_ESCAPES' },
  },
  logs: {
    slow_query: (session, text) =>
      session.query(`SET SESSION long_query_time = 0`).then(() => session.query(`SELECT 1 AS ${text}`)),
    general: (session, text) => session.query(`SELECT 1 AS ${text}`),
  },
});
