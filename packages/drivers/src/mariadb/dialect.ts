import { createHash } from 'node:crypto';
import type { Dialect } from '../_shared/mysql-dialect.ts';
import { secret, sql } from '../_shared/mysql-sql.ts';

const sha1 = (data: string | Buffer): Buffer => createHash('sha1').update(data).digest();

/** What mysql_native_password keeps of a password. */
const hashOf = (password: string): string => `*${sha1(sha1(password)).toString('hex').toUpperCase()}`;

/**
 * MariaDB. Passwords are sent as hashes: it does not take them out of statements in its general log and in the list of processes,
 * which the tenant can read. Names of databases are patterns to its GRANT, and are stored as such.
 */
export const dialect: Dialect = {
  identified: (password) => sql`IDENTIFIED VIA mysql_native_password USING ${secret(hashOf(password))}`,
  locks: sql`SELECT Host, IFNULL(JSON_VALUE(Priv, '$.account_locked'), 0) = 1 FROM mysql.global_priv`,
  patternOf: (database) => database.replaceAll(/[\\_%]/g, '\\$&'),
  databaseOf: (pattern) => pattern.replaceAll(/\\([\\_%])/g, '$1'),
  // 4151: the account is locked.
  loginRefused: [1045, 1698, 4151],
};
