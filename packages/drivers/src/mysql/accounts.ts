import { errnoOf } from '../_shared/mysql-errors.ts';
import type { Statements } from '../_shared/mysql-session.ts';
import { sql } from '../_shared/mysql-sql.ts';

const NO_SUCH_SESSION = 1094;

/** Error 1396 stands for "exists", "missing" and more; so look, instead of asking the error. */
export async function accountExists({ run }: Statements, name: string, host: string): Promise<boolean> {
  const rows = await run(sql`SELECT 1 FROM mysql.user WHERE User = ${name} AND Host = ${host}`);
  return rows.length > 0;
}

/**
 * Ends the sessions of a user, or only those that are in one database. The server tells a session's user name and the address it
 * came from, not which of several accounts of one name it matched; so a user of the same name with another host has to log in again.
 * @returns how many there were that had not been ended already
 */
export async function endSessions({ run }: Statements, name: string, database?: string): Promise<number> {
  // Not performance_schema.processlist, which is empty where a small flavor has performance_schema off.
  const rows = await run(
    database === undefined
      ? sql`SELECT ID FROM information_schema.PROCESSLIST WHERE USER = ${name} AND COMMAND <> 'Killed'`
      : sql`SELECT ID FROM information_schema.PROCESSLIST WHERE USER = ${name} AND DB = ${database} AND COMMAND <> 'Killed'`,
  );
  for (const row of rows) {
    try {
      await run(sql`KILL ${Number(row[0])}`);
    } catch (error) {
      if (errnoOf(error) !== NO_SUCH_SESSION) throw error;
    }
  }
  return rows.length;
}
