// From SIGKILL of a server copy to its job going on in the other: two copies in processes of their own over one PostgreSQL and one
// relay, with the lease and the polling of every server; the job is a create, cut off after its cloud server was asked for.
// node scripts/run.mjs bench/takeover.ts [runs]
import { cpus, loadavg } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { createKillPlan } from '../test/support/crash/kill-plan.ts';
import { type ServerCopy, startCrashWorld } from '../test/support/crash/world.ts';
import { jobStarts } from '../test/support/jobs-by-api.ts';
import setupPostgres from '../test/support/postgres-run.ts';
import { median } from './support/figures.ts';

const RUNS = Number(process.argv[2] ?? 5);
const LEASE_MS = 15_000;
const POLL_MS = 1_000;
const BAR_MS = LEASE_MS + 2_000;
const KIND = 'create_instance';
const boundary = { case: KIND, step: 'create server', point: 'after' } as const;

const create = jobStarts().find(({ kind }) => kind === KIND);
if (!create) throw new Error(`no operation of the document starts ${KIND}`);
const removePostgres = setupPostgres();
const plan = createKillPlan<ServerCopy>(async (_, kind) => kind);
/** When a job was next seen, and by which copy. */
let seen: (jobId: string, copy: ServerCopy) => void = () => {};
const world = await startCrashWorld({
  leaseMs: LEASE_MS,
  pollMs: POLL_MS,
  async observe(copy, point) {
    seen(point.jobId, copy);
    await plan.observe(copy, point);
  },
});

async function untilHeld() {
  for (;;) {
    const [held] = plan.held();
    if (held) return held;
    await sleep(5);
  }
}

const goesOn: number[] = [];
const ends: number[] = [];
const copies = [await world.startCopy(), await world.startCopy()];
for (let run = 0; run < RUNS; run += 1) {
  plan.want([boundary]);
  const [first] = copies;
  if (!first) throw new Error('no copy runs');
  const answer = await world.request(first, create.method, create.path, create.body);
  if (!answer.ok) throw new Error(`the create answered ${answer.status}: ${await answer.text()}`);
  const { jobId, copy } = await untilHeld();
  // A lease has been renewed some time ago when its worker dies: never at the same time.
  await sleep((LEASE_MS / 3) * Math.random());
  const resumed = Promise.withResolvers<number>();
  seen = (id, by) => id === jobId && by !== copy && resumed.resolve(performance.now());
  const killedAt = performance.now();
  await copy.kill();
  plan.died(copy);
  goesOn.push((await resumed.promise) - killedAt);
  while ((await world.store.jobs.get(jobId))?.state !== 'done') await sleep(20);
  ends.push(performance.now() - killedAt);
  copies.splice(copies.indexOf(copy), 1, await world.startCopy());
}
await world[Symbol.asyncDispose]();
removePostgres();

const seconds = (ms: number): string => (ms / 1000).toFixed(1);
const row = (name: string, values: readonly number[]) =>
  `| ${name} | ${values.map(seconds).join(' | ')} | ${seconds(median(values))} | ${seconds(Math.max(...values))} |`;
const runs = goesOn.map((_, index) => `run ${index + 1}`);
console.log(`| s, lease ${LEASE_MS / 1000} | ${runs.join(' | ')} | median | worst |`);
console.log(`| --- |${' --: |'.repeat(RUNS + 2)}`);
console.log(row('the job goes on in the other copy', goesOn));
console.log(row('the instance is ACTIVE', ends));
console.log(
  `\nbar ${seconds(BAR_MS)} s: ${Math.max(...goesOn) <= BAR_MS ? 'kept' : 'missed'}; load ${loadavg()[0]?.toFixed(1)} of ${cpus().length}`,
);
console.log(JSON.stringify({ leaseMs: LEASE_MS, goesOnMs: goesOn.map(Math.round), endsMs: ends.map(Math.round) }));
