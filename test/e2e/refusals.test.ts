import { execFile } from 'node:child_process';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { type AddressInfo, createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, expect, it } from 'vitest';
import { startLocalCloud } from '../../scripts/local-cloud.ts';
import { isRoot } from '../support/root.ts';

const run = promisify(execFile);
const root = join(import.meta.dirname, '../..');

/** What `npm start` prints when it cannot begin. */
async function refusal(env: Record<string, string>): Promise<string> {
  const failed = await run(process.execPath, [join(root, 'scripts/start.mjs'), '--once'], {
    cwd: root,
    env: { ...process.env, ...env },
  }).then(
    () => ({ code: 0, stderr: '' }),
    (error: { code: number; stderr: string }) => error,
  );
  expect(failed.code).toBe(1);
  return failed.stderr;
}

let holder: Server | undefined;
afterEach(() => holder?.close());

it('says in a sentence which port is taken and what to give instead, and leaves nothing of its failed start', async () => {
  holder = createServer();
  await new Promise<void>((resolve) => holder?.listen(0, '127.0.0.1', resolve));
  const { port } = holder.address() as AddressInfo;
  const home = await mkdtemp(join(tmpdir(), 'coffer-refused-'));
  const starting = startLocalCloud({
    dataDir: join(home, 'cloud'),
    port,
    brokerPort: 0,
    managementPool: '10.224.0.0/16',
    tenantPool: '10.225.0.0/16',
  });
  await expect(starting).rejects.toThrow(
    `The API cannot listen on 127.0.0.1:${port}: another program has it; give another with --listen or COFFER_LISTEN`,
  );
  expect(await readdir(home)).toEqual([]);
});

it('says in a sentence that no container engine answers, and what mends it', async () => {
  expect(await refusal({ DOCKER_HOST: 'unix:///nonexistent.sock' })).toContain(
    'No container engine answers at DOCKER_HOST=unix:///nonexistent.sock (ENOENT); start it, or run `unset DOCKER_HOST`',
  );
});

// Only root mounts a disk that is too small.
it.skipIf(!isRoot)('says in a sentence that the disk is too small', async () => {
  const home = await mkdtemp(join(tmpdir(), 'coffer-small-'));
  await run('mount', ['-t', 'tmpfs', '-o', 'size=60m', 'tmpfs', home]);
  try {
    expect(await refusal({ HOME: home, XDG_CACHE_HOME: join(home, 'cache') })).toMatch(
      /The disk of .* has \d+ MiB free and Node 24 and pnpm need 400; free some/,
    );
  } finally {
    await run('umount', [home]);
    await rm(home, { recursive: true });
  }
});
