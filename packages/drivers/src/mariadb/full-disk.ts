import { endSession } from '../_shared/mysql-accounts.ts';
import type { Statements } from '../_shared/mysql-session.ts';
import { sql } from '../_shared/mysql-sql.ts';

/** A statement that finds the disk full stays in this state, with its locks, and looks again once a minute. */
const WAITS = sql`STATE = 'Waiting for someone to free space'`;

/** Ends statements of the service's that nobody waits for any more: the calls that sent them have been given up. */
export async function endLeftBehind(statements: Statements): Promise<void> {
  const rows = await statements.run(
    sql`SELECT ID FROM information_schema.PROCESSLIST WHERE USER = SUBSTRING_INDEX(CURRENT_USER(), '@', 1) AND ${WAITS}`,
  );
  for (const row of rows) await endSession(statements, Number(row[0]));
}

export async function fullDisk({ run }: Statements): Promise<string | undefined> {
  const [row] = await run(sql`SELECT COUNT(*) FROM information_schema.PROCESSLIST WHERE ${WAITS}`);
  const waiting = Number(row?.[0]);
  return waiting === 0
    ? undefined
    : `the disk was full a minute ago or less, and ${waiting} statements wait for space; make the volume larger or delete data`;
}
