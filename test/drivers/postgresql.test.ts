import { testDriver } from '@coffer/core/testing';
import postgresql from '@coffer/drivers/postgresql';
import { engineHarness } from '../support/driver-harness.ts';
import { postgresqlLogin } from '../support/postgresql-login.ts';
import { administrator } from './postgresql-root.ts';

/** Those of long ago take as long as the newest, and change as seldom as they do. */
const versions = process.env.COFFER_TEST_FULL ? ['18', '17', '15'] : ['18'];

for (const version of versions)
  testDriver({
    factory: postgresql,
    version,
    harness: engineHarness,
    login: postgresqlLogin,
    administrator: administrator(Number(version)),
    configuration: {
      dynamic: { work_mem: 8192, random_page_cost: 1.1, log_lock_waits: true, DateStyle: 'German, DMY' },
      restart: { max_locks_per_transaction: 70 },
      quirks: { standard_conforming_strings: false, quote_all_identifiers: true, backslash_quote: 'off' },
    },
    logs: {
      error: (session, text) => session.query(`SELECT 1 / 0 AS ${text}`).catch(() => {}),
      slow_query: (session, text) => session.query(`SELECT pg_sleep(0.3) AS ${text}`),
      general: (session, text) => session.query(`SELECT 1 AS ${text}`),
    },
  });
