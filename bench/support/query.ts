import { setTimeout as sleep } from 'node:timers/promises';
import { type ConnectionOptions, createConnection } from 'mysql2/promise';

const PATIENCE_MS = 120_000;

/** A query of a user over a connection of its own, as soon as one is answered. @throws the last failure after two minutes. */
export async function untilQuery(login: ConnectionOptions, signal?: AbortSignal): Promise<void> {
  for (const deadline = Date.now() + PATIENCE_MS; ; ) {
    try {
      const connection = await createConnection({ ...login, connectTimeout: 1_000 });
      await connection.query('SELECT 1');
      await connection.end();
      return;
    } catch (error) {
      if (Date.now() > deadline) throw error;
      await sleep(20, undefined, { signal });
    }
  }
}
