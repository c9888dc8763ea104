import { randomBytes } from 'node:crypto';
import type { Dialect } from './mysql-dialect.ts';
import { errnoOf } from './mysql-errors.ts';
import type { Statements } from './mysql-session.ts';
import { sql } from './mysql-sql.ts';
import { text } from './rows.ts';

const NO_SUCH_SESSION = 1094;

/** Error 1396 stands for "exists", "missing" and more; so look, instead of asking the error. */
export async function accountExists({ run }: Statements, name: string, host: string): Promise<boolean> {
  const rows = await run(sql`SELECT 1 FROM mysql.user WHERE User = ${name} AND Host = ${host}`);
  return rows.length > 0;
}

export interface AccountHost {
  host: string;
  isLocked: boolean;
}

/** From where somebody of that name could log in, and whether they may. */
export async function hostsOf({ run }: Statements, { locks }: Dialect, name: string): Promise<AccountHost[]> {
  const rows = await run(sql`${locks} WHERE User = ${name}`);
  return rows.map((row) => ({ host: text(row[0]), isLocked: Number(row[1]) === 1 }));
}

/** An account that nobody can log in with, unless it is there already. */
export async function ensureLocked(statements: Statements, dialect: Dialect, name: string, host: string) {
  if (await accountExists(statements, name, host)) return;
  const identified = dialect.identified(randomBytes(24).toString('base64url'));
  await statements.run(sql`CREATE USER ${name}@${host} ${identified} ACCOUNT LOCK`);
}

/** Repeatable. */
export async function endSession({ run }: Statements, id: number): Promise<void> {
  try {
    await run(sql`KILL ${id}`);
  } catch (error) {
    if (errnoOf(error) !== NO_SUCH_SESSION) throw error;
  }
}

/**
 * Ends the sessions of a user, or only those that are in one database. The server tells a session's user name and the address it
 * came from, not which of several accounts of one name it matched; so a user of the same name with another host has to log in again.
 * @returns how many there were that had not been ended already
 */
export async function endSessions(statements: Statements, name: string, database?: string): Promise<number> {
  // Not performance_schema.processlist, which is empty where a small flavor has performance_schema off.
  const rows = await statements.run(
    database === undefined
      ? sql`SELECT ID FROM information_schema.PROCESSLIST WHERE USER = ${name} AND COMMAND <> 'Killed'`
      : sql`SELECT ID FROM information_schema.PROCESSLIST WHERE USER = ${name} AND DB = ${database} AND COMMAND <> 'Killed'`,
  );
  for (const row of rows) await endSession(statements, Number(row[0]));
  return rows.length;
}
