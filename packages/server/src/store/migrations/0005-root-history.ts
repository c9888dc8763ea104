import { type Kysely, sql } from 'kysely';

/** Who last enabled root in an instance: whoever finds it in an odd state asks that first. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql
    .raw(`create table root_history (
      instance_id uuid primary key references instances,
      enabled_at timestamptz not null,
      user_id text not null)`)
    .execute(db);
}
