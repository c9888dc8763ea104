import { type Connection, createConnection, type RowDataPacket } from 'mysql2/promise';
import { expect, vi } from 'vitest';

/** A user's own table: every row that was acknowledged must be there whenever the database answers. */
export interface Witness {
  connect(): Promise<Connection>;
  /** Adds a row of this many bytes; it counts once the database has acknowledged it. */
  write(bytes?: number): Promise<void>;
  /** Until a new connection over TCP finds every row, and one more can be written. @returns after how long, ms. */
  serves(timeoutMs: number): Promise<number>;
}

export async function createWitness(login: {
  host: string;
  user: string;
  password: string;
  database: string;
}): Promise<Witness> {
  const written: number[] = [];
  let last = 0;

  const connect = () => createConnection({ ...login, connectTimeout: 1_000 });

  async function using<T>(work: (connection: Connection) => Promise<T>): Promise<T> {
    const connection = await connect();
    try {
      return await work(connection);
    } finally {
      connection.destroy();
    }
  }

  async function write(bytes = 1): Promise<void> {
    last += 1;
    const id = last;
    await using((connection) => connection.query('INSERT INTO witness VALUES (?, REPEAT("x", ?))', [id, bytes]));
    written.push(id);
  }

  await using((connection) => connection.query('CREATE TABLE witness (id INT PRIMARY KEY, v LONGTEXT)'));
  await write();
  return {
    connect,
    write,
    async serves(timeoutMs) {
      const began = performance.now();
      await vi.waitFor(
        async () => {
          const expected = [...written];
          const found = await using(async (connection) => {
            const [rows] = await connection.query<RowDataPacket[]>({ sql: 'SELECT id FROM witness', timeout: 2_000 });
            return new Set(rows.map((row) => Number(row.id)));
          });
          expect(expected.filter((id) => !found.has(id))).toEqual([]);
        },
        { timeout: timeoutMs, interval: 100 },
      );
      const tookMs = performance.now() - began;
      await write();
      return tookMs;
    },
  };
}
