import { checkCharset, checkDatabaseName, type DatabasesGroup, type DriverManifest } from '@coffer/core/driver';
import { pageOf } from './paging.ts';
import { type DatabaseRole, dropRole, findDatabase, OWNER_PREFIX } from './postgresql-roles.ts';
import { rootAdmission } from './postgresql-root.ts';
import type { Session, Turn } from './postgresql-session.ts';
import { identifier, type Statement, sql } from './postgresql-sql.ts';
import { text } from './rows.ts';
import { pause } from './turns.ts';

const ICU_SUFFIX = '-x-icu';

/** Who sorts, and how: a collation of the manifest in the words of CREATE DATABASE. */
function localeOf(collation: string, major: number): Statement {
  if (collation === 'c') return sql`LOCALE_PROVIDER libc LOCALE 'C'`;
  if (collation.endsWith(ICU_SUFFIX))
    return sql`LOCALE_PROVIDER icu ICU_LOCALE ${collation.slice(0, -ICU_SUFFIX.length)} LOCALE 'C.UTF-8'`;
  // PostgreSQL's own since 17, which no update of a library changes; before, that of the C library, which sorts the same.
  if (major < 17) return sql`LOCALE_PROVIDER libc LOCALE 'C.UTF-8'`;
  return sql`LOCALE_PROVIDER builtin BUILTIN_LOCALE ${collation === 'c.utf-8' ? 'C.UTF-8' : collation.toUpperCase()} LOCALE 'C.UTF-8'`;
}

/** Encoding and collation, each by the other where only one is given. */
function choice(manifest: DriverManifest, given: { characterSet?: string; collation?: string }): [string, string] {
  const sets = [manifest.defaultCharset ?? '', ...Object.keys(manifest.charsets)];
  const collation = given.collation?.toLowerCase();
  const characterSet =
    given.characterSet?.toLowerCase() ??
    sets.find((set) => collation === undefined || manifest.charsets[set]?.includes(collation)) ??
    '';
  return [characterSet, collation ?? manifest.charsets[characterSet]?.[0] ?? 'c'];
}

/** What makes a database that was just created a tenant's: its own role, and closed to everybody else. */
async function finish(turn: Turn, database: DatabaseRole): Promise<void> {
  const name = identifier(database.name);
  // Root may have made one of that name, to have it when the number comes.
  await dropRole(turn, database.ownRole);
  await turn.run(
    sql`CREATE ROLE ${identifier(database.ownRole)} NOLOGIN`,
    sql`ALTER DATABASE ${name} OWNER TO ${identifier(database.ownRole)}`,
    sql`REVOKE ALL ON DATABASE ${name} FROM PUBLIC`,
    ...(await rootAdmission(turn, database)),
    sql`ALTER DATABASE ${name} ALLOW_CONNECTIONS TRUE`,
  );
}

/** Sessions in the middle of their login. They are in no view before 18, except by the lock that each holds on itself. */
const LOGINS = sql`FROM pg_locks l LEFT JOIN pg_stat_activity a ON a.pid = l.pid
  WHERE l.locktype = 'virtualxid' AND (a.pid IS NULL OR a.state = 'starting')`;
const LOGIN_MS = 300;

/**
 * A drop waits until every session has taken note, and one that is in the middle of its login takes none: whoever opens a
 * connection and says no more would keep it waiting. Those that are still at it after a while are ended.
 */
async function endLogins({ run }: Turn, signal: AbortSignal): Promise<void> {
  const found = await run(sql`SELECT l.pid ${LOGINS}`);
  if (found.length === 0) return;
  await pause(LOGIN_MS, signal);
  await run(sql`SELECT pg_terminate_backend(l.pid, 1000) ${LOGINS} AND l.pid IN (${found.map(([pid]) => text(pid))})`);
}

/** Databases of PostgreSQL. Names are checked here once more: the server cuts one off after 63 bytes and takes what is left for it. */
export function postgresqlDatabases(session: Session, manifest: DriverManifest, major: number): DatabasesGroup {
  return {
    async list(page, op) {
      const rows = await session.use(op.signal, ({ run }) =>
        run(sql`SELECT datname FROM pg_database
          WHERE NOT datname IN (${manifest.reserved.databases}) AND datname::text > ${page.marker ?? ''} COLLATE "C"
          ORDER BY datname::text COLLATE "C" LIMIT ${page.limit + 1}`),
      );
      const found = rows.map((row) => ({ name: text(row[0]) }));
      return pageOf(found, page, (database) => database.name);
    },

    async create(database, op) {
      checkDatabaseName(manifest, database.name);
      checkCharset(manifest, database);
      const [encoding, collation] = choice(manifest, database);
      return session.use(op.signal, async (turn) => {
        const existing = await findDatabase(turn, database.name);
        // Closed until it is finished, so that nobody is in it while it is still open to all.
        if (!existing)
          await turn.run(sql`CREATE DATABASE ${identifier(database.name)} TEMPLATE template0 ENCODING ${encoding}
            ${localeOf(collation, major)} ALLOW_CONNECTIONS FALSE`);
        const found = existing ?? (await findDatabase(turn, database.name));
        if (found?.isUnfinished) await finish(turn, found);
        return existing ? 'exists' : 'created';
      });
    },

    async drop(name, op) {
      checkDatabaseName(manifest, name);
      return session.use(op.signal, async (turn) => {
        const found = await findDatabase(turn, name);
        if (found) {
          // Root may have made a template of it, which cannot be dropped.
          if (!found.isBroken) await turn.run(sql`ALTER DATABASE ${identifier(name)} IS_TEMPLATE FALSE`);
          await endLogins(turn, op.signal);
          await turn.run(sql`DROP DATABASE IF EXISTS ${identifier(name)} WITH (FORCE)`);
        }
        // Also those of an earlier call that was cut off.
        const roles =
          await turn.run(sql`SELECT rolname FROM pg_roles r WHERE rolname ~ ${`^${OWNER_PREFIX.replaceAll('.', '[.]')}[0-9]+$`}
          AND NOT EXISTS (SELECT 1 FROM pg_database WHERE ${OWNER_PREFIX} || oid = r.rolname)`);
        for (const [role] of roles) await dropRole(turn, text(role));
        return found ? 'dropped' : 'missing';
      });
    },
  };
}
