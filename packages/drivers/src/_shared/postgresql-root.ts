import { checkPassword, type DriverManifest, ROOT_ACCOUNT, type RootGroup } from '@coffer/core/driver';
import { admission, type DatabaseRole, endSessions, ownedDatabases, roleOid } from './postgresql-roles.ts';
import { scramVerifier } from './postgresql-scram.ts';
import type { Session, Statements } from './postgresql-session.ts';
import { identifier, type Statement, secret, sql } from './postgresql-sql.ts';
import { text } from './rows.ts';

const ROOT = identifier(ROOT_ACCOUNT);

/**
 * Since 16 a role with CREATEROLE has power over those roles only that were given to it. Before, it could make anybody a member of
 * `pg_execute_server_program` and run programs on the server: there root makes no users, the service does.
 */
const mayCreateRoles = (major: number): boolean => major >= 16;

/** For a database that root is to find its way into. None while there is no root. */
export async function rootAdmission(statements: Statements, database: DatabaseRole): Promise<Statement[]> {
  return (await roleOid(statements, ROOT_ACCOUNT)) === undefined ? [] : admission(database, ROOT_ACCOUNT);
}

/** For a user that root is to manage: not to be, unless it takes the right for itself. */
const custody = (user: string): Statement =>
  sql`GRANT ${identifier(user)} TO ${ROOT} WITH ADMIN TRUE, INHERIT FALSE, SET FALSE`;

export async function rootCustody(statements: Statements, user: string, major: number): Promise<Statement[]> {
  return mayCreateRoles(major) && (await roleOid(statements, ROOT_ACCOUNT)) !== undefined ? [custody(user)] : [];
}

/** Takes root itself out of everybody's hands: who is a member of it would have its rights, and be in the way of what it is given. */
async function withoutMembers({ run }: Statements): Promise<Statement[]> {
  const rows = await run(sql`SELECT DISTINCT m.rolname FROM pg_auth_members a JOIN pg_roles m ON m.oid = a.member
    WHERE a.roleid = (SELECT oid FROM pg_roles WHERE rolname = ${ROOT_ACCOUNT})`);
  return rows.map(([member]) => sql`REVOKE ${ROOT} FROM ${identifier(text(member))} CASCADE`);
}

async function canLogin({ run }: Statements): Promise<boolean> {
  const [row] = await run(sql`SELECT rolcanlogin FROM pg_roles WHERE rolname = ${ROOT_ACCOUNT}`);
  return row?.[0] === 't';
}

/**
 * The tenant's administrator, and no superuser: at work in every database as its owner, with databases of its own and, from 16 on,
 * power over the tenant's users and users of its own. It sees what runs and may end it. Not `pg_monitor`, which shows parameters that
 * are for superusers, and not `pg_read_all_data`, which reads the verifiers of all passwords.
 */
export function postgresqlRoot(session: Session, manifest: DriverManifest, major: number): RootGroup {
  return {
    status: (op) =>
      session.use(op.signal, async (statements) => ((await canLogin(statements)) ? 'enabled' : 'disabled')),

    async enable(password, op) {
      checkPassword(manifest, password);
      const verifier = secret(await scramVerifier(password));
      await session.use(op.signal, async (statements) => {
        const { run } = statements;
        const isThere = (await roleOid(statements, ROOT_ACCOUNT)) !== undefined;
        const users = await run(sql`SELECT rolname FROM pg_roles
          WHERE rolcanlogin AND NOT rolsuper AND rolname !~ '^pg_' AND rolname <> ${ROOT_ACCOUNT}`);
        const databases = await ownedDatabases(statements);
        // One transaction: root never has a part of its rights, nor a right without its limits.
        await run(
          ...(isThere ? await withoutMembers(statements) : [sql`CREATE ROLE ${ROOT} NOLOGIN`]),
          sql`GRANT pg_read_all_stats, pg_stat_scan_tables, pg_signal_backend TO ${ROOT}`,
          ...databases.flatMap((database) => admission(database, ROOT_ACCOUNT)),
          ...(mayCreateRoles(major) ? users.map(([user]) => custody(text(user))) : []),
          sql`ALTER ROLE ${ROOT} LOGIN CREATEDB ${mayCreateRoles(major) ? sql`CREATEROLE` : sql`NOCREATEROLE`}
            INHERIT CONNECTION LIMIT -1 VALID UNTIL 'infinity' PASSWORD ${verifier}`,
        );
      });
    },

    disable: (op) =>
      session.use(op.signal, async (statements) => {
        const { run } = statements;
        const oid = await roleOid(statements, ROOT_ACCOUNT);
        if (oid === undefined) return 'missing';
        const wasEnabled = await canLogin(statements);
        do {
          // Without its powers too: a function that root has made runs by them, whoever calls it.
          await run(
            sql`ALTER ROLE ${ROOT} NOLOGIN NOCREATEDB NOCREATEROLE PASSWORD NULL`,
            ...(await withoutMembers(statements)),
          );
          // Who was still in may have undone it; so it is done once more, until nobody is.
        } while ((await endSessions(statements, oid)) > 0);
        return wasEnabled ? 'disabled' : 'missing';
      }),
  };
}
