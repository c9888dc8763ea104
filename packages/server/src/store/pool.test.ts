import { type AddressInfo, createServer, type Server } from 'node:net';
import { setImmediate } from 'node:timers/promises';
import { Pool } from 'pg';
import { afterEach, expect, it, vi } from 'vitest';
import { kyselyPool } from './pool.ts';

let server: Server;
afterEach(() => server.close());

/** One message of PostgreSQL's protocol (https://www.postgresql.org/docs/current/protocol-message-formats.html). */
function message(type: string, body: Buffer): Buffer {
  const length = Buffer.alloc(4);
  length.writeInt32BE(body.length + 4);
  return Buffer.concat([Buffer.from(type), length, body]);
}

const field = (code: string, text: string) => Buffer.from(`${code}${text}\0`);

/** Lets everybody in and says in the same breath that it is shutting down. */
async function serverThatLeaves(): Promise<number> {
  const authenticated = message('R', Buffer.alloc(4));
  const ready = message('Z', Buffer.from('I'));
  const leaving = message(
    'E',
    Buffer.concat([field('S', 'FATAL'), field('C', '57P01'), field('M', 'terminating connection'), Buffer.from('\0')]),
  );
  server = createServer((socket) => {
    socket.on('error', () => undefined);
    socket.once('data', () => socket.end(Buffer.concat([authenticated, ready, leaving])));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return (server.address() as AddressInfo).port;
}

it('survives a server that goes away in the moment in which it lets us in', async () => {
  const pool = new Pool({ host: '127.0.0.1', port: await serverThatLeaves(), user: 'u', database: 'd', password: 'p' });
  pool.on('error', () => undefined);
  const uncaught = vi.fn();
  process.prependOnceListener('uncaughtException', uncaught);
  const client = await kyselyPool(pool).connect();
  await expect(client.query('select 1', [])).rejects.toThrow();
  client.release();
  await pool.end();
  process.removeListener('uncaughtException', uncaught);
  expect(uncaught).not.toHaveBeenCalled();
});

it('ends a query that is never answered, and what would wait behind it at once', async () => {
  const authenticated = message('R', Buffer.alloc(4));
  const ready = message('Z', Buffer.from('I'));
  server = createServer((socket) => {
    socket.on('error', () => undefined);
    socket.once('data', () => socket.write(Buffer.concat([authenticated, ready])));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const pool = new Pool({ host: '127.0.0.1', port, user: 'u', database: 'd', password: 'p' });
  const client = await kyselyPool(pool, { queryTimeoutMs: 50 }).connect();
  await expect(client.query('select 1', [])).rejects.toMatchObject({ code: 'unavailable' });
  const rollback = client.query('rollback', []).catch(({ code }) => code);
  expect(await Promise.race([rollback, setImmediate('still waits')])).toBe('unavailable');
  client.release();
  // Nobody else gets this connection.
  expect(pool.totalCount).toBe(0);
  await pool.end();
});
