import { randomUUID } from 'node:crypto';
import { Problem, type Sealed } from '@coffer/core';
import { sql } from 'kysely';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { type TestDatabase, testDatabase } from '../../../../test/support/postgres.ts';
import { createStore, type Store } from '../store/store.ts';
import { instanceIn } from '../store/testing.ts';
import type { JobContext, JobKind, StepPoint } from './job-kind.ts';
import { createWorker, type Worker, type WorkerOptions } from './worker.ts';

let database: TestDatabase;
let store: Store;
const workers: Worker[] = [];

beforeAll(async () => {
  database = await testDatabase();
  store = createStore({ url: database.url, maxConnections: 20 });
});

afterEach(async () => {
  await Promise.all(workers.splice(0).map((worker) => worker.stop({ graceMs: 0 })));
  await sql`update jobs set state = 'failed' where state in ('queued', 'running')`.execute(store.db);
});

afterAll(async () => {
  await store.close();
  await database.drop();
});

function work(kinds: Partial<JobKind>[], options: Partial<WorkerOptions> = {}): Worker {
  const full = kinds.map((kind) => ({
    kind: 'test',
    deadlineMs: 60_000,
    maxAttempts: 3,
    run: async () => {},
    ...kind,
  }));
  const worker = createWorker({
    store,
    kinds: full,
    leaseMs: 1_500,
    pollMs: 200,
    retry: { firstMs: 5, maxMs: 20 },
    ...options,
  });
  workers.push(worker);
  worker.start();
  return worker;
}

async function ended(id: string, state: 'done' | 'failed') {
  await vi.waitFor(async () => expect((await store.jobs.get(id))?.state).toBe(state), { timeout: 8_000, interval: 20 });
  return store.jobs.get(id);
}

const enqueue = async (
  job: { kind?: string; instanceId?: string; secrets?: Record<string, Sealed>; dedup?: string; input?: unknown } = {},
) => (await store.jobs.enqueue({ kind: 'test', ...job })).id;

describe('a job', () => {
  it('runs its steps once each, over attempts, and keeps their results', async () => {
    const ran: string[] = [];
    const seen: unknown[] = [];
    work([
      {
        async run(ctx) {
          const first = await ctx.step('first', async () => {
            ran.push('first');
            return { at: new Date(0) };
          });
          seen.push(first);
          await ctx.step('second', async () => {
            ran.push('second');
            if (ran.filter((name) => name === 'second').length < 3) throw new Error('not yet');
          });
        },
      },
    ]);
    const id = await enqueue();
    expect(await ended(id, 'done')).toMatchObject({ attempt: 3, leaseOwner: null });
    expect(ran).toEqual(['first', 'second', 'second', 'second']);
    // The first run sees what the later ones read: JSON.
    expect(seen).toEqual(Array(3).fill({ at: '1970-01-01T00:00:00.000Z' }));
  });

  it('is not tried again after what a retry cannot mend; is compensated, and shows its end in the same transaction', async () => {
    const { id: instanceId } = await instanceIn(store, { kind: 'elsewhere' });
    await sql`update jobs set state = 'done' where instance_id = ${instanceId}`.execute(store.db);
    const calls: string[] = [];
    work([
      {
        async run(ctx) {
          await ctx.step('make', async () => void calls.push('make'));
          throw new Problem('cloud_refused', 'no valid host');
        },
        async failed(ctx, problem) {
          await ctx.step('make', async () => void calls.push(`unmake after ${problem.code}`));
        },
        async ended(tx, end, job) {
          calls.push('ended');
          if (!end.ok)
            await tx.instances.update(job.instanceId ?? '', {
              task: 'build_error_server',
              fault: { message: end.problem.detail, created: '', details: null },
            });
        },
      },
    ]);
    const id = await enqueue({ instanceId, secrets: { password: 'sealed' as Sealed } });
    expect(await ended(id, 'failed')).toMatchObject({
      attempt: 1,
      error: { code: 'cloud_refused', detail: 'no valid host' },
      secrets: null,
    });
    expect(calls).toEqual(['make', 'unmake after cloud_refused', 'ended']);
    expect(await store.instances.get(instanceId)).toMatchObject({
      task: 'build_error_server',
      fault: { message: 'no valid host' },
    });
    expect((await store.jobs.steps(id)).map((step) => [step.name, step.result])).toEqual([
      ['make', null],
      ['undo: make', null],
    ]);
  });

  it('has its secrets and step results erased in the transaction that ends it', async () => {
    let during: unknown;
    work([
      {
        async run(ctx) {
          await ctx.step('hold', async () => 'result');
          during = [ctx.secrets, (await store.jobs.steps(ctx.job.id))[0]?.result];
        },
      },
    ]);
    const id = await enqueue({ secrets: { password: 'sealed' as Sealed } });
    expect(await ended(id, 'done')).toMatchObject({ secrets: null });
    expect(during).toEqual([{ password: 'sealed' }, 'result']);
    expect((await store.jobs.steps(id))[0]?.result).toBeNull();
  });

  it('fails at its deadline, waiting or not, with the last thing that went wrong', async () => {
    work([
      {
        deadlineMs: 400,
        maxAttempts: 99,
        run: async (ctx) =>
          void (await ctx.waitUntil(async () => false, { what: 'never', timeoutMs: 60_000, intervalMs: 20 })),
      },
    ]);
    const id = await enqueue();
    expect(await ended(id, 'failed')).toMatchObject({
      error: { code: 'timeout', detail: expect.stringContaining('test was not done within 0 min') },
    });
  });

  it('ends as failed when its worker died too often, and its compensation is tried again until it works', async () => {
    let tries = 0;
    const { id } = await store.jobs.enqueue({ kind: 'test' });
    await sql`update jobs set attempt = 3 where id = ${id}`.execute(store.db);
    work([
      {
        run: async () => void expect.unreachable(),
        async failed() {
          tries += 1;
          if (tries < 3) throw new Error('the cloud is away');
        },
      },
    ]);
    expect(await ended(id, 'failed')).toMatchObject({
      error: { detail: expect.stringContaining('started 3 times and never ended') },
    });
    expect(tries).toBe(3);
  });

  it('is not stuck by a compensation that never works', async () => {
    work([
      {
        run: async () => Promise.reject(new Problem('bad_request', 'x')),
        failed: async () => Promise.reject(new Error('bug')),
      },
    ]);
    expect(await ended(await enqueue(), 'failed')).toMatchObject({ error: { code: 'bad_request' } });
  });

  it('is made once under a dedup text while it is not ended', async () => {
    const first = await store.jobs.enqueue({ kind: 'test', dedup: 'nightly' });
    expect(await store.jobs.enqueue({ kind: 'test', dedup: 'nightly' })).toEqual({ id: first.id, created: false });
    work([{}]);
    await ended(first.id, 'done');
    expect((await store.jobs.enqueue({ kind: 'test', dedup: 'nightly' })).created).toBe(true);
  });

  it('of a kind that this worker does not know is left alone', async () => {
    const id = await enqueue({ kind: 'unknown' });
    work([{}]);
    await ended(await enqueue(), 'done');
    expect(await store.jobs.get(id)).toMatchObject({ state: 'queued', attempt: 0 });
  });

  it('starts at once when it is enqueued, without waiting for the poll', async () => {
    work([{}], { pollMs: 60_000 });
    await ended(await enqueue(), 'done');
    await ended(await enqueue(), 'done');
  });
});

describe('jobs of one instance', () => {
  it('run in the order in which they were made, one at a time, also with two workers and a failure in front', async () => {
    const { id: instanceId } = await instanceIn(store, { kind: 'test', input: 0 });
    const log: string[] = [];
    const kind = {
      async run(ctx: JobContext) {
        log.push(`+${ctx.input}`);
        await new Promise((resolve) => setTimeout(resolve, 20));
        log.push(`-${ctx.input}`);
        if (ctx.input === 0 && log.length < 4) throw new Error('once more');
      },
    };
    const ids: string[] = [];
    for (let n = 1; n <= 5; n += 1) ids.push(await enqueue({ instanceId, input: n }));
    work([kind]);
    work([kind]);
    await Promise.all(ids.map((id) => ended(id, 'done')));
    expect(log).toEqual(['+0', '-0', '+0', '-0', ...[1, 2, 3, 4, 5].flatMap((n) => [`+${n}`, `-${n}`])]);
  });
});

describe('a worker', () => {
  it('that stops hands its job back at once, not counting the attempt', async () => {
    const started: string[] = [];
    const run = async (ctx: JobContext) => {
      started.push(ctx.job.id);
      if (started.length === 1) await ctx.waitUntil(async () => false, { what: 'x', timeoutMs: 60_000 });
    };
    const first = work([{ run }], { leaseMs: 60_000 });
    const id = await enqueue();
    await vi.waitFor(() => expect(started).toHaveLength(1), 5_000);
    await first.stop({ graceMs: 0 });
    expect(await store.jobs.get(id)).toMatchObject({ state: 'queued', attempt: 0, error: null });
    work([{ run }]);
    expect(await ended(id, 'done')).toMatchObject({ attempt: 1 });
  });

  it('whose lease was lost is aborted and writes nothing more', async () => {
    let aborted: unknown;
    let release = () => {};
    const held = new Promise<void>((resolve) => {
      release = resolve;
    });
    const first = work([
      {
        async run(ctx) {
          ctx.signal.addEventListener('abort', () => {
            aborted = ctx.signal.reason;
          });
          await ctx.step('slow', () => held);
        },
      },
    ]);
    const id = await enqueue();
    await vi.waitFor(async () => expect((await store.jobs.get(id))?.state).toBe('running'), 5_000);
    // Another claims it, as after a jump of the clock.
    const other = randomUUID();
    await sql`update jobs set lease_owner = ${other}, lease_until = now() + interval '1 hour' where id = ${id}`.execute(
      store.db,
    );
    await vi.waitFor(() => expect(aborted).toMatchObject({ name: 'LeaseLost' }), 5_000);
    release();
    await vi.waitFor(() => expect(first.active).toBe(0), 5_000);
    expect(await store.jobs.steps(id)).toEqual([]);
    expect(await store.jobs.get(id)).toMatchObject({ state: 'running', leaseOwner: other });
  });

  it('tells of every place where it can die', async () => {
    const points: StepPoint[] = [];
    const things = new Map<string, { id: string }>();
    const maker = (key: string) => ({
      find: async () => things.get(key),
      get: async () => things.get(key),
      create: async () => {
        expect(await store.ledger.find('thing', key)).toMatchObject({ state: 'intended' });
        things.set(key, { id: 'cloud-1' });
        return { id: 'cloud-1' };
      },
      delete: async () => void things.delete(key),
    });
    const key = randomUUID();
    work(
      [
        {
          async run(ctx) {
            expect(await ctx.ensure('thing', key, maker(key))).toBe('cloud-1');
            expect(await store.ledger.find('thing', key)).toMatchObject({ state: 'present', cloudId: 'cloud-1' });
            await ctx.remove('thing', key, { ...maker(key), intervalMs: 5 });
          },
        },
      ],
      { observe: (point) => void points.push(point) },
    );
    await ended(await enqueue(), 'done');
    expect(points.map(({ step, point }) => `${step} ${point}`)).toEqual(
      ['create thing', 'delete thing'].flatMap((step) =>
        ['before', 'after', 'recorded'].map((point) => `${step} ${point}`),
      ),
    );
    expect(things.size).toBe(0);
    expect(await store.ledger.find('thing', key)).toBeUndefined();
  });

  it('does not make a thing again that shows up late, nor forget it when it is to be deleted', async () => {
    const things: { id: string; key: string; visibleAt: number }[] = [];
    const find = (key: string) => async () =>
      things.find((thing) => thing.key === key && thing.visibleAt <= Date.now());
    const late = (key: string) => ({
      find: find(key),
      get: async (id: string) => things.find((thing) => thing.id === id),
      create: async (): Promise<{ id: string }> => {
        things.push({ id: `${things.length}`, key, visibleAt: Date.now() + 300 });
        throw new Problem('cloud_unavailable', 'no answer within 60 s');
      },
      delete: async (id: string) =>
        void things.splice(
          things.findIndex((thing) => thing.id === id),
          1,
        ),
      intervalMs: 20,
    });
    const [made, doomed] = [randomUUID(), randomUUID()];
    work(
      [
        { kind: 'make', run: async (ctx) => void (await ctx.ensure('thing', made, late(made))) },
        {
          kind: 'doomed',
          maxAttempts: 1,
          run: async (ctx) => void (await ctx.ensure('thing', doomed, late(doomed))),
          failed: (ctx) => ctx.remove('thing', doomed, late(doomed)),
        },
      ],
      { settleMs: 600 },
    );
    await ended(await enqueue({ kind: 'make' }), 'done');
    expect(things.map((thing) => thing.key)).toEqual([made]);
    await ended(await enqueue({ kind: 'doomed' }), 'failed');
    expect(things.map((thing) => thing.key)).toEqual([made]);
    expect(await store.ledger.find('thing', doomed)).toBeUndefined();
  });

  it('goes on after the store was away', async () => {
    const kind = { run: async (ctx: JobContext) => void (await ctx.step('x', async () => 1)) };
    work([kind]);
    await ended(await enqueue(), 'done');
    await sql`select pg_terminate_backend(pid) from pg_stat_activity where pid <> pg_backend_pid() and datname = current_database()`.execute(
      store.db,
    );
    await ended(await enqueue(), 'done');
  });
});
