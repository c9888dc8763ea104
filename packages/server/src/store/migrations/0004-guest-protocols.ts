import { type Kysely, sql } from 'kysely';

/** The lowest protocol version that a guest's agent speaks; `protocol` is the highest. Null where an older build wrote the row. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql.raw('alter table guests add column protocol_min int').execute(db);
}
