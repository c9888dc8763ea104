import { execFile } from 'node:child_process';
import { mkdtemp, rm, statfs } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { silentLogger } from '@coffer/core';
import { Client } from 'pg';
import { afterAll, beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest';
import { openLocalStore } from '../../packages/server/src/local-store.ts';
import { createReleases } from '../../packages/server/src/release.ts';
import { createHealth } from '../../packages/server/src/services/health.ts';
import { runningPostgres } from '../../packages/server/src/store/postgres.ts';
import type { Store } from '../../packages/server/src/store/store.ts';
import { dockerCloudUnderTest } from '../support/docker-cloud.ts';
import { isRoot } from '../support/root.ts';

const run = promisify(execFile);
const SIZE_MIB = 160;
const SOON = { timeout: 20_000, interval: 50 };

let folder: string;
const resize = (bytes: number) => run('mount', ['-o', `remount,size=${bytes}`, folder]);

/** Takes what is left of the disk, but so much. */
async function fill(leaveBytes = 0): Promise<void> {
  const { blocks, bfree, bsize } = await statfs(folder);
  await resize((blocks - bfree) * bsize + leaveBytes);
}

const free = (mib = SIZE_MIB) => resize(mib * 1024 * 1024);

// A disk of a size of its own is a mount, which root alone can make.
describe.skipIf(!isRoot)('a disk that is full', () => {
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'coffer-faults-disk-'));
    await run('mount', ['-t', 'tmpfs', '-o', `size=${SIZE_MIB}m,mode=0755`, 'tmpfs', folder]);
  });

  afterAll(async () => {
    await run('umount', [folder]);
    await rm(folder, { recursive: true });
  });

  it('ends our own PostgreSQL, which comes back with all that was acknowledged when there is room again', async () => {
    const releases = createReleases();
    onTestFinished(() => releases.run());
    const { store } = await openLocalStore({ dataDir: join(folder, 'data'), log: silentLogger }, releases);
    const health = createHealth(
      { store: () => store.ping(), broker: async () => {}, cloud: async () => {} },
      silentLogger,
    );
    const acknowledged: string[] = [];
    const write = (text: string) => addJob(store, text).then((id) => void acknowledged.push(id));
    await write('before');

    const full = { isOk: false, detail: 'The store does not answer.' };
    await fill(1024 * 1024);
    const large = 'x'.repeat(200_000);
    expect(await untilItFails(() => write(large))).toMatchObject({
      code: 'unavailable',
      detail: expect.stringMatching(/^The store's disk is full/),
    });
    // It can still be read, and says so all the same.
    expect(await store.jobs.counts()).toMatchObject({ running: 0 });
    expect((await health()).store).toEqual(full);
    // Its log of changes takes the last room, and without that it ends.
    await vi.waitFor(async () => {
      await switchLog().catch(() => undefined);
      expect(runningPostgres(join(folder, 'data/store'))).toBeUndefined();
    }, SOON);
    expect((await health()).store).toEqual(full);

    await free();
    await vi.waitFor(async () => expect((await health()).store).toEqual({ isOk: true }), SOON);
    await write('after');
    for (const id of acknowledged) expect(await store.jobs.get(id)).toBeDefined();
  });

  it('is said of a volume, and of nothing else', async () => {
    await free();
    const { cloud, dispose } = await dockerCloudUnderTest({ dataDir: join(folder, 'cloud') });
    onTestFinished(dispose);
    const refused = cloud.volumes.create({ key: 'large', sizeGib: 1 });
    await expect(refused).rejects.toMatchObject({
      code: 'cloud_refused',
      detail: expect.stringMatching(/^1 GiB more do not fit on the disk of this machine/),
    });
    expect(await cloud.volumes.list()).toEqual([]);
    await free(2_000);
    expect(await cloud.volumes.create({ key: 'large', sizeGib: 1 })).toMatchObject({ status: 'available' });
    await fill();
    await expect(cloud.volumes.create({ key: 'small', sizeGib: 1 })).rejects.toMatchObject({ code: 'cloud_refused' });
    expect((await cloud.volumes.list()).map(({ key }) => key)).toEqual(['large']);
    await free();
  });
});

/** Begins the next file of PostgreSQL's log of changes. */
async function switchLog(): Promise<void> {
  const client = new Client({ connectionString: runningPostgres(join(folder, 'data/store')) });
  // It ends in the middle.
  client.on('error', () => undefined);
  try {
    await client.connect();
    // No table: the disk would refuse that first, and to a statement that is refused the server survives.
    await client.query("select pg_logical_emit_message(true, 'test', 'one more'); select pg_switch_wal()");
  } finally {
    await client.end();
  }
}

async function addJob(store: Store, text: string): Promise<string> {
  const { id } = await store.jobs.enqueue({
    kind: 'never claimed',
    input: { text: Buffer.from(text).toString('base64') },
  });
  return id;
}

async function untilItFails(work: () => Promise<unknown>): Promise<unknown> {
  for (;;) {
    try {
      await work();
    } catch (error) {
      return error;
    }
  }
}
