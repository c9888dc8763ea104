import { type Kysely, type Selectable, sql } from 'kysely';
import type { RootHistoryTable, Schema } from './schema.ts';

/** Who last enabled root in an instance, and when. */
export function rootHistoryQueries(db: Kysely<Schema>) {
  return {
    get: (instanceId: string): Promise<Selectable<RootHistoryTable> | undefined> =>
      db.selectFrom('rootHistory').selectAll().where('instanceId', '=', instanceId).executeTakeFirst(),

    /** That this user enables it now. */
    async record(instanceId: string, userId: string): Promise<void> {
      const last = { userId, enabledAt: sql<Date>`now()` };
      await db
        .insertInto('rootHistory')
        .values({ instanceId, ...last })
        .onConflict((conflict) => conflict.column('instanceId').doUpdateSet(last))
        .execute();
    },
  };
}
