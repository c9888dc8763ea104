import {
  checkDatabaseName,
  checkDatabaseNames,
  checkHost,
  checkPassword,
  checkUserChanges,
  checkUserName,
  type DriverManifest,
  type UserInfo,
  type UserName,
  type UsersGroup,
} from '@coffer/core/driver';
import { accountExists, endSessions } from './mysql-accounts.ts';
import type { Dialect } from './mysql-dialect.ts';
import { errnoOf } from './mysql-errors.ts';
import type { Session, Statements } from './mysql-session.ts';
import { identifier, sql } from './mysql-sql.ts';
import { pageOf } from './paging.ts';
import { text } from './rows.ts';

const NO_SUCH_GRANT = 1141;

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

/** Users of MySQL and MariaDB. */
export function mysqlUsers(session: Session, manifest: DriverManifest, dialect: Dialect): UsersGroup {
  /** Databases with a grant of their own, by `name@host`. */
  async function grantsOf(
    { run }: Statements,
    users: readonly { name: string; host: string }[],
  ): Promise<Map<string, string[]>> {
    const grants = new Map<string, string[]>(users.map((user) => [markerOf(user), []]));
    if (users.length === 0) return grants;
    const rows = await run(sql`SELECT User, Host, Db FROM mysql.db WHERE User IN (${users.map((user) => user.name)})`);
    for (const row of rows) {
      const database = dialect.databaseOf(text(row[2]));
      if (manifest.reserved.databases.includes(database)) continue;
      grants.get(markerOf({ name: text(row[0]), host: text(row[1]) }))?.push(database);
    }
    for (const names of grants.values())
      names.sort((left, right) => Buffer.compare(Buffer.from(left), Buffer.from(right)));
    return grants;
  }

  async function grantAll({ run }: Statements, user: UserName, databases: readonly string[]): Promise<void> {
    for (const database of databases) {
      const pattern = identifier(dialect.patternOf(database));
      await run(sql`GRANT ALL PRIVILEGES ON ${pattern}.* TO ${user.name}@${hostOf(user)}`);
    }
  }

  /** The option to pass them on too, which is not among "all privileges" and which root may have given. */
  async function revokeAll({ run }: Statements, user: { name: string; host: string }, database: string): Promise<void> {
    const pattern = identifier(dialect.patternOf(database));
    await run(sql`REVOKE ALL PRIVILEGES ON ${pattern}.* FROM ${user.name}@${user.host}`);
    try {
      await run(sql`REVOKE GRANT OPTION ON ${pattern}.* FROM ${user.name}@${user.host}`);
    } catch (error) {
      if (errnoOf(error) !== NO_SUCH_GRANT) throw error;
    }
  }

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
        const grants = await grantsOf(statements, found.items);
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
        if (!(await accountExists(statements, user.name, hostOf(user)))) return undefined;
        const found = { name: user.name, host: hostOf(user) };
        const grants = await grantsOf(statements, [found]);
        return { ...found, databases: grants.get(markerOf(found)) ?? [] };
      });
    },

    async create(user, op) {
      checkUserName(manifest, user.name);
      if (user.host !== undefined) checkHost(manifest, user.host);
      checkPassword(manifest, user.password);
      checkDatabaseNames(manifest, user.databases);
      const [name, host, identified] = [user.name, hostOf(user), dialect.identified(user.password)];
      return session.use(op.signal, async (statements) => {
        const existed = await accountExists(statements, user.name, hostOf(user));
        if (existed) await statements.run(sql`ALTER USER ${name}@${host} ${identified}`);
        else await statements.run(sql`CREATE USER ${name}@${host} ${identified}`);
        await grantAll(statements, user, user.databases);
        return existed ? 'exists' : 'created';
      });
    },

    async alter(user, changes, op) {
      checkUserName(manifest, user.name);
      checkUserChanges(manifest, changes);
      const from = { name: user.name, host: hostOf(user) };
      const to = { name: changes.name ?? from.name, host: hostOf({ ...from, ...changes }) };
      const isMoved = markerOf(from) !== markerOf(to);
      return session.use(op.signal, async (statements) => {
        const { run } = statements;
        const isThere = await accountExists(statements, from.name, from.host);
        const isTaken = isMoved && (await accountExists(statements, to.name, to.host));
        if (!isThere && !isTaken) return 'missing';
        if (isThere && isTaken) return 'exists';
        if (isThere && changes.password !== undefined)
          await run(sql`ALTER USER ${from.name}@${from.host} ${dialect.identified(changes.password)}`);
        if (!isMoved) return 'altered';
        if (isThere) await run(sql`RENAME USER ${from.name}@${from.host} TO ${to.name}@${to.host}`);
        await endSessions(statements, from.name);
        // RENAME USER leaves the server's cache of rights on databases: whoever has the old name next would have the old rights,
        // and who gets the old name back none. Any GRANT clears it.
        await run(sql`GRANT USAGE ON *.* TO ${to.name}@${to.host}`);
        return 'altered';
      });
    },

    async grant(user, databases, op) {
      checkUserName(manifest, user.name);
      checkDatabaseNames(manifest, databases);
      return session.use(op.signal, async (statements) => {
        if (!(await accountExists(statements, user.name, hostOf(user)))) return 'missing';
        await grantAll(statements, user, databases);
        return 'granted';
      });
    },

    async revoke(user, database, op) {
      checkUserName(manifest, user.name);
      checkDatabaseName(manifest, database);
      const found = { name: user.name, host: hostOf(user) };
      return session.use(op.signal, async (statements) => {
        if (!(await accountExists(statements, found.name, found.host))) return 'missing';
        const grants = await grantsOf(statements, [found]);
        const isGranted = grants.get(markerOf(found))?.includes(database) ?? false;
        if (isGranted) await revokeAll(statements, found, database);
        // A session keeps the rights on the database that it is in, until it leaves it. Also when there is no grant any more: the
        // call that took it may have died right here.
        await endSessions(statements, found.name, database);
        return isGranted ? 'revoked' : 'missing';
      });
    },

    async drop(user, op) {
      checkUserName(manifest, user.name);
      return session.use(op.signal, async (statements) => {
        if (!(await accountExists(statements, user.name, hostOf(user)))) return 'missing';
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
