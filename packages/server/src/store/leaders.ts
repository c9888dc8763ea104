import { type Kysely, sql } from 'kysely';
import type { Schema } from './schema.ts';

/** Which server copy does what only one should do: a courtesy that spares work, never what correctness rests on. */
export function leaderQueries(db: Kysely<Schema>) {
  return {
    /** Takes or renews the lead for so long. @returns whether it is ours. */
    async hold(name: string, owner: string, forMs: number): Promise<boolean> {
      const { rows } = await sql`
        insert into leaders (name, owner, until) values (${name}, ${owner}, now() + ${forMs}::float8 * interval '1 ms')
        on conflict (name) do update set owner = excluded.owner, until = excluded.until
        where leaders.owner = excluded.owner or leaders.until < now()
        returning 1`.execute(db);
      return rows.length > 0;
    },

    /** Who has the lead now; undefined when it ran out. */
    async holder(name: string): Promise<string | undefined> {
      const row = await db
        .selectFrom('leaders')
        .select('owner')
        .where('name', '=', name)
        .where('until', '>', sql<Date>`now()`)
        .executeTakeFirst();
      return row?.owner;
    },

    async release(name: string, owner: string): Promise<void> {
      await db.deleteFrom('leaders').where('name', '=', name).where('owner', '=', owner).execute();
    },
  };
}
