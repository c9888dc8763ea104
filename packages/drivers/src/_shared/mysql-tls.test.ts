import { createServer, type Server, type Socket } from 'node:net';
import { afterEach, expect, it } from 'vitest';
import type { Session } from './mysql-session.ts';
import { sql } from './mysql-sql.ts';
import { mysqlTls } from './mysql-tls.ts';

let server: Server;
afterEach(() => void server.close());

const packet = (payload: Buffer): Buffer => {
  const head = Buffer.alloc(4);
  head.writeUIntLE(payload.length, 0, 3);
  return Buffer.concat([head, payload]);
};

/** What a server says first: protocol 10, a version, thread, salt, filler, then the capabilities that it offers. */
const greeting = (capabilities: number): Buffer =>
  packet(
    Buffer.concat([Buffer.from('\n9.7.4\0'), Buffer.alloc(13), Buffer.from([capabilities & 255, capabilities >> 8])]),
  );

/** Over a server that does `greet` with whoever comes. */
async function status(greet: (socket: Socket) => void, signal: AbortSignal = AbortSignal.timeout(5_000)) {
  server = createServer((socket) => {
    socket.on('error', () => {});
    greet(socket);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  const port = typeof address === 'object' && address ? address.port : 0;
  const session: Session = {
    isBusy: false,
    use: (_, work) => work({ run: async () => [['1']] }),
    close: async () => {},
  };
  const endpoint = () => ({ host: '127.0.0.1', port });
  const reload = () => [sql`FLUSH SSL`];
  return mysqlTls({ title: 'MySQL', session, endpoint, folder: '/tls', uid: 999, reload }).status({ id: 'x', signal });
}

it('tells no certificate where the server offers no TLS, however its greeting comes in', async () => {
  const slowly = (socket: Socket) => {
    const bytes = greeting(0xf7ff);
    socket.write(bytes.subarray(0, 3));
    setTimeout(() => socket.write(bytes.subarray(3)), 20);
  };
  expect(await status(slowly)).toEqual({ isRequired: true });
});

it('says why there was no greeting', async () => {
  const full = packet(Buffer.concat([Buffer.from([0xff, 0x10, 0x04]), Buffer.from('Too many connections')]));
  await expect(status((socket) => socket.end(full))).rejects.toMatchObject({
    code: 'unavailable',
    detail: expect.stringContaining('all connections are in use'),
  });
});

it.each([
  ['at once', (socket: Socket) => void socket.destroy()],
  [
    'in the middle of the handshake',
    (socket: Socket) => {
      socket.write(greeting(0xffff));
      socket.on('data', () => void socket.destroy());
    },
  ],
])('says so when the server goes away %s', async (_, greet) => {
  await expect(status(greet)).rejects.toMatchObject({ code: 'unavailable' });
});

it.each([
  ['before the greeting', () => {}],
  ['in the handshake', (socket: Socket) => void socket.write(greeting(0xffff))],
])('ends with its signal when the server says no more %s', async (_, greet) => {
  await expect(status(greet, AbortSignal.timeout(100))).rejects.toMatchObject({ code: 'timeout' });
});
