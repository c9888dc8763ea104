import type { Kysely } from 'kysely';
import type { Schema } from './schema.ts';

/** Runs in the transaction that `db` already is, or in one of its own. */
export function inTransaction<T>(db: Kysely<Schema>, work: (tx: Kysely<Schema>) => Promise<T>): Promise<T> {
  return db.isTransaction ? work(db) : db.transaction().execute(work);
}
