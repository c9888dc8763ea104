import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';

/** Runs `work` while nobody else of this machine, in this process or another, holds the lock of that name. */
export type Locked = <T>(name: string, work: () => Promise<T>) => Promise<T>;

/**
 * Locks that die with their holder: holding one is listening on a socket of the abstract namespace, which the kernel takes
 * away from a killed process. No file is left behind, nothing expires while its holder lives.
 * @param scope tells the locks of one cloud from another's.
 */
export function createLocks(scope: string): Locked {
  const queues = new Map<string, Promise<unknown>>();
  return async (name, work) => {
    // Within the process a queue, so that waiters are served in order and cost no sockets.
    const before = queues.get(name);
    const turn = (async () => {
      await before?.catch(() => undefined);
      const release = await hold(`\0coffer-${scope}-${name}`);
      try {
        return await work();
      } finally {
        await release();
      }
    })();
    queues.set(name, turn);
    try {
      return await turn;
    } finally {
      if (queues.get(name) === turn) queues.delete(name);
    }
  };
}

async function hold(address: string): Promise<() => Promise<void>> {
  for (;;) {
    const waiting = new Set<Socket>();
    const server = createServer((socket) => {
      waiting.add(socket);
      socket.on('error', () => undefined);
    });
    try {
      server.listen(address);
      await once(server, 'listening');
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'EADDRINUSE')) throw error;
      await released(address);
      continue;
    }
    // Whoever waits holds a connection; it ends when the lock does, be it by a kill.
    return async () => {
      const closed = new Promise((resolve) => server.close(resolve));
      for (const socket of waiting) socket.destroy();
      await closed;
    };
  }
}

async function released(address: string): Promise<void> {
  const socket = connect(address);
  socket.resume();
  socket.on('error', () => undefined);
  await new Promise((resolve) => socket.on('close', resolve));
}
