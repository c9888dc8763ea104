import {
  checkDatabaseName,
  checkHost,
  checkPassword,
  checkUserName,
  type DriverManifest,
  type UserInfo,
  type UserName,
  type UsersGroup,
} from '@coffer/core/driver';
import { errnoOf } from '../_shared/mysql-errors.ts';
import type { Session, Statements } from '../_shared/mysql-session.ts';
import { identifier, secret, sql } from '../_shared/mysql-sql.ts';
import { pageOf } from '../_shared/paging.ts';
import { text } from '../_shared/rows.ts';

const NO_SUCH_SESSION = 1094;

/** Hosts are stored in lower case and compared without case; a name is exact. */
const hostOf = (user: UserName): string => (user.host ?? '%').toLowerCase();
const markerOf = (user: { name: string; host: string }): string => `${user.name}@${user.host}`;

function isAllowed(manifest: DriverManifest, name: string): boolean {
  try {
    checkUserName(manifest, name);
    return true;
  } catch {
    return false;
  }
}

async function accountExists({ run }: Statements, user: UserName): Promise<boolean> {
  const rows = await run(sql`SELECT 1 FROM mysql.user WHERE User = ${user.name} AND Host = ${hostOf(user)}`);
  return rows.length > 0;
}

/** Databases with a grant of their own, by `name@host`. */
async function grantsOf(
  { run }: Statements,
  manifest: DriverManifest,
  users: readonly { name: string; host: string }[],
): Promise<Map<string, string[]>> {
  const grants = new Map<string, string[]>(users.map((user) => [markerOf(user), []]));
  if (users.length === 0) return grants;
  const rows = await run(sql`SELECT User, Host, Db FROM mysql.db
    WHERE User IN (${users.map((user) => user.name)}) AND Db NOT IN (${manifest.reserved.databases}) ORDER BY CAST(Db AS BINARY)`);
  for (const row of rows) grants.get(markerOf({ name: text(row[0]), host: text(row[1]) }))?.push(text(row[2]));
  return grants;
}

/**
 * Ends the sessions of a user. The server tells a session's user name and the address it came from, not which of several
 * accounts of one name it matched; so a user of the same name with another host has to log in again.
 */
async function endSessions({ run }: Statements, name: string): Promise<void> {
  // Not performance_schema.processlist, which is empty where a small flavor has performance_schema off.
  const rows = await run(sql`SELECT ID FROM information_schema.PROCESSLIST WHERE USER = ${name}`);
  for (const row of rows) {
    try {
      await run(sql`KILL ${Number(row[0])}`);
    } catch (error) {
      if (errnoOf(error) !== NO_SUCH_SESSION) throw error;
    }
  }
}

/**
 * Users of MySQL with `partial_revokes=ON` from the first boot: database names in GRANT stand unescaped there, since `_` and `%`
 * are no wildcards then and an escaped name would grant nothing.
 */
export function mysqlUsers(session: Session, manifest: DriverManifest): UsersGroup {
  return {
    async list(page, op) {
      return session.use(op.signal, async (statements) => {
        const rows = await statements.run(sql`SELECT User, Host FROM mysql.user
          WHERE User NOT IN (${['', ...manifest.reserved.users]}) AND CAST(CONCAT(User, '@', Host) AS BINARY) > CAST(${page.marker ?? ''} AS BINARY)
          ORDER BY CAST(CONCAT(User, '@', Host) AS BINARY) LIMIT ${page.limit + 1}`);
        const found = pageOf(
          rows.map((row) => ({ name: text(row[0]), host: text(row[1]) })),
          page,
          markerOf,
        );
        const grants = await grantsOf(statements, manifest, found.items);
        return {
          ...found,
          items: found.items.map((user) => ({ ...user, databases: grants.get(markerOf(user)) ?? [] })),
        };
      });
    },

    async get(user, op) {
      // A name that nobody may have is nobody's.
      if (!isAllowed(manifest, user.name)) return undefined;
      return session.use(op.signal, async (statements): Promise<UserInfo | undefined> => {
        if (!(await accountExists(statements, user))) return undefined;
        const found = { name: user.name, host: hostOf(user) };
        const grants = await grantsOf(statements, manifest, [found]);
        return { ...found, databases: grants.get(markerOf(found)) ?? [] };
      });
    },

    async create(user, op) {
      checkUserName(manifest, user.name);
      if (user.host !== undefined) checkHost(manifest, user.host);
      checkPassword(manifest, user.password);
      for (const database of user.databases) checkDatabaseName(manifest, database);
      const [name, host, password] = [user.name, hostOf(user), secret(user.password)];
      return session.use(op.signal, async (statements) => {
        // 1396 stands for "exists", "missing" and more, so look instead of asking the error.
        const existed = await accountExists(statements, user);
        if (existed) await statements.run(sql`ALTER USER ${name}@${host} IDENTIFIED BY ${password}`);
        else await statements.run(sql`CREATE USER ${name}@${host} IDENTIFIED BY ${password}`);
        for (const database of user.databases) {
          await statements.run(sql`GRANT ALL PRIVILEGES ON ${identifier(database)}.* TO ${name}@${host}`);
        }
        return existed ? 'exists' : 'created';
      });
    },

    async drop(user, op) {
      checkUserName(manifest, user.name);
      return session.use(op.signal, async (statements) => {
        if (!(await accountExists(statements, user))) return 'missing';
        const [name, host] = [user.name, hostOf(user)];
        // Locked first, so that no new session begins between the end of the last one and the drop.
        await statements.run(sql`ALTER USER ${name}@${host} ACCOUNT LOCK`);
        await endSessions(statements, name);
        await statements.run(sql`DROP USER IF EXISTS ${name}@${host}`);
        return 'dropped';
      });
    },
  };
}
