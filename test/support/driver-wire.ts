import { once } from 'node:events';
import { createConnection, createServer, type Server, type Socket } from 'node:net';
import type { TestWire } from '@coffer/core/testing';

type Target = { path: string } | { host: string; port: number };

export interface Wire extends TestWire {
  close(): Promise<void>;
}

/** A pipe for streams that counts the client's messages; one write of the client arrives as one message on a local socket. */
export async function createWire(listenAt: Target, target: () => Target): Promise<Wire & { server: Server }> {
  const open = new Set<Socket>();
  let left = Number.POSITIVE_INFINITY;
  let wasCut = false;
  let isStalled = false;

  const drop = (): void => {
    for (const socket of open) socket.destroy();
  };

  const server = createServer((client) => {
    const database = createConnection(target());
    for (const [one, other] of [
      [client, database],
      [database, client],
    ] as const) {
      open.add(one);
      one.on('error', () => {});
      one.on('close', () => {
        open.delete(one);
        other.destroy();
      });
    }
    database.on('data', (chunk) => client.write(chunk));
    client.on('data', (chunk) => {
      if (isStalled) return;
      if (left <= 0) {
        wasCut = true;
        return drop();
      }
      left -= 1;
      database.write(chunk);
    });
  });
  server.listen(listenAt);
  await once(server, 'listening');

  return {
    server,
    get wasCut() {
      return wasCut;
    },
    cutAfter(messages) {
      left = messages;
      wasCut = false;
    },
    stall() {
      isStalled = true;
    },
    flow() {
      left = Number.POSITIVE_INFINITY;
      isStalled = false;
    },
    drop,
    async close() {
      drop();
      server.close();
      await once(server, 'close');
    },
  };
}
