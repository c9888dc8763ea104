import { testDriver } from '@coffer/core/testing';
import mariadb from '@coffer/drivers/mariadb';
import { engineHarness } from '../support/driver-harness.ts';
import { mysqlLogin } from '../support/mysql-login.ts';
import { administrator } from './mariadb-root.ts';

for (const version of process.env.COFFER_TEST_FULL ? ['11.8', '10.11'] : ['11.8'])
  testDriver({
    factory: mariadb,
    version,
    harness: engineHarness,
    login: mysqlLogin,
    administrator,
    configuration: {
      dynamic: { max_connections: 45, long_query_time: 2.5, innodb_print_all_deadlocks: true, sql_mode: 'ANSI_QUOTES' },
      restart: { ft_min_word_len: 3 },
      quirks: { sql_mode: 'ANSI_QUOTES,NO_BACKSLASH_ESCAPES' },
    },
    logs: {
      slow_query: (session, text) =>
        session.query('SET SESSION long_query_time = 0').then(() => session.query(`SELECT 1 AS ${text}`)),
      general: (session, text) => session.query(`SELECT 1 AS ${text}`),
    },
  });
