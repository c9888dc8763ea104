import { randomUUID } from 'node:crypto';
import { type Broker, Problem } from '@coffer/core';
import { sql } from 'kysely';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { type TestDatabase, testDatabase } from '../../../../test/support/postgres.ts';
import { createTestingCloud, type TestingCloud } from '../clouds/testing/index.ts';
import { createStore, type Store } from '../store/store.ts';
import { instanceIn } from '../store/testing.ts';
import { cloudResources } from '../worker/cloud-resources.ts';
import { defineJob, type JobContext } from '../worker/job-kind.ts';
import { cleanupTask } from '../worker/tasks/cleanup.ts';
import { createWorker, type Worker } from '../worker/worker.ts';
import { type Conductor, createConductor } from './conductor.ts';

let database: TestDatabase;
let store: Store;
let cloud: TestingCloud;
let accounts: Set<string>;
let broker: Broker;
let conductor: Conductor;
let worker: Worker;

const serverSpec = (key: string) => ({ key, flavorId: '1', portIds: [], volumeIds: [], userData: '', metadata: {} });

/** Makes what an instance has, as a create job does. */
const build = () =>
  defineJob({
    kind: 'create',
    deadlineMs: 60_000,
    maxAttempts: 3,
    async run(ctx: JobContext) {
      const key = ctx.instanceId;
      await ctx.ensure('volume', key, {
        find: () => cloud.volumes.find(key),
        create: () => cloud.volumes.create({ key, sizeGib: 1 }),
      });
      await ctx.ensure('server', key, {
        find: () => cloud.servers.find(key),
        create: () => cloud.servers.create(serverSpec(key)),
      });
      await ctx.ensure('account', key, {
        find: async () => (accounts.has(key) ? { id: key } : undefined),
        create: async () => {
          accounts.add(key);
          return { id: key };
        },
      });
      await ctx.waitUntil(async () => (await cloud.servers.find(key))?.status === 'ACTIVE', {
        what: 'ACTIVE',
        timeoutMs: 5_000,
        intervalMs: 10,
      });
    },
    ended: async (tx, _, job) =>
      void (await tx.instances.update(job.instanceId ?? '', { task: 'none', serverStatus: 'BUILD' })),
  });

beforeEach(async () => {
  database = await testDatabase();
  store = createStore({ url: database.url });
  cloud = createTestingCloud({ buildMs: 5, deleteMs: 5 });
  accounts = new Set();
  broker = {
    grant: async () => Promise.reject(new Problem('not_supported', 'not in this test')),
    revoke: async (id) => void accounts.delete(id),
    has: async (id) => accounts.has(id),
    list: async () => [...accounts],
    prepareCopy: async () => {},
    ping: async () => {},
  };
  conductor = createConductor({ store, cloud, broker });
  const kinds = [build(), cleanupTask(cloudResources({ cloud, broker }))];
  worker = createWorker({ store, kinds, pollMs: 200, settleMs: 50, retry: { firstMs: 5, maxMs: 20 } });
  worker.start();
});

afterEach(async () => {
  await conductor.stop();
  await worker.stop({ graceMs: 0 });
  await store.close();
  await database.drop();
});

async function idle(): Promise<void> {
  await vi.waitFor(async () => expect(await store.jobs.counts()).toEqual({ queued: 0, running: 0, expired: 0 }), {
    timeout: 10_000,
    interval: 20,
  });
}

async function instance(): Promise<string> {
  const { id } = await instanceIn(store, { guest: true });
  await idle();
  return id;
}

const inCloud = async () => [...(await cloud.servers.list()), ...(await cloud.volumes.list()), ...accounts].length;
const nothing = { expired: 0, silent: [], cleanups: 0, changes: 0, unknown: [], vanished: [], unreachable: [] };

describe('a round', () => {
  it('finds nothing where all is well, and learns what the servers do', async () => {
    const id = await instance();
    expect(await conductor.runOnce()).toEqual(nothing);
    expect(await store.instances.get(id)).toMatchObject({ serverStatus: 'ACTIVE', fault: null });
  });

  it('has deleted what was marked and forgotten, the server first, until the cloud has it no more', async () => {
    const id = await instance();
    await store.ledger.markAll(id);
    expect(await conductor.runOnce()).toEqual({ ...nothing, cleanups: 3 });
    expect((await conductor.runOnce()).cleanups).toBe(0);
    await idle();
    expect(await store.ledger.ofInstance(id)).toEqual([]);
    expect(await inCloud()).toBe(0);
    const inputs = (await store.jobs.ofInstance(id))
      .reverse()
      .flatMap((job) => (job.kind === 'cleanup' ? [(job.input as { kind: string }).kind] : []));
    expect(inputs).toEqual(['server', 'volume', 'account']);
  });

  it('leaves to its job what a job is about', async () => {
    const id = await instance();
    await store.jobs.enqueue({ kind: 'of another worker', instanceId: id });
    await store.ledger.markAll(id);
    expect((await conductor.runOnce()).cleanups).toBe(0);
  });

  it('tries again what could not be deleted', async () => {
    const id = await instance();
    await store.ledger.markAll(id);
    cloud.faults.next('servers.delete', { as: 'refused' });
    await conductor.runOnce();
    await idle();
    expect((await store.ledger.ofInstance(id)).map((row) => row.kind)).toContain('server');
    expect((await conductor.runOnce()).cleanups).toBeGreaterThan(0);
    await idle();
    await conductor.runOnce();
    await idle();
    expect(await inCloud()).toBe(0);
  });

  it('reports what it does not know, and never deletes it', async () => {
    const stranger = await cloud.servers.create(serverSpec('stranger'));
    accounts.add('somebody');
    for (let round = 0; round < 3; round += 1) {
      const report = await conductor.runOnce();
      expect(report).toEqual({
        ...nothing,
        unknown: [
          { kind: 'server', id: stranger.id, key: 'stranger' },
          { kind: 'account', id: 'somebody', key: 'somebody' },
        ],
      });
    }
    await idle();
    expect(await cloud.servers.get(stranger.id)).toBeDefined();
    expect(accounts).toContain('somebody');
  });

  it('of a store restored from an old backup costs nobody a database', async () => {
    const old = await instance();
    // The backup is older than all instances but one, and was taken while that one was being made.
    const { rows: backup } = await sql<{ key: string }>`select * from ledger`.execute(store.db);
    const young = [await instance(), await instance()];
    expect(backup).toHaveLength(3);
    await sql`delete from ledger where instance_id <> ${old}`.execute(store.db);
    for (const table of ['guests', 'job_steps', 'jobs']) await sql`delete from ${sql.table(table)}`.execute(store.db);
    await sql`delete from instances where id <> ${old}`.execute(store.db);
    await sql`update ledger set state = 'intended', cloud_id = null where kind = 'server'`.execute(store.db);
    await store.jobs.enqueue({ kind: 'create', instanceId: old });
    const report = await conductor.runOnce();
    expect(report).toMatchObject({ cleanups: 0, vanished: [] });
    expect(new Set(report.unknown.map((one) => one.key))).toEqual(new Set(young));
    await idle();
    await conductor.runOnce();
    await idle();
    expect(await inCloud()).toBe(9);
    expect((await store.ledger.ofInstance(old)).map((row) => row.state)).toEqual(['present', 'present', 'present']);
  });

  it('tells on the instance what vanished, once, and that it is there again', async () => {
    const id = await instance();
    const server = await cloud.servers.find(id);
    const get = vi.spyOn(cloud.servers, 'get').mockResolvedValue(undefined);
    const list = vi.spyOn(cloud.servers, 'list').mockResolvedValue([]);
    expect(await conductor.runOnce()).toEqual({ ...nothing, vanished: [{ kind: 'server', key: id, instanceId: id }] });
    expect((await conductor.runOnce()).vanished).toEqual([]);
    expect(await store.instances.get(id)).toMatchObject({
      serverStatus: 'missing',
      fault: {
        message: 'The server of this instance is gone; it was not deleted by this service.',
        details: `server ${id} (${server?.id})`,
      },
    });
    get.mockRestore();
    list.mockRestore();
    expect(await conductor.runOnce()).toEqual(nothing);
    expect(await store.ledger.find('server', id)).toMatchObject({ state: 'present', vanishedAt: null });
    expect(await store.instances.get(id)).toMatchObject({ serverStatus: 'ACTIVE' });
  });

  it('believes no listing that lags', async () => {
    const id = await instance();
    const list = vi.spyOn(cloud.servers, 'list').mockResolvedValue([]);
    expect(await conductor.runOnce()).toEqual(nothing);
    expect(await store.instances.get(id)).toMatchObject({ fault: null });
    list.mockResolvedValue([{ id: 'deleted', key: 'deleted', status: 'ACTIVE', portIds: [], volumes: [] }]);
    expect(await conductor.runOnce()).toEqual(nothing);
  });

  it('does its other work while the cloud is away', async () => {
    const id = await instance();
    await store.guests.acceptReport(
      id,
      { session: 's', boot: 1, number: 1 },
      { serviceStatus: 'healthy', clockSkewMs: 0, agentBuild: '' },
    );
    await sql`update instances set service_status_at = now() - interval '1 minute'`.execute(store.db);
    await sql`insert into jobs (kind, state, lease_until) values ('of another worker', 'running', now() - interval '1 second')`.execute(
      store.db,
    );
    cloud.faults.next('servers.list', { as: 'unavailable' }, 2);
    const report = await conductor.runOnce();
    expect(report).toMatchObject({
      silent: [id],
      expired: 1,
      unreachable: [{ kind: 'server', detail: expect.stringContaining('does not answer') }],
    });
    expect(await store.instances.get(id)).toMatchObject({ serviceStatus: 'agent_timeout' });
  });
});

it('runs by itself, and one of two copies leads until it stops', async () => {
  const lines: string[] = [];
  const log = {
    debug() {},
    info() {},
    warn: (_: unknown, line: string) => void lines.push(line),
    error() {},
    child: () => log,
  };
  await cloud.servers.create(serverSpec('stranger'));
  const copies = [1, 2].map(() => createConductor({ store, cloud, broker, reportIntervalMs: 50, intervalMs: 60, log }));
  for (const copy of copies) copy.start();
  await vi.waitFor(() => expect(lines).toHaveLength(1), 5_000);
  const { rows } = await sql<{ owner: string }>`select owner from leaders`.execute(store.db);
  await copies[0]?.stop();
  await vi.waitFor(async () => {
    const id = randomUUID();
    await sql`insert into ledger (id, kind, key, state) values (${id}, 'server', ${id}, 'deleting')`.execute(store.db);
    await vi.waitFor(async () => expect(await store.ledger.find('server', id)).toBeUndefined(), 2_000);
  }, 10_000);
  await copies[1]?.stop();
  expect(rows).toHaveLength(1);
  // One line for the stranger from each that led, however many rounds there were.
  expect(lines.length).toBeLessThanOrEqual(2);
  expect((await sql`select 1 from leaders`.execute(store.db)).rows).toEqual([]);
});

/** An instance whose create has ended. */
async function settledInstance(task: 'none' | 'deleting'): Promise<string> {
  const { id, jobId } = await instanceIn(store, { kind: 'nobody knows this kind' });
  await sql`update jobs set state = 'done' where id = ${jobId}`.execute(store.db);
  await store.instances.update(id, { task });
  return id;
}

it('sees between its rounds that the server of a guest that reports is up again', async () => {
  const id = await instance();
  const copy = createConductor({ store, cloud, broker, reportIntervalMs: 200, graceMs: 0, intervalMs: 600_000 });
  const list = vi.spyOn(cloud.servers, 'list');
  copy.start();
  // The only round there is.
  await vi.waitFor(() => expect(list).toHaveBeenCalledTimes(2));
  await store.instances.setServerStatus(id, 'SHUTOFF');
  await vi.waitFor(
    async () => {
      // Reports go on, and the last may be of a moment before.
      const at = { session: 's', boot: 1, number: Date.now() };
      const facts = { serviceStatus: 'healthy', clockSkewMs: 0, agentBuild: '' } as const;
      await store.guests.acceptReport(id, at, facts);
      expect(await store.instances.get(id)).toMatchObject({ serverStatus: 'ACTIVE' });
    },
    { timeout: 5_000, interval: 50 },
  );
  await copy.stop();
});

it('begins a delete anew that was given up, once', async () => {
  const id = await settledInstance('deleting');
  const other = await settledInstance('none');
  await conductor.runOnce();
  await conductor.runOnce();
  const kinds = async (instance: string) => (await store.jobs.ofInstance(instance)).map(({ kind }) => kind);
  expect((await kinds(id)).filter((kind) => kind === 'delete_instance')).toHaveLength(1);
  expect(await kinds(other)).not.toContain('delete_instance');
});

it('calls nobody silent before it has listened for as long as a guest may be quiet', async () => {
  const id = await settledInstance('none');
  await sql`update instances set service_status = 'healthy', service_status_at = now() - interval '1 hour' where id = ${id}`.execute(
    store.db,
  );
  const copy = createConductor({ store, cloud, broker, reportIntervalMs: 300, graceMs: 0, intervalMs: 60_000 });
  const began = performance.now();
  copy.start();
  await vi.waitFor(async () => expect((await store.instances.get(id))?.serviceStatus).toBe('agent_timeout'), 5_000);
  expect(performance.now() - began).toBeGreaterThanOrEqual(890);
  await copy.stop();
});
