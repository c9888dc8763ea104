import { randomUUID } from 'node:crypto';
import { type Cloud, Problem, type ServiceStatus } from '@coffer/core';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { createFakeGuests, type FakeGuests } from '../../../../../test/support/fake-guest.ts';
import { type TestDatabase, testDatabase } from '../../../../../test/support/postgres.ts';
import { createTestingCloud } from '../../clouds/testing/index.ts';
import { createStore, type Store } from '../../store/store.ts';
import { instanceIn } from '../../store/testing.ts';
import { type Clock, systemClock } from '../clock.ts';
import { createWorker, type Worker } from '../worker.ts';
import { restartInstanceTask } from './restart-instance.ts';

let database: TestDatabase;
let store: Store;
const workers: Worker[] = [];

beforeAll(async () => {
  database = await testDatabase();
  store = createStore({ url: database.url, maxConnections: 10 });
});
afterEach(async () => {
  await Promise.all(workers.splice(0).map((worker) => worker.stop({ graceMs: 0 })));
});
afterAll(async () => {
  await store.close();
  await database.drop();
});

const silence = () => new Problem('timeout', 'instance x did not answer restart within 60000 ms');

/** Waits pass a thousand times faster. */
const hurried: Clock = {
  now: () => systemClock.now() * 1000,
  sleep: (ms, signal) => systemClock.sleep(ms / 1000, signal),
};

interface Stage {
  id: string;
  jobId: string;
  guests: FakeGuests;
  cloud: Cloud;
  /** Servers that were rebooted. */
  rebooted: string[];
  report(session: string, state: ServiceStatus): Promise<void>;
  work(options?: { maxAttempts?: number; clock?: Clock }): void;
  ended(): Promise<Awaited<ReturnType<Store['instances']['get']>>>;
}

/** An instance at rest whose restart was accepted. The guest's life is called `first`. */
async function stage(): Promise<Stage> {
  const guests = createFakeGuests();
  const cloud = createTestingCloud();
  const { id, jobId: created } = await instanceIn(store, { guest: true });
  await store.jobs.end(created, 'done');
  const { id: serverId } = await cloud.servers.create({
    key: id,
    flavorId: '1',
    portIds: [],
    volumeIds: [],
    userData: '',
    metadata: {},
  });
  await vi.waitFor(async () => expect((await cloud.servers.get(serverId))?.status).toBe('ACTIVE'));
  const entry = await store.ledger.intend({ kind: 'server', key: id, instanceId: id });
  await store.ledger.present(entry.id, serverId);
  let boots = 0;
  let numbers = 0;
  const sessions = new Map<string, number>();
  const report = async (session: string, serviceStatus: ServiceStatus): Promise<void> => {
    const boot = sessions.get(session) ?? ++boots;
    sessions.set(session, boot);
    numbers += 1;
    await store.guests.acceptReport(
      id,
      { session, boot, number: numbers },
      { serviceStatus, clockSkewMs: 0, agentBuild: 'test' },
    );
  };
  await report('first', 'healthy');
  await store.instances.update(id, {
    task: 'none',
    serverStatus: 'ACTIVE',
    fault: { message: 'an old one', created: new Date().toISOString(), details: null },
  });
  const { jobId } = await store.instances.begin(id, { from: ['none'], to: 'rebooting' }, { kind: 'restart_instance' });
  const rebooted: string[] = [];
  cloud.listen({ rebooted: (server) => void rebooted.push(server.id) });
  return {
    id,
    jobId,
    guests,
    cloud,
    rebooted,
    report,
    work({ clock, ...more } = {}) {
      const kind = { ...restartInstanceTask({ store, cloud, guests }), ...more };
      const worker = createWorker({
        store,
        kinds: [kind],
        pollMs: 200,
        retry: { firstMs: 5, maxMs: 10 },
        // The lease passes as fast.
        ...(clock && { clock, leaseMs: 15_000_000 }),
      });
      workers.push(worker);
      worker.start();
    },
    async ended() {
      await vi.waitFor(async () => expect((await store.jobs.get(jobId))?.endedAt).not.toBeNull(), { timeout: 8_000 });
      return store.instances.get(id);
    },
  };
}

describe('the job restart_instance', () => {
  it('has the guest restart under its own id, and takes the last fault away', async () => {
    const { id, jobId, guests, rebooted, report, work, ended } = await stage();
    await report('first', 'restarting');
    work();
    expect(await ended()).toMatchObject({ task: 'none', serviceStatus: 'healthy', fault: null });
    expect(guests.calls).toMatchObject([{ instanceId: id, method: 'restart', operationId: jobId }]);
    expect(rebooted).toEqual([]);
  });

  it('asks a guest that is on its way again, under the same id', async () => {
    const { jobId, guests, rebooted, work, ended } = await stage();
    guests.failNext(new Problem('not_ready', 'The database is still restarting (recovering from its log).'));
    guests.failNext(new Problem('unavailable', 'the broker is away'));
    work();
    expect(await ended()).toMatchObject({ task: 'none', fault: null });
    expect(guests.calls.map(({ operationId }) => operationId)).toEqual([jobId, jobId, jobId]);
    expect(rebooted).toEqual([]);
  });

  it('reboots the server of a guest that does not answer, once, and waits for its next life', async () => {
    const { id, jobId, guests, cloud, rebooted, report, work, ended } = await stage();
    guests.failNext(silence());
    work();
    await vi.waitFor(() => expect(rebooted).toHaveLength(1));
    expect(rebooted).toEqual([(await cloud.servers.find(id))?.id]);
    await vi.waitFor(async () =>
      expect((await store.jobs.steps(jobId)).map(({ name }) => name)).toContain('reboot server'),
    );
    // What the silent life still had to say, and the first words of the next, end nothing.
    for (const [session, state] of [
      ['first', 'healthy'],
      ['second', 'restarting'],
    ] as const) {
      await report(session, state);
      const looks = vi.spyOn(store.guests, 'get');
      await vi.waitFor(() => expect(looks.mock.calls.length).toBeGreaterThan(2));
      looks.mockRestore();
      expect((await store.instances.get(id))?.task).toBe('rebooting');
    }
    await report('second', 'healthy');
    expect(await ended()).toMatchObject({ task: 'none', serviceStatus: 'healthy', fault: null });
    expect(rebooted).toHaveLength(1);
    expect(guests.calls).toHaveLength(1);
  });

  it('does not reboot again what a run that died had rebooted', async () => {
    const { guests, rebooted, report, work, ended, jobId } = await stage();
    await store.jobs.recordStep(jobId, {
      name: 'restart database',
      result: { silent: 'first' },
      startedAt: new Date(),
    });
    await report('second', 'healthy');
    work();
    // What it waits for is a report that comes after.
    await vi.waitFor(async () =>
      expect((await store.jobs.steps(jobId)).map(({ name }) => name)).toContain('reboot server'),
    );
    await report('second', 'healthy');
    expect(await ended()).toMatchObject({ task: 'none', fault: null });
    expect(rebooted).toEqual([]);
    expect(guests.calls).toEqual([]);
  });

  it('leaves a fault with what helps when the guest does not come back', async () => {
    const { guests, rebooted, work, ended } = await stage();
    guests.failNext(silence());
    work({ clock: hurried, maxAttempts: 1 });
    expect(await ended()).toMatchObject({
      task: 'none',
      serviceStatus: 'restarting',
      fault: {
        message:
          'The restart did not end well: Waited 300 s for the guest to come back after its server was rebooted. ' +
          'Restart it again; if that does not help, an operator must look at it.',
        details: expect.stringMatching(/^timeout: .*\(job [0-9a-f-]{36}\)$/),
      },
    });
    expect(rebooted).toHaveLength(1);
  });

  const failures: [string, Problem, RegExp][] = [
    [
      'what the guest says stands in the way',
      new Problem('guest_failed', `The database ended 3 times before it served, because ${'of something '.repeat(30)}`),
      /^The restart did not end well: The database ended 3 times .* Restart it again; if that/,
    ],
    [
      'nothing of what nobody foresaw',
      new Problem('internal', 'TypeError at /srv'),
      /^The restart did not end well: an operator finds the reason in the log\. Restart/,
    ],
  ];
  it.each(failures)('leaves a fault with %s', async (_, problem, message) => {
    const { guests, rebooted, work, ended } = await stage();
    guests.failNext(problem);
    work();
    const instance = await ended();
    expect(instance).toMatchObject({ task: 'none', fault: { message: expect.stringMatching(message) } });
    expect(instance?.fault?.message.length).toBeLessThanOrEqual(255);
    expect(rebooted).toEqual([]);
  });

  it('ends when its server is gone', async () => {
    const { id, guests, cloud, work, ended } = await stage();
    guests.failNext(silence());
    const server = await cloud.servers.find(id);
    await cloud.servers.delete(server?.id ?? '');
    await vi.waitFor(async () => expect(await cloud.servers.find(id)).toBeUndefined());
    work();
    expect((await ended())?.fault?.message).toMatch(/its server is gone\. Restart/);
  });

  it('gives way to a delete that was accepted meanwhile', async () => {
    const { id, jobId, guests, rebooted, work, ended } = await stage();
    guests.failNext(silence());
    work();
    await vi.waitFor(() => expect(rebooted).toHaveLength(1));
    await store.instances.begin(id, { from: ['rebooting'], to: 'deleting' }, { kind: `delete ${randomUUID()}` });
    expect(await ended()).toMatchObject({ task: 'deleting', fault: { message: 'an old one' } });
    expect((await store.jobs.get(jobId))?.state).toBe('failed');
  });
});
