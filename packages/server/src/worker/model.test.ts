import { Problem } from '@coffer/core';
import fc from 'fast-check';
import { sql } from 'kysely';
import { Pool, type PoolClient } from 'pg';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { type TestDatabase, testDatabase } from '../../../../test/support/postgres.ts';
import { createStore, type Queries, type Store } from '../store/store.ts';
import { instanceIn } from '../store/testing.ts';
import { defineJob, type JobContext, type StepPoint } from './job-kind.ts';
import { createWorker, type Worker } from './worker.ts';

/*
 * Random stories of two workers over one store: jobs come, workers are killed at every kind of place, clocks jump, leases are
 * lost, the cloud fails and answers late. Then everything heals, and nothing may be stuck, done twice, or left over.
 */

const LEASE_MS = 1_000;
const SETTLE_MS = 700;
const TIME_LIMIT_MS = 25_000;
const INSTANCES = 3;

type Fault = 'refuse' | 'timeout after success';

interface Effect {
  instance: string;
  seq: number;
}

/** A cloud that, like Nova, makes a second thing under a key if asked twice, and shows late what it did not answer for. */
class World {
  readonly things: { id: string; kind: string; key: string; visibleAt: number }[] = [];
  readonly effects: Effect[] = [];
  readonly twins: string[] = [];
  readonly faults: Fault[] = [];
  #next = 1;

  find(kind: string, key: string) {
    return this.things.find(
      (thing) => thing.kind === kind && thing.key === key && thing.visibleAt <= performance.now(),
    );
  }

  create(kind: string, key: string, effect: Effect): { id: string } {
    const fault = this.faults.shift();
    if (fault === 'refuse') throw new Problem('cloud_unavailable', 'the cloud is away');
    if (this.things.some((thing) => thing.kind === kind && thing.key === key)) this.twins.push(`${kind} ${key}`);
    const late = fault === 'timeout after success';
    const thing = {
      id: `${kind}-${this.#next++}`,
      kind,
      key,
      visibleAt: performance.now() + (late ? SETTLE_MS - 200 : 0),
    };
    this.things.push(thing);
    this.effects.push(effect);
    if (late) throw new Problem('cloud_unavailable', 'no answer in time');
    return thing;
  }

  delete(id: string, effect: Effect): void {
    if (this.faults.shift()) throw new Problem('cloud_unavailable', 'the cloud is away');
    this.effects.push(effect);
    const at = this.things.findIndex((thing) => thing.id === id);
    if (at >= 0) this.things.splice(at, 1);
  }
}

/** One server process: it can be killed so that from this moment on nothing of it reaches store or cloud. */
class Process {
  readonly store: Store;
  readonly worker: Worker;
  readonly #pool: Pool;
  readonly #clients = new Set<PoolClient>();
  #isDead = false;
  #killAfter = Number.POSITIVE_INFINITY;

  constructor(url: string, world: World, visited: Set<string>) {
    this.#pool = new Pool({ connectionString: url, max: 6 });
    this.#pool.on('error', () => {});
    this.#pool.on('connect', (client) => void this.#clients.add(client as PoolClient));
    const connect = this.#pool.connect.bind(this.#pool);
    this.#pool.connect = ((...args: []) => (this.#isDead ? new Promise(() => {}) : connect(...args))) as typeof connect;
    this.store = createStore({ pool: this.#pool });
    this.worker = createWorker({
      store: this.store,
      kinds: kindsOver(world, () => this.#isDead),
      leaseMs: LEASE_MS,
      pollMs: 200,
      settleMs: SETTLE_MS,
      retry: { firstMs: 2, maxMs: 40 },
      observe: (point) => this.#visit(point, visited),
    });
    this.worker.start();
  }

  get isDead(): boolean {
    return this.#isDead;
  }

  killAfter(points: number): void {
    this.#killAfter = points;
  }

  kill(): void {
    if (this.#isDead) return;
    this.#isDead = true;
    for (const client of this.#clients) cutOff(client);
    void this.worker.stop({ graceMs: 0 });
  }

  async end(): Promise<void> {
    if (this.#isDead) return;
    await this.worker.stop({ graceMs: 0 });
    await this.store.close();
    await this.#pool.end();
  }

  async #visit({ step, point }: StepPoint, visited: Set<string>): Promise<void> {
    this.#killAfter -= 1;
    if (this.#killAfter > 0) return;
    visited.add(`${step} ${point}`);
    this.kill();
    await never();
  }
}

function cutOff(client: PoolClient): void {
  const { connection } = client as unknown as { connection: { stream: { destroy(): void } } };
  connection.stream.destroy();
}

const never = () => new Promise<never>(() => {});

function kindsOver(world: World, isDead: () => boolean) {
  const alive = async () => {
    await new Promise((resolve) => setTimeout(resolve, Math.random() * 3));
    if (isDead()) await never();
  };
  const whileAlive = async <T>(act: () => T): Promise<T> => {
    await alive();
    return act();
  };
  const by = (ctx: JobContext): Effect => ({
    instance: ctx.instanceId,
    seq: (ctx.job as unknown as { seq: number }).seq,
  });
  const thing = (ctx: JobContext, kind: string) => ({
    find: () => whileAlive(() => world.find(kind, ctx.instanceId)),
    get: (id: string) => whileAlive(() => world.things.find((one) => one.id === id)),
    create: () => whileAlive(() => world.create(kind, ctx.instanceId, by(ctx))),
    delete: (id: string) => whileAlive(() => world.delete(id, by(ctx))),
    intervalMs: 5,
  });
  const count = (ctx: JobContext, name: string) =>
    ctx.step(name, alive, async (tx: Queries) => {
      await sql`insert into model_counts (job_id, name) values (${ctx.job.id}, ${name})
        on conflict (job_id, name) do update set n = model_counts.n + 1`.execute(tx.db);
    });
  const ended = async (tx: Queries, _: unknown, job: { id: string }) => {
    await sql`insert into model_counts (job_id, name) values (${job.id}, 'ended')
      on conflict (job_id, name) do update set n = model_counts.n + 1`.execute(tx.db);
  };
  const common = { deadlineMs: 600_000, maxAttempts: 60, ended };
  return [
    defineJob<{ isDoomed: boolean }>({
      ...common,
      kind: 'build',
      async run(ctx) {
        await ctx.ensure('volume', ctx.instanceId, thing(ctx, 'volume'));
        await count(ctx, 'between');
        await ctx.ensure('server', ctx.instanceId, thing(ctx, 'server'));
        if (ctx.input.isDoomed) throw new Problem('cloud_refused', 'no valid host');
        await count(ctx, 'last');
      },
      async failed(ctx) {
        await ctx.remove('server', ctx.instanceId, thing(ctx, 'server'));
        await ctx.remove('volume', ctx.instanceId, thing(ctx, 'volume'));
      },
    }),
    defineJob({ ...common, kind: 'poke', run: async (ctx) => void (await count(ctx, 'poked')) }),
    defineJob({
      ...common,
      kind: 'demolish',
      async run(ctx) {
        await ctx.remove('server', ctx.instanceId, thing(ctx, 'server'));
        await ctx.remove('volume', ctx.instanceId, thing(ctx, 'volume'));
      },
      // Late, but done: a deletion that missed its deadline is still wanted.
      async failed(ctx) {
        await ctx.remove('server', ctx.instanceId, thing(ctx, 'server'));
        await ctx.remove('volume', ctx.instanceId, thing(ctx, 'volume'));
      },
    }),
  ];
}

interface InstanceModel {
  id: string;
  jobs: { id: string; kind: string }[];
  isDemolished: boolean;
}

class Story {
  readonly world = new World();
  readonly instances: InstanceModel[] = [];
  readonly processes: Process[];
  readonly admin: Store;
  readonly #url: string;
  readonly #visited: Set<string>;

  constructor(url: string, admin: Store, visited: Set<string>) {
    this.admin = admin;
    this.#url = url;
    this.#visited = visited;
    this.processes = [this.spawn(), this.spawn()];
  }

  spawn(): Process {
    return new Process(this.#url, this.world, this.#visited);
  }

  async jump(ms: number): Promise<void> {
    const by = sql`${ms}::float8 * interval '1 ms'`;
    await sql`update jobs set run_at = run_at - ${by}, lease_until = lease_until - ${by}, deadline_at = deadline_at - ${by}
      where state in ('queued', 'running')`.execute(this.admin.db);
  }
}

type Command = fc.AsyncCommand<object, Story>;

function command(text: string, run: (story: Story) => Promise<void> | void): Command {
  return { check: () => true, run: async (_, story) => run(story), toString: () => text };
}

const build = fc.record({ isDoomed: fc.boolean() }).map((input) =>
  command(`build${input.isDoomed ? ' doomed' : ''}`, async (story) => {
    if (story.instances.length >= INSTANCES) return;
    const { id, jobId } = await instanceIn(story.admin, { kind: 'build', input });
    story.instances.push({ id, jobs: [{ id: jobId, kind: 'build' }], isDemolished: false });
  }),
);
const change = fc.record({ n: fc.nat(INSTANCES - 1), kind: fc.constantFrom('poke', 'demolish') }).map(({ n, kind }) =>
  command(`${kind} ${n}`, async (story) => {
    const instance = story.instances[n];
    if (!instance) return;
    instance.isDemolished ||= kind === 'demolish';
    instance.jobs.push({ id: (await story.admin.jobs.enqueue({ kind, instanceId: instance.id })).id, kind });
  }),
);
const killAtPoint = fc
  .record({ n: fc.nat(1), points: fc.integer({ min: 1, max: 10 }) })
  .map(({ n, points }) => command(`kill ${n} at point ${points}`, (story) => story.processes[n]?.killAfter(points)));
const killNow = fc.nat(1).map((n) => command(`kill ${n} now`, (story) => story.processes[n]?.kill()));
const restart = fc.nat(1).map((n) =>
  command(`restart ${n}`, (story) => {
    if (story.processes[n]?.isDead) story.processes[n] = story.spawn();
  }),
);
const jump = fc
  .constantFrom(LEASE_MS, 2 * LEASE_MS, 3_600_000, -500)
  .map((ms) => command(`jump ${ms} ms`, (story) => story.jump(ms)));
const fault = fc
  .constantFrom<Fault>('refuse', 'timeout after success')
  .map((kind) => command(`cloud: ${kind}`, (story) => void story.world.faults.push(kind)));
const wait = fc
  .integer({ min: 1, max: 80 })
  .map((ms) => command(`wait ${ms} ms`, () => new Promise((resolve) => setTimeout(resolve, ms))));
// Named as often as they should be drawn.
const commands = [
  build,
  build,
  build,
  change,
  change,
  killAtPoint,
  killAtPoint,
  killAtPoint,
  killNow,
  restart,
  restart,
  jump,
  fault,
  wait,
  wait,
];

/** A store of its own for stories that are told one after another; the lanes run side by side. */
interface Lane {
  database: TestDatabase;
  admin: Store;
}

const LANES = 3;
let lanes: Lane[];

beforeAll(async () => {
  lanes = await Promise.all(
    Array.from({ length: LANES }, async () => {
      const database = await testDatabase();
      const admin = createStore({ url: database.url });
      const table =
        'create table model_counts (job_id uuid, name text, n int not null default 1, primary key (job_id, name))';
      await sql.raw(table).execute(admin.db);
      return { database, admin };
    }),
  );
});

afterAll(async () => {
  for (const { admin, database } of lanes) {
    await admin.close();
    await database.drop();
  }
});

/** Everything works again: whatever was begun must end. */
async function heal(story: Story): Promise<void> {
  story.world.faults.length = 0;
  for (const [n, process] of story.processes.entries()) if (process.isDead) story.processes[n] = story.spawn();
  for (const process of story.processes) process.killAfter(Number.POSITIVE_INFINITY);
  await story.jump(LEASE_MS);
  await vi.waitFor(async () => expect(await story.admin.jobs.counts()).toEqual({ queued: 0, running: 0, expired: 0 }), {
    timeout: 15_000,
    interval: 25,
  });
}

async function checkInvariants({ world, instances, admin }: Story): Promise<void> {
  expect(world.twins, 'made twice').toEqual([]);
  for (const instance of instances) {
    const rows = await Promise.all(instance.jobs.map((job) => admin.jobs.get(job.id)));
    const outcomes = rows.map((row) => row?.state);
    const isBuilt = outcomes[0] === 'done' && !instance.isDemolished;
    const left = world.things
      .filter((thing) => thing.key === instance.id)
      .map((thing) => thing.kind)
      .sort();
    expect(left, 'left in the cloud').toEqual(isBuilt ? ['server', 'volume'] : []);
    const ledger = await admin.ledger.ofInstance(instance.id);
    expect(ledger.map((row) => `${row.kind} ${row.state}`).sort(), 'ledger').toEqual(
      isBuilt ? ['server present', 'volume present'] : [],
    );
    const order = world.effects.filter((effect) => effect.instance === instance.id).map((effect) => effect.seq);
    expect(order, 'order of the effects').toEqual([...order].sort((a, b) => a - b));
    for (const row of rows) {
      const { rows: counts } = await sql<{
        name: string;
        n: number;
      }>`select name, n from model_counts where job_id = ${row?.id}`.execute(admin.db);
      expect(
        counts.every((count) => count.n === 1),
        'recorded once',
      ).toBe(true);
      const recorded = counts.map((count) => count.name).sort();
      if (row?.state === 'done')
        expect(recorded).toEqual(
          { build: ['between', 'ended', 'last'], poke: ['ended', 'poked'], demolish: ['ended'] }[row.kind],
        );
      else expect(recorded).toContain('ended');
    }
  }
}

it('nothing is stuck, done twice or left over, whoever dies whenever', { timeout: 120_000 }, async () => {
  const seed = Number(process.env.COFFER_SEED ?? Date.now() % 2 ** 31);
  const visited = new Set<string>();
  let stories = 0;
  console.info(`model of the job engine: seed ${seed} (again with COFFER_SEED=${seed})`);
  const tell = ({ admin, database }: Lane) =>
    fc.asyncProperty(fc.commands(commands, { maxCommands: 50, size: 'medium' }), async (plan) => {
      const story = new Story(database.url, admin, visited);
      try {
        await fc.asyncModelRun(() => ({ model: {}, real: story }), plan);
        await heal(story);
        await checkInvariants(story);
        stories += 1;
      } finally {
        await Promise.all(story.processes.map((process) => process.end()));
        await sql`update jobs set state = 'failed' where state in ('queued', 'running')`.execute(admin.db);
      }
    });
  const limits = { numRuns: 10_000, interruptAfterTimeLimit: TIME_LIMIT_MS, markInterruptAsFailure: false };
  await Promise.all(lanes.map((lane, n) => fc.assert(tell(lane), { ...limits, seed: seed + n })));
  console.info(`model of the job engine: ${stories} stories, killed at ${visited.size} different places`);
  expect(stories).toBeGreaterThan(0);
});
