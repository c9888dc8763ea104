import { once } from 'node:events';
import { createConnection, createServer, type Socket } from 'node:net';
import type { Endpoint } from '@coffer/core/driver';
import type { TestWire } from '@coffer/core/driver-suite';

type Target = { path: string } | { host: string; port: number };

export interface Wire extends TestWire {
  /** The near end. */
  readonly endpoint: Endpoint;
  close(): Promise<void>;
}

/**
 * A pipe for streams that counts the client's messages; one write of the client arrives as one message on a local socket.
 * @param target the far end, asked for each connection
 */
export async function createWire(listenAt: Target, target: () => Target): Promise<Wire> {
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
    database.on('data', (chunk) => void (isStalled || client.write(chunk)));
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
  const at = server.address();

  return {
    endpoint:
      typeof at === 'object' && at
        ? { host: '127.0.0.1', port: at.port }
        : { socketPath: 'path' in listenAt ? listenAt.path : '' },
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
      // A connection that has lost a message makes no sense any more.
      if (isStalled) drop();
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
