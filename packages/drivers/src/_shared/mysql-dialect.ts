import type { Statement } from './mysql-sql.ts';

/** What MySQL and MariaDB say differently about accounts and their rights. */
export interface Dialect {
  /** Gives an account this password: what stands behind the account in CREATE USER and ALTER USER. */
  identified(password: string): Statement;
  /** Rows of a host and 1 for a locked account, 0 for another; a WHERE over User and Host is put behind it. */
  locks: Statement;
  /** A database's name as GRANT and REVOKE take it, so that it stands for no other; and back, from what is stored of it. */
  patternOf(database: string): string;
  databaseOf(pattern: string): string;
  /** Numbers of the errors for who logs in with a name or password that the server does not know, or to a locked account. */
  loginRefused: readonly number[];
}
