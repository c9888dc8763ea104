import { randomBytes, randomUUID } from 'node:crypto';
import type { Broker } from '@coffer/core';
import { connectAgentLink, createGuestLink, createMemoryReplies, newKeyPair } from '@coffer/core/rpc';
import { createMemoryBroker } from '@coffer/core/testing';
import { sql } from 'kysely';
import { Migrator } from 'kysely/migration';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { type TestDatabase, testDatabase } from '../../../../test/support/postgres.ts';
import { createTestingCloud, type TestingCloud } from '../clouds/testing/index.ts';
import { createGuestDirectory } from '../guest/directory.ts';
import { createSecretBox } from '../secrets.ts';
import { migrations } from '../store/migrations/index.ts';
import { createStore, migrate, type Store } from '../store/store.ts';
import { instanceIn } from '../store/testing.ts';
import { defineJob, type JobContext, type JobKind } from './job-kind.ts';
import { createInstanceTask } from './tasks/create-instance.ts';
import { createWorker, type Worker } from './worker.ts';

let database: TestDatabase;
let store: Store;
const secrets = createSecretBox([randomBytes(32)]);
const open: (() => Promise<unknown>)[] = [];

beforeEach(async () => {
  database = await testDatabase();
  store = createStore({ url: database.url });
});

afterEach(async () => {
  for (const close of open.splice(0).reverse()) await close();
  await store.close();
  await database.drop();
});

function work(kind: JobKind): Worker {
  const worker = createWorker({ store, kinds: [kind], concurrency: 20, pollMs: 200, settleMs: 50 });
  worker.start();
  open.push(() => worker.stop({ graceMs: 0 }));
  return worker;
}

const allDone = (count: number) =>
  vi.waitFor(
    async () => {
      const jobs = await store.db.selectFrom('jobs').select(['state', 'error']).execute();
      expect(jobs.map(({ state, error }) => (state === 'done' ? state : (error?.detail ?? state)))).toEqual(
        Array(count).fill('done'),
      );
    },
    { timeout: 15_000, interval: 20 },
  );

/** What a create needs, with a guest for each server that the cloud starts. */
async function parts() {
  const messages = createMemoryBroker();
  const cloud: TestingCloud = createTestingCloud({ buildMs: 5 });
  const accounts = new Set<string>();
  /** Operation ids of what guests were told to prepare. */
  const prepared: string[] = [];
  const broker: Broker = {
    grant: async (username, password) => {
      accounts.add(username);
      return { host: 'broker', port: 5671, username, password };
    },
    revoke: async (id) => void accounts.delete(id),
    has: async (id) => accounts.has(id),
    list: async () => [...accounts],
    prepareCopy: async () => {},
    ping: async () => {},
  };
  const guests = createGuestLink({
    transport: messages.server(),
    directory: createGuestDirectory({ store, secrets }),
    handlers: { driver_chunk: async () => ({ base64: '', totalBytes: 0 }) },
  });
  await guests.start();
  open.push(() => guests.close());
  cloud.listen({
    active(server, userData) {
      void connectAgentLink({
        transport: messages.agent(server.key),
        instanceId: server.key,
        keys: newKeyPair(),
        token: JSON.parse(userData).token,
        enrolled: async () => {},
        nextBoot: async () => 1,
        replies: createMemoryReplies(),
        handlers: {
          prepare: async (_params, op) => {
            prepared.push(op.id);
            return { state: 'healthy' };
          },
        },
        enrolRetryMs: 50,
      }).then((link) => open.push(() => link.close()));
    },
    gone() {},
  });
  const create = createInstanceTask({ store, cloud, broker, guests, secrets, reportIntervalMs: 60_000 });
  return { cloud, accounts, prepared, create };
}

/** The same kind as another build would have it: told of each step by its permanent name, before and after. */
const rebuilt = (
  kind: JobKind,
  around: {
    before?(ctx: JobContext, step: string): Promise<void>;
    after?(ctx: JobContext, step: string): Promise<void>;
  },
): JobKind => ({
  ...kind,
  run(ctx) {
    async function seen<T>(step: string, run: () => Promise<T>): Promise<T> {
      await around.before?.(ctx, step);
      const result = await run();
      await around.after?.(ctx, step);
      return result;
    }
    return kind.run({
      ...ctx,
      step: (name, effect, record) => seen(name, () => ctx.step(name, effect, record)),
      ensure: (what, key, maker) => seen(`create ${what}`, () => ctx.ensure(what, key, maker)),
    });
  },
});

async function newJob(): Promise<{ id: string; jobId: string }> {
  const job = await instanceIn(store, { kind: 'create_instance', input: { databases: [], users: [] } });
  await sql`update driver_bundles set manifest = manifest || '{"port": 3306, "sizing": [], "groups": []}'`.execute(
    store.db,
  );
  return job;
}
const stepsOf = async (jobId: string) => (await store.jobs.steps(jobId)).map(({ name }) => name);

it.each(['the next build, which has a step more', 'the build before, which has a step less'])(
  'a create that stops after any of its steps is ended by %s',
  async (other) => {
    const { cloud, accounts, prepared, create } = await parts();
    const added: string[] = [];
    const longer = rebuilt(create, {
      async before(ctx, step) {
        if (step === 'await volume') await ctx.step('label volume', async () => void added.push(ctx.instanceId));
      },
    });
    const [first, second] = other.startsWith('the next') ? [create, longer] : [longer, create];

    const whole = await newJob();
    const alone = work(first);
    await allDone(1);
    await alone.stop({ graceMs: 0 });
    const steps = await stepsOf(whole.jobId);
    expect(steps.length).toBeGreaterThan(7);

    const stopAfter = new Map<string, string>();
    for (const step of steps) stopAfter.set((await newJob()).id, step);
    let waiting = 0;
    const begun = work(
      rebuilt(first, {
        async after(ctx, step) {
          if (stopAfter.get(ctx.instanceId) !== step) return;
          waiting += 1;
          await new Promise((_, reject) => ctx.signal.addEventListener('abort', () => reject(ctx.signal.reason)));
        },
      }),
    );
    await vi.waitFor(() => expect(waiting).toBe(steps.length), { timeout: 15_000, interval: 20 });
    await begun.stop({ graceMs: 0 });
    work(second);
    await allDone(steps.length + 1);

    const instances = [whole.id, ...stopAfter.keys()];
    for (const id of instances) expect(await store.instances.get(id)).toMatchObject({ task: 'none', fault: null });
    for (const made of [await cloud.servers.list(), await cloud.volumes.list(), await cloud.ports.list()])
      expect(made.map(({ key }) => key).sort()).toEqual(instances.toSorted());
    expect([...accounts].sort()).toEqual(instances.toSorted());
    expect(prepared).toHaveLength(instances.length);
    // The step that is new runs where its place is, or late where that was passed; the build without it never asks for it.
    const labelled = [...stopAfter].filter(([, stop]) => steps.indexOf(stop) >= steps.indexOf('label volume'));
    expect(added.sort()).toEqual([...(first === longer ? [whole.id] : []), ...labelled.map(([id]) => id)].sort());
  },
  30_000,
);

it('jobs in flight, and guests, of an older schema go on under the newer one', async () => {
  await sql`drop schema public cascade; create schema public`.execute(store.db);
  const migrator = new Migrator({ db: store.db, provider: { getMigrations: async () => migrations } });
  expect((await migrator.migrateTo('0002-identity')).error).toBeUndefined();
  const { id, jobId } = await instanceIn(store, { kind: 'build', guest: true });
  // What a worker of then had written, and died.
  await sql`update jobs set state = 'running', attempt = 1, lease_owner = ${randomUUID()}::uuid, started_at = now(),
    lease_until = now() + interval '300 ms', deadline_at = now() + interval '1 minute' where id = ${jobId}`.execute(
    store.db,
  );
  await sql`insert into job_steps (job_id, name, result, started_at, ended_at)
    values (${jobId}, 'make', '{"id": "of the old build"}', now(), now())`.execute(store.db);
  await sql`update guests set session = 's', boot = 1, last_number = 1, protocol = 1`.execute(store.db);
  const applied = await Promise.all([migrate(store), migrate(store)]);
  expect(applied.flat()).toEqual(Object.keys(migrations).filter((name) => name > '0002-identity'));

  const ran: unknown[] = [];
  work(
    defineJob({
      kind: 'build',
      deadlineMs: 60_000,
      maxAttempts: 3,
      async run(ctx) {
        const made = await ctx.step('make', async () => ({ id: 'made twice' }));
        await ctx.step('check', async () => void ran.push('check', made.id));
        await ctx.step('finish', async () => void ran.push('finish'));
      },
    }),
  );
  await allDone(1);
  expect(ran).toEqual(['check', 'of the old build', 'finish']);
  expect((await store.guests.get(id))?.protocolMin).toBeNull();
});
