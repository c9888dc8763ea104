import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { describe, expect, it } from 'vitest';
import { createLocks } from './lock.ts';

const scope = () => `test-${process.pid}-${Math.random().toString(36).slice(2)}`;

describe('locks', () => {
  it('let one in at a time, over two copies of the server', async () => {
    const name = scope();
    const [one, two] = [createLocks(name), createLocks(name)];
    let inside = 0;
    let most = 0;
    let done = 0;
    const work = async () => {
      inside += 1;
      most = Math.max(most, inside);
      await new Promise((resolve) => setImmediate(resolve));
      done += 1;
      inside -= 1;
    };
    await Promise.all([one, two, one, two, one, two].map((locked) => locked('a', work)));
    expect(most).toBe(1);
    expect(done).toBe(6);
  });

  it('keep different names apart, and pass on what the work threw', async () => {
    const locked = createLocks(scope());
    await expect(locked('a', () => locked('b', () => Promise.reject(new Error('no'))))).rejects.toThrow('no');
    expect(await locked('a', async () => 1)).toBe(1);
  });

  it('are free when their holder was killed', async () => {
    const name = scope();
    const hash = createHash('sha256').update(`cloud ${name} a`).digest('hex').slice(0, 32);
    const holder = spawn(process.execPath, [
      '-e',
      `require('net').createServer(() => console.log('asked')).listen('\\0coffer-${hash}', () => console.log('held'))`,
    ]);
    await once(holder.stdout, 'data');
    let isIn = false;
    const entered = createLocks(name)('a', async () => {
      isIn = true;
    });
    await once(holder.stdout, 'data');
    expect(isIn).toBe(false);
    holder.kill('SIGKILL');
    await entered;
    expect(isIn).toBe(true);
  });
});
