import { setTimeout as sleep } from 'node:timers/promises';
import { type ConnectionOptions, createConnection } from 'mysql2/promise';

const PATIENCE_MS = 120_000;

/** A query over a connection of its own, as soon as one is answered. @throws the last failure after two minutes. */
export async function untilQuery(
  login: ConnectionOptions,
  { statement = 'SELECT 1', signal }: { statement?: string; signal?: AbortSignal } = {},
): Promise<void> {
  for (const deadline = Date.now() + PATIENCE_MS; ; ) {
    try {
      const connection = await createConnection({ ...login, connectTimeout: 1_000 });
      try {
        await connection.query(statement);
        return;
      } finally {
        connection.destroy();
      }
    } catch (error) {
      if (Date.now() > deadline) throw error;
      await sleep(20, undefined, { signal });
    }
  }
}
