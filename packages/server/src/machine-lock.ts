import { createHash } from 'node:crypto';
import { connect, createServer, type Socket } from 'node:net';
import { Problem } from '@coffer/core';

/** Gives a lock back. */
export type Unlock = () => Promise<void>;

const addressOf = (name: string): string => `\0coffer-${createHash('sha256').update(name).digest('hex').slice(0, 32)}`;

/**
 * Takes the lock of this name until the process ends or the returned function is called. Holding it is listening on a socket of
 * Linux's abstract namespace, which the kernel takes back however its holder dies: no file is left behind, nothing expires while
 * the holder lives. Elsewhere there is no lock.
 * @returns undefined when it is held, by another process of this machine or by this one.
 */
export async function takeMachineLock(name: string): Promise<Unlock | undefined> {
  return process.platform === 'linux' ? tryLock(addressOf(name)) : async () => undefined;
}

/** Whether a process of this machine, this one too, holds the lock of this name. */
export async function isMachineLocked(name: string): Promise<boolean> {
  if (process.platform !== 'linux') return false;
  const socket = connect(addressOf(name));
  return new Promise<boolean>((resolve) => {
    socket.once('connect', () => resolve(true)).once('error', () => resolve(false));
  }).finally(() => socket.destroy());
}

/**
 * Runs `work` while nobody else holds the lock of this name, and waits for that as long as it takes, or `timeoutMs`.
 * @throws Problem `timeout` when it is held for longer.
 */
export async function withMachineLock<T>(name: string, work: () => Promise<T>, timeoutMs?: number): Promise<T> {
  const late = timeoutMs === undefined ? undefined : AbortSignal.timeout(timeoutMs);
  let unlock = await takeMachineLock(name);
  while (!unlock) {
    if (late?.aborted)
      throw new Problem('timeout', `Another process has held the lock of ${name} for ${Number(timeoutMs) / 1000} s.`);
    await released(addressOf(name), late);
    unlock = await takeMachineLock(name);
  }
  try {
    return await work();
  } finally {
    await unlock();
  }
}

function tryLock(address: string): Promise<Unlock | undefined> {
  const waiting = new Set<Socket>();
  const server = createServer((socket) => {
    waiting.add(socket);
    socket.on('error', () => undefined);
    socket.on('close', () => waiting.delete(socket));
    // Read, to see that who waited went away; and no reason to live on.
    socket.resume().unref();
  });
  server.unref();
  const unlock: Unlock = () =>
    new Promise((done) => {
      server.close(() => done());
      for (const socket of waiting) socket.destroy();
    });
  return new Promise((resolve, reject) => {
    server.once('error', (error) =>
      'code' in error && error.code === 'EADDRINUSE' ? resolve(undefined) : reject(error),
    );
    server.listen(address, () => resolve(unlock));
  });
}

/** Whoever waits holds a connection; it ends when the lock does, be it by a kill. */
async function released(path: string, late: AbortSignal | undefined): Promise<void> {
  const socket = connect({ path, ...(late && { signal: late }) });
  socket.on('error', () => undefined);
  socket.resume();
  await new Promise((resolve) => socket.once('close', resolve));
}
