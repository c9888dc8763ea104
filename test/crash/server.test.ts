import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { instanceTasks } from '../../packages/server/src/worker/tasks/instance-tasks.ts';
import { type Boundary, createKillPlan, type Held, nameOf } from '../support/crash/kill-plan.ts';
import { createSubjects, type Facts, type Subject, type Subjects } from '../support/crash/subjects.ts';
import { type CrashWorld, type ServerCopy, startCrashWorld } from '../support/crash/world.ts';
import { jobStarts } from '../support/jobs-by-api.ts';

/** Longer than a busy machine keeps a living worker from renewing. */
const LEASE_MS = 2_500;
const SOON = { timeout: 60_000, interval: 50 };

/** On a machine so busy that leases are lost, boundaries are tried again. */
const ROUNDS = 3;

/** Boundaries, by how many copies there were. */
const killedAt = new Map<number, number>();
const kinds = new Set<string>();
let kills = 0;

/** What must hold of a subject, however its jobs came to their end. */
function expectSound(facts: Facts, what: string): void {
  expect(facts.secrets, what).toEqual([]);
  expect(facts.ledger, what).toEqual(facts.cloud);
  if (facts.end === 'gone') expect(facts.cloud, what).toEqual([]);
  for (const job of facts.jobs) expect(job, what).toMatch(/ done$/);
  for (const once of [...facts.made, ...facts.runs]) expect(once, what).toMatch(/ 1$/);
}

const withoutIds = ({ ledger, cloud, ...facts }: Facts) => ({
  ...facts,
  ledger: ledger.map((row) => row.replace(/ [^ ]+$/, '')),
  cloud: cloud.map((one) => one.replace(/ [^ ]+$/, '')),
});

describe.each([1, 2])('servers killed at every boundary, copies: %i', (count) => {
  const plan = createKillPlan<ServerCopy>((jobId, kind) => subjects.caseOf(jobId, kind));
  const copies: ServerCopy[] = [];
  const boundaries: Boundary[] = [];
  const undisturbed = new Map<string, Facts>();
  let world: CrashWorld;
  let subjects: Subjects;

  const live = (): ServerCopy => {
    const copy = copies.at(-1);
    if (!copy) throw new Error('no copy of the server runs');
    return copy;
  };

  async function addCopy(): Promise<void> {
    copies.push(await world.startCopy());
  }

  beforeAll(async () => {
    world = await startCrashWorld({ leaseMs: LEASE_MS, observe: (copy, point) => plan.observe(copy, point) });
    subjects = createSubjects(world);
    while (copies.length < count) await addCopy();
  });
  afterAll(() => world?.[Symbol.asyncDispose]());

  it('knows how each kind of job is started', () => {
    const guests = { call: () => Promise.reject(new Error('nobody calls')) };
    const { store, cloud, broker, secrets } = world;
    const known = instanceTasks({ store, cloud, broker, guests, secrets, reportIntervalMs: 1_000 });
    expect(known.map(({ kind }) => kind).sort()).toEqual([...subjects.kinds].sort());
    for (const kind of subjects.kinds) kinds.add(kind);
  });

  it('finds the boundaries by jobs that nobody disturbs', async () => {
    const steps = new Map<string, string>();
    const found = await Promise.all(
      subjects.cases.map(async (of) => {
        const begin = await subjects.prepare(of, live());
        const subject = await begin(live());
        await subjects.ended([subject]);
        const facts = await subjects.look(subject, live());
        expectSound(facts, of);
        undisturbed.set(of, facts);
        return plan.passed(subject.jobId);
      }),
    );
    for (const passed of found) {
      const [first] = passed;
      expect(passed.length).toBeGreaterThanOrEqual(3);
      // A case that goes the way of the kind's usual one is killed at there.
      const way = passed.map(({ step, point }) => `${point} ${step}`).join();
      if (first && ![...steps].some(([of, known]) => first.case.startsWith(of) && known === way))
        boundaries.push(...passed);
      if (first) steps.set(first.case, way);
    }
  });

  /** Begins a job for each boundary, kills whoever holds them. @returns the boundaries at which a lease was lost before. */
  async function killAt(wanted: readonly Boundary[]): Promise<readonly Boundary[]> {
    const begins = await Promise.all(wanted.map((boundary) => subjects.prepare(boundary.case, live())));
    plan.want(wanted);
    const begun = await Promise.all(begins.map((begin) => begin(live())));
    const subjectOf = (jobId: string): Subject => {
      const found = begun.find((subject) => subject.jobId === jobId);
      if (!found) throw new Error(`nobody began job ${jobId}`);
      return found;
    };
    await vi.waitFor(() => expect(plan.held().length + plan.missed().length).toBe(wanted.length), SOON);

    const killed: Held<ServerCopy>[] = [];
    for (const victim of new Set(plan.held().map(({ copy }) => copy))) {
      const its = plan.held().filter(({ copy }) => copy === victim);
      await victim.kill();
      kills += 1;
      plan.died(victim);
      killed.push(...its);
      copies.splice(copies.indexOf(victim), 1);
      // With two, the other goes on alone; what takes the dead one's place comes when it has.
      if (count === 1) await addCopy();
      await subjects.ended(its.map(({ jobId }) => subjectOf(jobId)));
      if (count > 1) await addCopy();
    }
    await subjects.ended(begun);

    await Promise.all(
      killed.map(async ({ jobId, boundary }) => {
        const facts = await subjects.look(subjectOf(jobId), live());
        expectSound(facts, nameOf(boundary));
        expect(withoutIds(facts), nameOf(boundary)).toEqual(withoutIds(undisturbed.get(boundary.case) ?? facts));
        expect((await world.store.jobs.get(jobId))?.attempt, nameOf(boundary)).toBeGreaterThanOrEqual(2);
      }),
    );
    killedAt.set(count, (killedAt.get(count) ?? 0) + killed.length);
    return plan.missed();
  }

  it('ends each as if nothing had happened, and does nothing twice', async () => {
    let left: readonly Boundary[] = boundaries;
    for (let round = 0; round < ROUNDS && left.length > 0; round += 1) left = await killAt(left);
    expect(left.map(nameOf)).toEqual([]);
    expect(killedAt.get(count)).toBe(boundaries.length);
  }, 180_000);

  it('leaves nothing once all is deleted', async () => {
    const remove = jobStarts().find(({ kind }) => kind === 'delete_instance');
    const left = await world.store.db.selectFrom('instances').select('id').where('deletedAt', 'is', null).execute();
    for (const { id } of left) {
      const answer = await world.request(live(), 'DELETE', remove?.path.replace('{instance_id}', id) ?? '');
      expect(answer.status).toBe(202);
    }
    await vi.waitFor(async () => {
      expect(await world.store.db.selectFrom('jobs').select('id').where('endedAt', 'is', null).execute()).toEqual([]);
    }, SOON);
    await vi.waitFor(async () => {
      const { servers, volumes, ports } = world.cloud;
      const shelves = [servers, volumes, ports].map(async (shelf) => (await shelf.list()).map(({ key }) => key));
      const ledger = world.store.db.selectFrom('ledger').select(['kind', 'key']).execute();
      const guests = world.store.db.selectFrom('guests').select('instanceId').execute();
      expect((await Promise.all<unknown[]>([...shelves, ledger, guests, world.broker.list()])).flat()).toEqual([]);
    }, SOON);
    await vi.waitFor(() => expect(world.guests.running()).toEqual([]), SOON);
  }, 60_000);
});

afterAll(() => {
  const [total, ways] = [[...killedAt.values()].reduce((sum, one) => sum + one, 0), [...killedAt.keys()].join(' and ')];
  console.log(`crash matrix: ${total} boundaries killed, ${kinds.size} kinds, ${ways} copies, ${kills} times SIGKILL`);
});
