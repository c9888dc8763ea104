import { type DriverManifest, ROOT_ACCOUNT } from '@coffer/core/driver';
import { accountExists } from '../_shared/mysql-accounts.ts';
import { ANYWHERE } from '../_shared/mysql-root.ts';
import type { Statements } from '../_shared/mysql-session.ts';
import { identifier, sql } from '../_shared/mysql-sql.ts';
import { text } from '../_shared/rows.ts';
import { dialect } from './dialect.ts';

/** Longest pattern that a grant can be stored under. */
const MAX_PATTERN = 64;

/**
 * All rights on one database, to pass on too. On databases by name, never on a pattern: who may grant on one that `mysql` fits
 * may give that away.
 */
async function grantDatabase({ run }: Statements, host: string, database: string): Promise<void> {
  const pattern = dialect.patternOf(database);
  if ([...pattern].length > MAX_PATTERN) return;
  await run(sql`GRANT ALL PRIVILEGES ON ${identifier(pattern)}.* TO ${ROOT_ACCOUNT}@${host} WITH GRANT OPTION`);
}

/** A database has come to be: root, where there is one, may grant on it. */
export async function grantNewDatabase(statements: Statements, database: string): Promise<void> {
  if (await accountExists(statements, ROOT_ACCOUNT, ANYWHERE)) await grantDatabase(statements, ANYWHERE, database);
}

/**
 * All rights on all databases, without a global one that reaches data: global rights cannot be taken back for one database. Those
 * on a pattern are not looked at where there are some on the name, so each of the server's own schemas gets a harmless one first.
 * No CREATE USER either: there is no SYSTEM_USER that would keep the service's accounts from who has it.
 */
export const rootGrant =
  (manifest: DriverManifest) =>
  async (statements: Statements, host: string): Promise<void> => {
    const { run } = statements;
    await run(sql`GRANT SHOW VIEW ON mysql.* TO ${ROOT_ACCOUNT}@${host}`);
    await run(sql`GRANT SHOW VIEW ON sys.* TO ${ROOT_ACCOUNT}@${host}`);
    await run(sql`GRANT SELECT ON ${identifier(dialect.patternOf('performance_schema'))}.* TO ${ROOT_ACCOUNT}@${host}`);
    await run(sql`GRANT ALL PRIVILEGES ON ${identifier('%')}.* TO ${ROOT_ACCOUNT}@${host}`);
    await run(sql`GRANT PROCESS, SHOW DATABASES ON *.* TO ${ROOT_ACCOUNT}@${host}`);
    const rows = await run(
      sql`SELECT SCHEMA_NAME FROM information_schema.SCHEMATA WHERE SCHEMA_NAME NOT IN (${manifest.reserved.databases})`,
    );
    for (const row of rows) await grantDatabase(statements, host, text(row[0]));
  };
