import { ROOT_ACCOUNT } from '@coffer/core/driver';
import { ensureLocked } from '../_shared/mysql-accounts.ts';
import { LOCAL } from '../_shared/mysql-root.ts';
import type { Statements } from '../_shared/mysql-session.ts';
import { sql } from '../_shared/mysql-sql.ts';
import { dialect } from './dialect.ts';

/** Holds root's limits and is never logged in with; reserved in the manifest, and out of root's reach by SYSTEM_USER. */
const LIMITS = { name: 'coffer.root', host: LOCAL };

/**
 * An account that may do everything, except to the schemas `mysql` and `sys`. After GRANT on everything and before REVOKE on
 * `mysql`, a login of root's would have the server's own accounts to write, for as long as that session lives; granted AS this
 * account, rights come with its exceptions at once. It is made before root has any right of which it could make use meanwhile.
 */
async function ensureLimits(statements: Statements): Promise<void> {
  const { run } = statements;
  const { name, host } = LIMITS;
  await ensureLocked(statements, dialect, name, host);
  await run(sql`GRANT ALL PRIVILEGES ON *.* TO ${name}@${host}`);
  await run(sql`REVOKE ALL PRIVILEGES ON mysql.* FROM ${name}@${host}`);
  await run(sql`REVOKE ALL PRIVILEGES ON sys.* FROM ${name}@${host}`);
  await run(sql`GRANT SELECT, EXECUTE, SHOW VIEW ON sys.* TO ${name}@${host}`);
}

/**
 * Nothing global that reaches beyond the tenant's data: no FILE, SHUTDOWN, SUPER, RELOAD, REPLICATION …, and of the dynamic
 * privileges only these. Those that end others' sessions bring `ALTER INSTANCE` along; FLUSH_TABLES stops the server's writes.
 */
export async function grantRoot(statements: Statements, host: string): Promise<void> {
  const { run } = statements;
  await ensureLimits(statements);
  await run(sql`GRANT SELECT, INSERT, UPDATE, DELETE, CREATE, DROP, REFERENCES, INDEX, ALTER, CREATE TEMPORARY TABLES, LOCK TABLES,
    EXECUTE, CREATE VIEW, SHOW VIEW, CREATE ROUTINE, ALTER ROUTINE, EVENT, TRIGGER, CREATE USER, CREATE ROLE, DROP ROLE, PROCESS,
    SHOW DATABASES ON *.* TO ${ROOT_ACCOUNT}@${host} WITH GRANT OPTION AS ${LIMITS.name}@${LIMITS.host}`);
  await run(sql`GRANT ROLE_ADMIN, SHOW_ROUTINE, XA_RECOVER_ADMIN, APPLICATION_PASSWORD_ADMIN ON *.*
    TO ${ROOT_ACCOUNT}@${host} WITH GRANT OPTION`);
}
