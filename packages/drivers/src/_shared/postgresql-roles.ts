import { Problem } from '@coffer/core';
import type { Statements, Turn } from './postgresql-session.ts';
import { LOBBY } from './postgresql-session.ts';
import { identifier, type Statement, sql } from './postgresql-sql.ts';
import { text } from './rows.ts';

/**
 * Every database belongs to a role of its own, with which nobody logs in: whoever may use the database is a member of it and
 * works as it there, so that all see and change everything, whoever made it. Named by the database's number, which stays when a
 * database is renamed and does not come again when one of the same name does.
 */
export const OWNER_PREFIX = 'coffer.db.';

export interface DatabaseRole {
  name: string;
  /** Number of the database. */
  oid: string;
  /** Role that owns it now. */
  owner: string;
  /** Role that should. */
  ownRole: string;
  /** Made by us up to its middle, by a call that was cut off. */
  isUnfinished: boolean;
  /** Whether it lets sessions in. */
  isOpen: boolean;
  /** Its drop was cut off: it can only be dropped. */
  isBroken: boolean;
}

/** Roles that are the tenant's: not the service's, and none of PostgreSQL's own. */
export const TENANT_ROLE = sql`(NOT rolsuper AND rolname !~ '^pg_')`;

/** @returns the number of a role of the tenant's */
export async function roleOid({ run }: Statements, name: string): Promise<string | undefined> {
  const [row] = await run(sql`SELECT oid FROM pg_roles WHERE rolname = ${name} AND ${TENANT_ROLE}`);
  return row && text(row[0]);
}

async function databases({ run }: Statements, where: Statement): Promise<DatabaseRole[]> {
  const rows = await run(sql`SELECT d.datname, d.oid, r.rolname, r.rolsuper, d.datallowconn, d.datconnlimit
    FROM pg_database d JOIN pg_roles r ON r.oid = d.datdba WHERE NOT d.datname IN ('template0', 'template1', ${LOBBY}) AND ${where}`);
  return rows.map((row) => ({
    name: text(row[0]),
    oid: text(row[1]),
    owner: text(row[2]),
    ownRole: `${OWNER_PREFIX}${text(row[1])}`,
    isUnfinished: row[3] === 't',
    isOpen: row[4] === 't',
    isBroken: row[5] === '-2',
  }));
}

export async function findDatabase(statements: Statements, name: string): Promise<DatabaseRole | undefined> {
  const [found] = await databases(statements, sql`d.datname = ${name}`);
  return found;
}

/** Databases that have their own role. */
export async function ownedDatabases(statements: Statements): Promise<DatabaseRole[]> {
  return databases(statements, sql`r.rolname = ${OWNER_PREFIX} || d.oid`);
}

/** Lets a role in: a member of the database's own role, and at work as it there. */
export const admission = ({ name, ownRole }: DatabaseRole, role: string): Statement[] => [
  sql`GRANT ${identifier(ownRole)} TO ${identifier(role)}`,
  sql`ALTER ROLE ${identifier(role)} IN DATABASE ${identifier(name)} SET role = ${ownRole}`,
];

/** In a database, also in one that its owner has closed for sessions. */
export async function inside<T>(
  turn: Turn,
  database: DatabaseRole,
  work: (statements: Statements) => Promise<T>,
): Promise<T> {
  if (database.isOpen) return turn.visit(database.name, work);
  const name = identifier(database.name);
  await turn.run(sql`ALTER DATABASE ${name} ALLOW_CONNECTIONS TRUE`);
  try {
    return await turn.visit(database.name, work);
  } finally {
    await turn.run(sql`ALTER DATABASE ${name} ALLOW_CONNECTIONS FALSE`);
  }
}

/**
 * Gives a database that a tenant's role has made for itself to a role of its own, all that is in it too; the former owner is let
 * in like everybody. One transaction, since REASSIGN takes the role's other databases along, which are given back in it.
 */
export async function adopt(turn: Turn, database: DatabaseRole): Promise<void> {
  const { name, owner, ownRole } = database;
  if (owner === ownRole) return;
  const exists = (await roleOid(turn, ownRole)) !== undefined;
  const others = (await databases(turn, sql`r.rolname = ${owner}`)).filter((other) => other.name !== name);
  await inside(turn, database, ({ run }) =>
    run(
      // Root may have taken the database from its role, which is there then.
      exists ? sql`ALTER ROLE ${identifier(ownRole)} NOLOGIN` : sql`CREATE ROLE ${identifier(ownRole)} NOLOGIN`,
      ...admission(database, owner),
      sql`REASSIGN OWNED BY ${identifier(owner)} TO ${identifier(ownRole)}`,
      ...others.map((other) => sql`ALTER DATABASE ${identifier(other.name)} OWNER TO ${identifier(owner)}`),
      sql`REVOKE ALL ON DATABASE ${identifier(name)} FROM PUBLIC`,
    ),
  );
}

/**
 * Ends the sessions of a role, or only those that are in one database, and waits until they are gone.
 * @returns how many there were
 */
export async function endSessions({ run }: Statements, oid: string, database?: string): Promise<number> {
  const where = database === undefined ? sql`TRUE` : sql`datid = ${database}`;
  let ended = 0;
  for (;;) {
    // The wait is part of the function. Once more, since a login may have been under way.
    const rows = await run(
      sql`SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE usesysid = ${oid} AND ${where}`,
    );
    if (rows.length === 0) return ended;
    ended += rows.length;
  }
}

/** Drops a role that has no sessions; what it has made goes to the roles of the databases that it is in. Repeatable. */
export async function dropRole(turn: Turn, name: string): Promise<void> {
  const oid = await roleOid(turn, name);
  if (oid === undefined) return;
  for (const database of await databases(turn, sql`r.rolname = ${name}`)) await adopt(turn, database);
  const used = await databases(
    turn,
    sql`d.oid IN (SELECT dbid FROM pg_shdepend WHERE refclassid = 'pg_authid'::regclass AND refobjid = ${oid})`,
  );
  const role = identifier(name);
  for (const database of used) {
    // Nothing can be taken out of it any more; whoever began to drop it wants it gone.
    if (database.isBroken) await turn.run(sql`DROP DATABASE IF EXISTS ${identifier(database.name)}`);
    else
      await inside(turn, database, ({ run }) =>
        run(sql`REASSIGN OWNED BY ${role} TO ${identifier(database.owner)}`, sql`DROP OWNED BY ${role}`),
      );
  }
  await turn.run(sql`DROP OWNED BY ${role}`, sql`DROP ROLE ${role}`);
}

/** @throws Problem `database_missing` */
export async function existingDatabase(statements: Statements, name: string): Promise<DatabaseRole> {
  const found = await findDatabase(statements, name);
  if (found && !found.isUnfinished && !found.isBroken) return found;
  throw new Problem('database_missing', `Database ${JSON.stringify(name)} does not exist; create it first.`);
}
