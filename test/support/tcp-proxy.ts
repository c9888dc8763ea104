import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type NetConnectOpts, type Socket } from 'node:net';

/** A way over the network to somebody, on a port of its own, on which faults are made. */
export interface TcpProxy {
  readonly port: number;
  /** Nothing gets through and nobody is told, as when packets are dropped: who comes waits. Lasts until `heal`. */
  drop(): void;
  /** What travels is cut off, and who comes is sent away at once. Lasts until `heal`. */
  refuse(): void;
  /** What was held up goes on, as TCP does after an outage. */
  heal(): void;
  /** Who comes from now on gets to another. What travels stays where it is, for good if it was dropped. */
  retarget(target: NetConnectOpts): void;
  close(): Promise<void>;
}

export async function tcpProxy(first: NetConnectOpts): Promise<TcpProxy> {
  let target = first;
  let state: 'open' | 'dropping' | 'refusing' = 'open';
  const travelling = new Set<Socket>();
  const waiting = new Set<Socket>();
  /** Those that were dropped on a way that is no more. */
  const lost = new Set<Socket>();

  function join(near: Socket): void {
    const far = connect(target);
    for (const [one, other] of [
      [near, far],
      [far, near],
    ] as const) {
      travelling.add(one);
      one.on('data', (bytes) => {
        if (!other.write(bytes)) one.pause();
      });
      other.on('drain', () => {
        if (state === 'open' && !lost.has(one)) one.resume();
      });
      one.on('error', () => undefined);
      one.once('close', () => {
        travelling.delete(one);
        // Over a way that drops everything nobody learns that the other has gone.
        if (state !== 'dropping' && !lost.has(one)) other.destroy();
      });
    }
  }

  const server = createServer((near) => {
    near.on('error', () => undefined);
    if (state === 'open') return join(near);
    if (state === 'refusing') return void near.destroy();
    waiting.add(near);
    near.once('close', () => waiting.delete(near));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');

  const cutOff = () => {
    for (const socket of [...travelling, ...waiting]) socket.destroy();
  };
  return {
    port: (server.address() as AddressInfo).port,
    drop() {
      state = 'dropping';
      for (const socket of travelling) socket.pause();
    },
    refuse() {
      state = 'refusing';
      cutOff();
    },
    heal() {
      state = 'open';
      for (const socket of travelling) if (!lost.has(socket)) socket.resume();
      for (const socket of waiting) join(socket);
      waiting.clear();
    },
    retarget(next) {
      target = next;
      if (state !== 'dropping') return;
      for (const socket of travelling) lost.add(socket);
    },
    async close() {
      state = 'refusing';
      cutOff();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}
