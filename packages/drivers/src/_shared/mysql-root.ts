import { checkPassword, type DriverManifest, ROOT_ACCOUNT, type RootGroup } from '@coffer/core/driver';
import { type AccountHost, endSessions, ensureLocked, hostsOf } from './mysql-accounts.ts';
import type { Dialect } from './mysql-dialect.ts';
import { errnoOf } from './mysql-errors.ts';
import type { Session, Statements } from './mysql-session.ts';
import { identifier, sql } from './mysql-sql.ts';
import { text } from './rows.ts';

/** The service's own, which is not the tenant's to have. Nobody logs in with it once the server is initialised. */
export const LOCAL = 'localhost';
export const ANYWHERE = '%';

export interface RootParts {
  session: Session;
  manifest: DriverManifest;
  dialect: Dialect;
  /** Gives root at this host all its rights, with their limits. The account may have them already, and sessions that are open. */
  grant(statements: Statements, host: string): Promise<void>;
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
 * Root of the tenant, as `root@'%'`, of MySQL and MariaDB. It is locked rather than dropped when it is disabled: triggers, views
 * and procedures that it defined would fail without it.
 */
export function mysqlRoot({ session, manifest, dialect, grant }: RootParts): RootGroup {
  /** Root may have made more of them than the one it is given. */
  const rootHosts = async (statements: Statements): Promise<AccountHost[]> =>
    (await hostsOf(statements, dialect, ROOT_ACCOUNT)).filter(({ host }) => host !== LOCAL);

  return {
    status: (op) =>
      session.use(op.signal, async (statements) =>
        (await rootHosts(statements)).some(({ isLocked }) => !isLocked) ? 'enabled' : 'disabled',
      ),

    async enable(password, op) {
      checkPassword(manifest, password);
      await session.use(op.signal, async (statements) => {
        await ensureLocked(statements, dialect, ROOT_ACCOUNT, ANYWHERE);
        // A root of its own making with a nearer host would be let in instead, with another password and fewer rights.
        for (const { host } of await rootHosts(statements)) {
          await grant(statements, host);
          await statements.run(sql`ALTER USER ${ROOT_ACCOUNT}@${host} ${dialect.identified(password)} ACCOUNT UNLOCK`);
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
