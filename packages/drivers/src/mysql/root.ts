import { checkPassword, type DriverManifest, ROOT_ACCOUNT, type RootGroup } from '@coffer/core/driver';
import { errnoOf } from '../_shared/mysql-errors.ts';
import type { Session, Statements } from '../_shared/mysql-session.ts';
import { identifier, secret, sql } from '../_shared/mysql-sql.ts';
import { text } from '../_shared/rows.ts';
import { accountExists, endSessions } from './accounts.ts';

/** The service's own, which is not the tenant's to have. Nobody logs in with it once the server is initialised. */
const LOCAL = 'localhost';
const ANYWHERE = '%';

/** Holds root's limits and is never logged in with; reserved in the manifest, and out of root's reach by SYSTEM_USER. */
const LIMITS = { name: 'coffer.root', host: LOCAL };

/** Hosts from which somebody of that name could log in, and whether they may. Root may make more of them than the one it is given. */
async function rootHosts({ run }: Statements): Promise<{ host: string; isLocked: boolean }[]> {
  const rows = await run(
    sql`SELECT Host, account_locked FROM mysql.user WHERE User = ${ROOT_ACCOUNT} AND Host <> ${LOCAL}`,
  );
  return rows.map((row) => ({ host: text(row[0]), isLocked: row[1] === 'Y' }));
}

/** An account that nobody can log in with, unless it is there already. */
async function ensureLocked(statements: Statements, name: string, host: string): Promise<void> {
  if (await accountExists(statements, name, host)) return;
  await statements.run(sql`CREATE USER ${name}@${host} IDENTIFIED BY RANDOM PASSWORD ACCOUNT LOCK`);
}

/**
 * An account that may do everything, except to the schemas `mysql` and `sys`. After GRANT on everything and before REVOKE on
 * `mysql`, a login of root's would have the server's own accounts to write, for as long as that session lives; granted AS this
 * account, rights come with its exceptions at once. It is made before there ever was a root who could wait for the moment.
 */
async function ensureLimits(statements: Statements): Promise<void> {
  const { run } = statements;
  const { name, host } = LIMITS;
  await ensureLocked(statements, name, host);
  await run(sql`GRANT ALL PRIVILEGES ON *.* TO ${name}@${host}`);
  await run(sql`REVOKE ALL PRIVILEGES ON mysql.* FROM ${name}@${host}`);
  await run(sql`REVOKE ALL PRIVILEGES ON sys.* FROM ${name}@${host}`);
  await run(sql`GRANT SELECT, EXECUTE, SHOW VIEW ON sys.* TO ${name}@${host}`);
}

/**
 * Nothing global that reaches beyond the tenant's data: no FILE, SHUTDOWN, SUPER, RELOAD, REPLICATION …, and of the dynamic
 * privileges only these. Those that end others' sessions bring `ALTER INSTANCE` along; FLUSH_TABLES stops the server's writes.
 */
async function grantRoot({ run }: Statements, host: string): Promise<void> {
  await run(sql`GRANT SELECT, INSERT, UPDATE, DELETE, CREATE, DROP, REFERENCES, INDEX, ALTER, CREATE TEMPORARY TABLES, LOCK TABLES,
    EXECUTE, CREATE VIEW, SHOW VIEW, CREATE ROUTINE, ALTER ROUTINE, EVENT, TRIGGER, CREATE USER, CREATE ROLE, DROP ROLE, PROCESS,
    SHOW DATABASES ON *.* TO ${ROOT_ACCOUNT}@${host} WITH GRANT OPTION AS ${LIMITS.name}@${LIMITS.host}`);
  await run(sql`GRANT ROLE_ADMIN, SHOW_ROUTINE, XA_RECOVER_ADMIN, APPLICATION_PASSWORD_ADMIN ON *.*
    TO ${ROOT_ACCOUNT}@${host} WITH GRANT OPTION`);
}

/** Database or event gone meanwhile, or in a database that was made read-only, where no event runs. */
const RUNS_NO_MORE = [1049, 1539, 3989];

/** Events run with their definer's rights, also when it is locked: one of root's could let root in again. */
async function disableEvents({ run }: Statements, host: string): Promise<void> {
  const rows = await run(sql`SELECT EVENT_SCHEMA, EVENT_NAME FROM information_schema.EVENTS
    WHERE DEFINER = ${`${ROOT_ACCOUNT}@${host}`} AND STATUS = 'ENABLED'`);
  for (const row of rows) {
    const [database, event] = [identifier(text(row[0])), identifier(text(row[1]))];
    // Without DEFINER the event would become the service's, and run with its rights once somebody switched it on.
    try {
      await run(sql`ALTER DEFINER = ${ROOT_ACCOUNT}@${host} EVENT ${database}.${event} DISABLE`);
    } catch (error) {
      if (!RUNS_NO_MORE.includes(errnoOf(error) ?? 0)) throw error;
    }
  }
}

/**
 * Root of the tenant, as `root@'%'`. It is locked rather than dropped when it is disabled: triggers, views and procedures that it
 * defined would fail without it.
 */
export function mysqlRoot(session: Session, manifest: DriverManifest): RootGroup {
  return {
    status: (op) =>
      session.use(op.signal, async (statements) =>
        (await rootHosts(statements)).some(({ isLocked }) => !isLocked) ? 'enabled' : 'disabled',
      ),

    async enable(password, op) {
      checkPassword(manifest, password);
      await session.use(op.signal, async (statements) => {
        await ensureLimits(statements);
        await ensureLocked(statements, ROOT_ACCOUNT, ANYWHERE);
        // A root of its own making with a nearer host would be let in instead, with another password and fewer rights.
        for (const { host } of await rootHosts(statements)) {
          await grantRoot(statements, host);
          await statements.run(
            sql`ALTER USER ${ROOT_ACCOUNT}@${host} IDENTIFIED BY ${secret(password)} ACCOUNT UNLOCK`,
          );
        }
      });
    },

    disable: (op) =>
      session.use(op.signal, async (statements) => {
        let wasOpen = false;
        do {
          for (const { host, isLocked } of await rootHosts(statements)) {
            wasOpen ||= !isLocked;
            await statements.run(sql`ALTER USER ${ROOT_ACCOUNT}@${host} ACCOUNT LOCK`);
            await disableEvents(statements, host);
          }
          // Who was still in may have undone it; so it is done once more, until nobody is.
        } while ((await endSessions(statements, ROOT_ACCOUNT)) > 0);
        return wasOpen ? 'disabled' : 'missing';
      }),
  };
}
