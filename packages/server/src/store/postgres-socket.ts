import { setTimeout as sleep } from 'node:timers/promises';
import { Client } from 'pg';

/** A connection string for a database of the cluster behind this socket folder. */
export function socketUrl(socket: string, database: string): string {
  return `postgresql:///${encodeURIComponent(database)}?user=postgres&host=${encodeURIComponent(socket)}`;
}

export async function createDatabase(socket: string, database: string): Promise<void> {
  const { rowCount } = await queryOver(socket, 'postgres', 'select 1 from pg_database where datname = $1', [database]);
  if (rowCount) return;
  await queryOver(socket, 'postgres', `create database "${database.replaceAll('"', '""')}"`).catch((error: unknown) => {
    // Another copy was faster.
    if (!(error instanceof Error && 'code' in error && (error.code === '42P04' || error.code === '23505'))) throw error;
  });
}

/** Our own connections were ended just before and vanish within moments, so it waits a little before it believes in others. */
export async function othersConnected(socket: string): Promise<boolean> {
  const sql = "select 1 from pg_stat_activity where backend_type = 'client backend' and pid <> pg_backend_pid()";
  const deadline = Date.now() + 1_000;
  try {
    while ((await queryOver(socket, 'postgres', sql)).rowCount) {
      if (Date.now() > deadline) return true;
      await sleep(50);
    }
  } catch {
    // It does not answer: nobody is using it.
  }
  return false;
}

export async function queryOver(socket: string, database: string, text: string, values: unknown[] = []) {
  const client = new Client({ connectionString: socketUrl(socket, database), connectionTimeoutMillis: 5_000 });
  client.on('error', () => {});
  try {
    await client.connect();
    return await client.query(text, values);
  } finally {
    await client.end().catch(() => {});
  }
}
