import { checkCharset, checkDatabaseName, type DatabasesGroup, type DriverManifest } from '@coffer/core/driver';
import { errnoOf } from './mysql-errors.ts';
import type { Session, Statements } from './mysql-session.ts';
import { identifier, type Statement, sql } from './mysql-sql.ts';
import { pageOf } from './paging.ts';
import { text } from './rows.ts';

const EXISTS = 1007;
const MISSING = 1008;

/**
 * Databases as MySQL and MariaDB both know them. Names are checked here once more: the reserved ones must never be touched.
 * @param created what there is to do for a database that was just created, or was there already
 */
export function mysqlDatabases(
  session: Session,
  manifest: DriverManifest,
  created: (statements: Statements, name: string) => Promise<void> = async () => {},
): DatabasesGroup {
  async function isNew({ run }: Statements, statement: Statement): Promise<boolean> {
    try {
      await run(statement);
      return true;
    } catch (error) {
      if (errnoOf(error) === EXISTS) return false;
      throw error;
    }
  }

  return {
    async list(page, op) {
      // Compared as bytes: the columns' own collation pads with spaces, by which `a` would come after `a<tab>`.
      const rows = await session.use(op.signal, ({ run }) =>
        run(sql`SELECT SCHEMA_NAME FROM information_schema.SCHEMATA
          WHERE SCHEMA_NAME NOT IN (${manifest.reserved.databases}) AND CAST(SCHEMA_NAME AS BINARY) > CAST(${page.marker ?? ''} AS BINARY)
          ORDER BY CAST(SCHEMA_NAME AS BINARY) LIMIT ${page.limit + 1}`),
      );
      const found = rows.map((row) => ({ name: text(row[0]) }));
      return pageOf(found, page, (database) => database.name);
    },

    async create(database, op) {
      checkDatabaseName(manifest, database.name);
      checkCharset(manifest, database);
      // Checked against the manifest, so both are plain words; still sent as literals.
      const { characterSet = database.collation === undefined ? manifest.defaultCharset : undefined, collation } =
        database;
      const name = identifier(database.name);
      const statement =
        characterSet === undefined
          ? collation === undefined
            ? sql`CREATE DATABASE ${name}`
            : sql`CREATE DATABASE ${name} COLLATE ${collation}`
          : collation === undefined
            ? sql`CREATE DATABASE ${name} CHARACTER SET ${characterSet}`
            : sql`CREATE DATABASE ${name} CHARACTER SET ${characterSet} COLLATE ${collation}`;
      return session.use(op.signal, async (statements) => {
        const outcome = (await isNew(statements, statement)) ? 'created' : 'exists';
        await created(statements, database.name);
        return outcome;
      });
    },

    async drop(name, op) {
      checkDatabaseName(manifest, name);
      return session.use(op.signal, async ({ run }) => {
        try {
          await run(sql`DROP DATABASE ${identifier(name)}`);
          return 'dropped';
        } catch (error) {
          if (errnoOf(error) === MISSING) return 'missing';
          throw error;
        }
      });
    },
  };
}
