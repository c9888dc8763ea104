import type { Dialect } from '../_shared/mysql-dialect.ts';
import { secret, sql } from '../_shared/mysql-sql.ts';

/**
 * MySQL with `partial_revokes` on from the first boot: database names in GRANT stand unescaped there, since `_` and `%` are no
 * wildcards then and an escaped name would grant nothing.
 */
export const dialect: Dialect = {
  identified: (password) => sql`IDENTIFIED BY ${secret(password)}`,
  locks: sql`SELECT Host, account_locked = 'Y' FROM mysql.user`,
  patternOf: (database) => database,
  databaseOf: (pattern) => pattern,
  loginRefused: [1045, 1698, 3118],
};
