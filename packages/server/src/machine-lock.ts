import { createHash } from 'node:crypto';
import { connect, createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { Problem } from '@coffer/core';

const addressOf = (name: string): string => `\0coffer-${createHash('sha256').update(name).digest('hex').slice(0, 32)}`;

/**
 * Takes the lock of this name until the process ends or the returned function is called.
 * @returns undefined when another process of this machine holds it.
 */
export async function takeMachineLock(name: string): Promise<(() => Promise<void>) | undefined> {
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
 * Runs `work` while no other process of this machine holds the lock of this name. The lock is a Linux abstract socket, which
 * the kernel takes back however its holder dies. Elsewhere there is no lock.
 * @throws Problem `timeout` when it is held for longer than `timeoutMs`.
 */
export async function withMachineLock<T>(name: string, timeoutMs: number, work: () => Promise<T>): Promise<T> {
  if (process.platform !== 'linux') return work();
  const address = addressOf(name);
  const deadline = Date.now() + timeoutMs;
  let release = await tryLock(address);
  while (!release) {
    if (Date.now() > deadline)
      throw new Problem('timeout', `Another process has held the lock of ${name} for ${timeoutMs / 1000} s.`);
    await sleep(20);
    release = await tryLock(address);
  }
  try {
    return await work();
  } finally {
    await release();
  }
}

function tryLock(address: string): Promise<(() => Promise<void>) | undefined> {
  return new Promise((resolve, reject) => {
    const server = createServer((socket) => socket.destroy());
    server.unref();
    server.once('error', (error) =>
      'code' in error && error.code === 'EADDRINUSE' ? resolve(undefined) : reject(error),
    );
    server.listen(address, () => resolve(() => new Promise((done) => server.close(() => done()))));
  });
}
