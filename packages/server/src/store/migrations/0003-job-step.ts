import { type Kysely, sql } from 'kysely';

/** Which step of a job runs, or was the last to run, and since when: for those who ask why an instance waits. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql.raw('alter table jobs add column step text, add column step_since timestamptz').execute(db);
}
