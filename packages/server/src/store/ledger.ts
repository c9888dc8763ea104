import { type Kysely, sql } from 'kysely';
import type { LedgerRow, Schema } from './schema.ts';

export interface NewResource {
  kind: string;
  key: string;
  instanceId?: string | null;
  projectId?: string | null;
}

/**
 * Every resource that we made or may have made, from before it was asked for until the cloud said that it is gone. What is not
 * in here is not ours to delete.
 */
export function ledgerQueries(db: Kysely<Schema>) {
  const all = db.selectFrom('ledger').selectAll();
  return {
    /** Writes that the resource may exist from now on; changes nothing when it is known. @returns the row as it is. */
    async intend(resource: NewResource): Promise<LedgerRow & { msSinceAsked: number | null }> {
      await db
        .insertInto('ledger')
        .values({ ...resource, state: 'intended' })
        .onConflict((conflict) => conflict.columns(['kind', 'key']).doNothing())
        .execute();
      return all
        .select(sql<number | null>`(extract(epoch from now() - asked_at) * 1000)::float8`.as('msSinceAsked'))
        .where('kind', '=', resource.kind)
        .where('key', '=', resource.key)
        .executeTakeFirstOrThrow();
    },

    /** Writes that the cloud is about to be asked to create it. */
    async ask(id: string): Promise<void> {
      await db.updateTable('ledger').set({ askedAt: sql<Date>`now()` }).where('id', '=', id).execute();
    },

    /** Records what the cloud calls it. A row that was marked for deletion meanwhile stays marked. */
    async present(id: string, cloudId: string): Promise<void> {
      await db
        .updateTable('ledger')
        .set({ cloudId, state: sql`case when state = 'deleting' then state else 'present' end` })
        .where('id', '=', id)
        .execute();
    },

    /** From here on it is to be deleted, whoever gets to it. @returns the row, or undefined when it was never ours or is gone. */
    mark: (kind: string, key: string): Promise<(LedgerRow & { msSinceAsked: number | null }) | undefined> =>
      db
        .updateTable('ledger')
        .set({ state: 'deleting', markedAt: sql<Date>`coalesce(marked_at, now())` })
        .where('kind', '=', kind)
        .where('key', '=', key)
        .returningAll()
        .returning(sql<number | null>`(extract(epoch from now() - asked_at) * 1000)::float8`.as('msSinceAsked'))
        .executeTakeFirst(),

    /** Marks all that an instance has. @returns the rows. */
    markAll: (instanceId: string): Promise<LedgerRow[]> =>
      db
        .updateTable('ledger')
        .set({ state: 'deleting', markedAt: sql<Date>`coalesce(marked_at, now())` })
        .where('instanceId', '=', instanceId)
        .returningAll()
        .execute(),

    /** The cloud said that it is gone. */
    async remove(id: string): Promise<void> {
      await db.deleteFrom('ledger').where('id', '=', id).execute();
    },

    find: (kind: string, key: string): Promise<LedgerRow | undefined> =>
      all.where('kind', '=', kind).where('key', '=', key).executeTakeFirst(),

    ofInstance: (instanceId: string): Promise<LedgerRow[]> =>
      all.where('instanceId', '=', instanceId).orderBy('createdAt').execute(),

    ofKind: (kind: string): Promise<LedgerRow[]> => all.where('kind', '=', kind).orderBy('createdAt').execute(),

    /** Rows marked for deletion whose instance has no job queued or running that could do it. */
    abandoned: (): Promise<LedgerRow[]> =>
      all
        .where('state', '=', 'deleting')
        .where(({ not, exists, selectFrom }) =>
          not(
            exists(
              selectFrom('jobs')
                .select('jobs.id')
                .where('jobs.state', 'in', ['queued', 'running'])
                .where((job) =>
                  job.or([
                    job('jobs.instanceId', '=', job.ref('ledger.instanceId')),
                    job('jobs.dedup', '=', sql<string>`'cleanup/' || ledger.id`),
                  ]),
                ),
            ),
          ),
        )
        .orderBy('markedAt')
        .execute(),

    /** Notes that the cloud has it no more, or has it again. @returns whether that is news. */
    async setVanished(id: string, vanished: boolean): Promise<boolean> {
      const result = await db
        .updateTable('ledger')
        .set({ vanishedAt: vanished ? sql<Date>`now()` : null })
        .where('id', '=', id)
        .where('state', '=', 'present')
        .where('vanishedAt', vanished ? 'is' : 'is not', null)
        .executeTakeFirst();
      return result.numUpdatedRows > 0n;
    },
  };
}
