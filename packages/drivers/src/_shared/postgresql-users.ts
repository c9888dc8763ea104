import {
  checkDatabaseName,
  checkDatabaseNames,
  checkPassword,
  checkUserChanges,
  checkUserName,
  type DriverManifest,
  type UsersGroup,
} from '@coffer/core/driver';
import { pageOf } from './paging.ts';
import {
  admission,
  adopt,
  type DatabaseRole,
  dropRole,
  endSessions,
  existingDatabase,
  findDatabase,
  OWNER_PREFIX,
  roleOid,
  TENANT_ROLE,
} from './postgresql-roles.ts';
import { rootCustody } from './postgresql-root.ts';
import { scramVerifier } from './postgresql-scram.ts';
import type { Session, Statements, Turn } from './postgresql-session.ts';
import { identifier, type Statement, secret, sql } from './postgresql-sql.ts';
import { text } from './rows.ts';

/** PostgreSQL's roles have no hosts; users are listed as those of everywhere. */
const HOST = '%';

function isAllowed(manifest: DriverManifest, name: string): boolean {
  try {
    checkUserName(manifest, name);
    return true;
  } catch {
    return false;
  }
}

/** Databases that users may use, by name. */
async function grantsOf({ run }: Statements, users: readonly string[]): Promise<Map<string, string[]>> {
  const grants = new Map<string, string[]>(users.map((name) => [name, []]));
  if (users.length === 0) return grants;
  const rows = await run(sql`SELECT DISTINCT m.rolname::text, d.datname::text COLLATE "C" FROM pg_auth_members a
    JOIN pg_roles m ON m.oid = a.member JOIN pg_roles o ON o.oid = a.roleid JOIN pg_database d ON ${OWNER_PREFIX} || d.oid = o.rolname
    WHERE m.rolname IN (${users}) ORDER BY 2`);
  for (const row of rows) grants.get(text(row[0]))?.push(text(row[1]));
  return grants;
}

/** Looks before anything is changed, and gives databases that tenants made for themselves their own roles. */
async function grantable(turn: Turn, names: readonly string[]): Promise<DatabaseRole[]> {
  const found: DatabaseRole[] = [];
  for (const name of names) found.push(await existingDatabase(turn, name));
  for (const database of found) await adopt(turn, database);
  return found;
}

const passwordOf = async (name: string, password: string): Promise<Statement> =>
  sql`ALTER ROLE ${identifier(name)} LOGIN PASSWORD ${secret(await scramVerifier(password))}`;

/** Users of PostgreSQL: roles that may log in. */
export function postgresqlUsers(session: Session, manifest: DriverManifest, major: number): UsersGroup {
  return {
    list: (page, op) =>
      session.use(op.signal, async (statements) => {
        const rows = await statements.run(sql`SELECT rolname FROM pg_roles
          WHERE rolcanlogin AND ${TENANT_ROLE} AND NOT rolname IN (${manifest.reserved.users})
            AND rolname || ${`@${HOST}`} > ${page.marker ?? ''} COLLATE "C"
          ORDER BY rolname || ${`@${HOST}`} COLLATE "C" LIMIT ${page.limit + 1}`);
        const found = pageOf(
          rows.map((row) => ({ name: text(row[0]), host: HOST })),
          page,
          (user) => `${user.name}@${user.host}`,
        );
        const grants = await grantsOf(
          statements,
          found.items.map(({ name }) => name),
        );
        return { ...found, items: found.items.map((user) => ({ ...user, databases: grants.get(user.name) ?? [] })) };
      }),

    async get({ name }, op) {
      // A name that nobody may have is nobody's.
      if (!isAllowed(manifest, name)) return undefined;
      return session.use(op.signal, async (statements) => {
        if ((await roleOid(statements, name)) === undefined) return undefined;
        return { name, host: HOST, databases: (await grantsOf(statements, [name])).get(name) ?? [] };
      });
    },

    async create({ name, password, databases }, op) {
      checkUserName(manifest, name);
      checkPassword(manifest, password);
      checkDatabaseNames(manifest, databases);
      const changed = await passwordOf(name, password);
      return session.use(op.signal, async (turn) => {
        const exists = (await roleOid(turn, name)) !== undefined;
        const granted = await grantable(turn, databases);
        await turn.run(
          ...(exists ? [] : [sql`CREATE ROLE ${identifier(name)} NOLOGIN`]),
          changed,
          ...granted.flatMap((database) => admission(database, name)),
          ...(await rootCustody(turn, name, major)),
        );
        return exists ? 'exists' : 'created';
      });
    },

    async alter({ name }, changes, op) {
      checkUserName(manifest, name);
      checkUserChanges(manifest, changes);
      const to = changes.name ?? name;
      const changed = changes.password === undefined ? [] : [await passwordOf(name, changes.password)];
      return session.use(op.signal, async (turn) => {
        const oid = await roleOid(turn, name);
        const taken = to === name ? undefined : await roleOid(turn, to);
        if (oid === undefined && taken === undefined) return 'missing';
        if (oid !== undefined && taken !== undefined) return 'exists';
        const renamed = to === name ? [] : [sql`ALTER ROLE ${identifier(name)} RENAME TO ${identifier(to)}`];
        // Password and grants go along: the one is of no name, the others are of the role's number.
        if (oid !== undefined && changed.length + renamed.length > 0) await turn.run(...changed, ...renamed);
        if (to !== name) await endSessions(turn, oid ?? taken ?? '');
        return 'altered';
      });
    },

    async grant({ name }, databases, op) {
      checkUserName(manifest, name);
      checkDatabaseNames(manifest, databases);
      return session.use(op.signal, async (turn) => {
        if ((await roleOid(turn, name)) === undefined) return 'missing';
        const granted = await grantable(turn, databases);
        if (granted.length > 0) await turn.run(...granted.flatMap((database) => admission(database, name)));
        return 'granted';
      });
    },

    async revoke({ name }, database, op) {
      checkUserName(manifest, name);
      checkDatabaseName(manifest, database);
      return session.use(op.signal, async (turn) => {
        const oid = await roleOid(turn, name);
        const found = await findDatabase(turn, database);
        if (oid === undefined || found === undefined) return 'missing';
        const isGranted = (await grantsOf(turn, [name])).get(name)?.includes(database) ?? false;
        const [role, from] = [identifier(name), identifier(database)];
        if (isGranted)
          await turn.run(
            sql`REVOKE ${identifier(found.ownRole)} FROM ${role} CASCADE`,
            sql`ALTER ROLE ${role} IN DATABASE ${from} RESET role`,
            // At work as the owner, it may have let itself in by another door.
            sql`REVOKE ALL ON DATABASE ${from} FROM ${role}, PUBLIC CASCADE`,
          );
        // Also when there is no grant any more: the call that took it may have died right here.
        await endSessions(turn, oid, found.oid);
        return isGranted ? 'revoked' : 'missing';
      });
    },

    async drop({ name }, op) {
      checkUserName(manifest, name);
      return session.use(op.signal, async (turn) => {
        const oid = await roleOid(turn, name);
        if (oid === undefined) return 'missing';
        // No new session begins between the end of the last one and the drop.
        await turn.run(sql`ALTER ROLE ${identifier(name)} NOLOGIN`);
        await endSessions(turn, oid);
        await dropRole(turn, name);
        return 'dropped';
      });
    },
  };
}
