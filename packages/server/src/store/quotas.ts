import { Problem } from '@coffer/core';
import { type Kysely, sql } from 'kysely';
import type { Schema } from './schema.ts';
import { inTransaction } from './transaction.ts';

/** Resource name to amount, e.g. `{ instances: 1, ram: 512, volumes: 5 }`. */
export type Amounts = Readonly<Record<string, number>>;

/** Limits and use of a project. Meant to be changed in the transaction that makes or removes what they count. */
export function quotaQueries(db: Kysely<Schema>) {
  return {
    limits: (projectId: string, defaults: Amounts) => limits(db, projectId, defaults),

    async usage(projectId: string): Promise<Record<string, number>> {
      const rows = await db
        .selectFrom('usage')
        .select(['resource', 'inUse'])
        .where('projectId', '=', projectId)
        .execute();
      return Object.fromEntries(rows.map((row) => [row.resource, row.inUse]));
    },

    /**
     * Adds to the use, all or nothing. Only what grows is checked.
     * @throws Problem `over_quota` naming every resource that does not fit, with limit, use and what was asked.
     */
    reserve: (projectId: string, deltas: Amounts, defaults: Amounts): Promise<void> =>
      inTransaction(db, (tx) => add(tx, projectId, deltas, defaults)),

    /** Gives back what `reserve` took. */
    release: (projectId: string, amounts: Amounts): Promise<void> =>
      inTransaction(db, (tx) => add(tx, projectId, negated(amounts), {})),

    async setLimit(projectId: string, resource: string, limit: number): Promise<void> {
      await db
        .insertInto('quotas')
        .values({ projectId, resource, limit })
        .onConflict((conflict) => conflict.columns(['projectId', 'resource']).doUpdateSet({ limit }))
        .execute();
    },
  };
}

/** The project's own limits over the given defaults; -1 is no limit. */
async function limits(db: Kysely<Schema>, projectId: string, defaults: Amounts): Promise<Record<string, number>> {
  const rows = await db.selectFrom('quotas').select(['resource', 'limit']).where('projectId', '=', projectId).execute();
  return { ...defaults, ...Object.fromEntries(rows.map((row) => [row.resource, row.limit])) };
}

async function add(db: Kysely<Schema>, projectId: string, deltas: Amounts, defaults: Amounts): Promise<void> {
  const allowed = await limits(db, projectId, defaults);
  const over: string[] = [];
  // Always in the same order, so that two requests of one project cannot lock each other.
  for (const [resource, delta] of Object.entries(deltas).sort(([a], [b]) => (a < b ? -1 : 1))) {
    if (delta === 0) continue;
    const limit = allowed[resource] ?? -1;
    const { rows } = await sql<{ inUse: number }>`
      insert into usage (project_id, resource, in_use) values (${projectId}, ${resource}, greatest(0, ${delta}::int))
      on conflict (project_id, resource) do update set in_use = greatest(0, usage.in_use + ${delta}::int)
      returning in_use`.execute(db);
    const inUse = rows[0]?.inUse ?? 0;
    if (delta > 0 && limit >= 0 && inUse > limit) {
      over.push(`${resource} (limit ${limit}, in use ${inUse - delta}, asked ${delta})`);
    }
  }
  if (over.length > 0) throw new Problem('over_quota', `Quota exceeded for resources: ${over.join(', ')}`);
}

function negated(amounts: Amounts): Amounts {
  return Object.fromEntries(Object.entries(amounts).map(([resource, amount]) => [resource, -amount]));
}
