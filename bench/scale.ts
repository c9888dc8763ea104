// A thousand guests that report, many creates at once, and what a core takes in: over RabbitMQ 4, PostgreSQL and the testing cloud.
// node scripts/run.mjs bench/scale.ts [--guests 1000] [--creates 200] [--backlog 20000] [--seconds 30] [--profile <folder>]
import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { createClient } from '@coffer/core';
import { Client as PostgresClient } from 'pg';
import { launchPostgres } from '../packages/server/src/store/postgres.ts';
import { createStore, migrate } from '../packages/server/src/store/store.ts';
import { rabbitmqForTests } from '../test/support/rabbitmq.ts';
import { cpuMs, cpuMsOf, memoryMib, startWorker } from './support/process.ts';
import type {
  FromGuests,
  FromIntake,
  FromServer,
  ScaleConfig,
  ToGuests,
  ToIntake,
  ToServer,
} from './support/scale-messages.ts';

const { values } = parseArgs({
  options: {
    guests: { type: 'string', default: '1000' },
    creates: { type: 'string', default: '200' },
    backlog: { type: 'string', default: '20000' },
    seconds: { type: 'string', default: '30' },
    profile: { type: 'string' },
  },
});
const guestCount = Number(values.guests);
const creates = Number(values.creates);
const backlog = Number(values.backlog);
const seconds = Number(values.seconds);
const REPORT_INTERVAL_MS = 5_000;
const GUEST_PROCESSES = 4;
/** Of the testing cloud's networks there is one a project, with room for 253 ports. */
const PER_PROJECT = 200;
const READS_PER_SECOND = 50;
/** One for each network of guests, and the last for the creates. */
const PROJECTS = Math.ceil(guestCount / PER_PROJECT) + 1;

const round = (value: number, digits = 0): number => Number(value.toFixed(digits));
const say = (text: string) => process.stderr.write(`${new Date().toISOString().slice(11, 19)} ${text}\n`);

interface Quantiles {
  p50: number;
  p99: number;
  max: number;
}
interface Reads {
  page: Quantiles;
  one: Quantiles;
}
function quantiles(times: number[]): Quantiles {
  const sorted = times.toSorted((a, b) => a - b);
  const at = (share: number): number => round(sorted[Math.floor(share * (sorted.length - 1))] ?? Number.NaN, 1);
  return { p50: at(0.5), p99: at(0.99), max: at(1) };
}

/** Of the creates of a project: how long each waited for a worker, and how long each step took. */
const STEPS = `
  with mine as (select * from jobs where project_id = $1 and kind = 'create_instance')
  select '(waits for a worker)' as name, round(avg(extract(epoch from started_at - created_at) * 1000))::int as ms,
    round(percentile_cont(0.99) within group (order by extract(epoch from started_at - created_at) * 1000))::int as p99 from mine
  union all
  select * from (select s.name, round(avg(extract(epoch from s.ended_at - s.started_at) * 1000))::int as ms,
    round(percentile_cont(0.99) within group (order by extract(epoch from s.ended_at - s.started_at) * 1000))::int as p99
    from mine join job_steps s on s.job_id = mine.id group by s.name order by min(s.ended_at)) steps
  union all
  select '(whole job)', round(avg(extract(epoch from ended_at - started_at) * 1000))::int,
    round(percentile_cont(0.99) within group (order by extract(epoch from ended_at - started_at) * 1000))::int from mine`;

type Row = readonly (string | number)[];
const table = (head: Row, rows: Row[]): string =>
  [head, head.map(() => '---'), ...rows].map((row) => `| ${row.join(' | ')} |`).join('\n');

const folder = await mkdtemp(join(tmpdir(), 'coffer-scale-'));
const releases: (() => unknown)[] = [() => rm(folder, { recursive: true, force: true })];
try {
  const rabbitmq = await rabbitmqForTests();
  releases.push(rabbitmq.dispose);
  const postgres = await launchPostgres({ dataDir: join(folder, 'store') });
  releases.push(() => postgres.destroy());
  const store = createStore({ url: postgres.url, maxConnections: 1 });
  await migrate(store).finally(() => store.close());
  const sql = new PostgresClient({ connectionString: postgres.url });
  await sql.connect();
  releases.push(() => sql.end());

  const config: ScaleConfig = {
    databaseUrl: postgres.url,
    masterKey: randomBytes(32).toString('hex'),
    line: rabbitmq.service,
    managementUrl: `http://${rabbitmq.service.host}:15672`,
    reportIntervalMs: REPORT_INTERVAL_MS,
    projects: PROJECTS,
  };
  const hosts = Array.from({ length: GUEST_PROCESSES }, () => startWorker<ToGuests, FromGuests>('scale-guests.ts'));
  releases.push(() => Promise.all(hosts.map((host) => host.end())));
  let enrolled = 0;
  for (const host of hosts)
    host.onMessage((message) => {
      if ('enrolled' in message) enrolled += 1;
    });

  const server = startWorker<ToServer, FromServer>('scale-server.ts', values.profile);
  releases.push(() => server.end({ stop: true }));
  let booted = 0;
  server.onMessage((message) => {
    if (!('guest' in message)) return;
    hosts[booted % hosts.length]?.send(message);
    booted += 1;
  });
  server.send({ start: config });
  const { ready } = await server.next('ready');
  const accounts = ready.accounts.map((account) => ({
    ...account,
    client: createClient({ baseUrl: ready.url, token: account.token, project: account.projectId }),
  }));
  type Account = (typeof accounts)[number];
  const accountOf = (project: number): Account => {
    const account = accounts[project];
    if (!account) throw new Error(`there is no project ${project}`);
    return account;
  };

  async function countReports(): Promise<number> {
    const counts = hosts.map((host) => host.next('counted'));
    for (const host of hosts) host.send({ count: true });
    return (await Promise.all(counts)).reduce((sum, { counted }) => sum + Number(counted), 0);
  }

  /** A page and one instance in turn, at a steady rate, whoever is late. @returns latencies from when each was due. */
  async function read({ client }: Account): Promise<Reads> {
    const { data } = await client.GET('/v1.0/{project_id}/instances');
    const ids = (data?.instances ?? []).map(({ id }) => id);
    const times = { page: [] as number[], one: [] as number[] };
    const ask = async (i: number, due: number): Promise<void> => {
      const path = { instance_id: ids[i % ids.length] ?? '' };
      const isPage = i % 2 === 0;
      const { error } = isPage
        ? await client.GET('/v1.0/{project_id}/instances')
        : await client.GET('/v1.0/{project_id}/instances/{instance_id}', { params: { path } });
      if (error) throw new Error(JSON.stringify(error));
      times[isPage ? 'page' : 'one'].push(performance.now() - due);
    };
    const began = performance.now();
    const asked: Promise<void>[] = [];
    for (let i = 0; i < seconds * READS_PER_SECOND; i += 1) {
      const due = began + (i * 1_000) / READS_PER_SECOND;
      await sleep(Math.max(0, due - performance.now()));
      asked.push(ask(i, due));
    }
    await Promise.all(asked);
    return { page: quantiles(times.page), one: quantiles(times.one) };
  }

  /** So many creates at once in a project, until all are ACTIVE. */
  async function createMany(count: number, account: Account): Promise<{ postedMs: number; activeMs: number }> {
    const began = performance.now();
    await Promise.all(
      Array.from({ length: count }, async (_, i) => {
        const { error } = await account.client.POST('/v1.0/{project_id}/instances', {
          body: { instance: { name: `i${i}`, flavorRef: '1', volume: { size: 1 }, datastore: { type: 'mysql' } } },
        });
        if (error) throw new Error(JSON.stringify(error));
      }),
    );
    const postedMs = performance.now() - began;
    for (;;) {
      const { rows } = await sql.query<{ active: number; failed: number }>(
        `select count(*) filter (where task = 'none')::int as active, count(*) filter (where task like '%error%')::int as failed
         from instances where project_id = $1 and created_at > now() - interval '1 hour'`,
        [account.projectId],
      );
      const [{ active, failed } = { active: 0, failed: 0 }] = rows;
      if (failed > 0) throw new Error(`${failed} creates failed`);
      if (active >= count) return { postedMs: round(postedMs), activeMs: round(performance.now() - began) };
      await sleep(50);
    }
  }

  say(`${guestCount} guests are made`);
  const fillMs: number[] = [];
  for (let left = guestCount, project = 0; left > 0; left -= PER_PROJECT, project += 1)
    fillMs.push((await createMany(Math.min(left, PER_PROJECT), accountOf(project))).activeMs);
  while (enrolled < guestCount) await sleep(100);

  say(`reads for ${seconds} s while they report`);
  const before = { reports: await countReports(), cpu: cpuMs(server.pid), at: performance.now() };
  let memory = 0;
  const sampling = setInterval(() => {
    memory = Math.max(memory, memoryMib(server.pid));
  }, 1_000);
  const withGuests = await read(accountOf(0));
  clearInterval(sampling);
  const elapsed = performance.now() - before.at;
  const reporting = {
    perSecond: ((await countReports()) - before.reports) / (elapsed / 1000),
    cpuShare: (cpuMs(server.pid) - before.cpu) / elapsed,
  };

  say(`${creates} creates at once`);
  const cpuOf = (): Record<string, number> => ({
    server: cpuMs(server.pid),
    guests: hosts.reduce((sum, host) => sum + cpuMs(host.pid), 0),
    PostgreSQL: cpuMsOf('postgres'),
    RabbitMQ: cpuMsOf('beam.smp'),
  });
  const cpuBefore = cpuOf();
  const created = await createMany(creates, accountOf(PROJECTS - 1));
  const cpuOfCreates = Object.fromEntries(
    Object.entries(cpuOf()).map(([name, ms]) => [name, round(ms - (cpuBefore[name] ?? 0))]),
  );
  const { rows: steps } = await sql.query<{ name: string; ms: number; p99: number }>(STEPS, [
    accountOf(PROJECTS - 1).projectId,
  ]);
  const { rows: silent } = await sql.query("select 1 from instances where service_status = 'agent_timeout'");

  say(`reads for ${seconds} s while nobody reports`);
  for (const host of hosts) host.send({ reporting: false });
  // What is on its way.
  await sleep(2_000);
  const withoutGuests = await read(accountOf(0));
  await server.end({ stop: true });

  const each = Math.ceil(backlog / enrolled);
  const count = each * enrolled;
  const takeIn = async (by: ToIntake['by']) => {
    say(`${count} reports wait, then ${by} takes them in`);
    const flooded = hosts.map((host) => host.next('flooded'));
    // The first of each guest is not measured.
    for (const host of hosts) host.send({ flood: 1 + each });
    await Promise.all(flooded);
    const intake = startWorker<ToIntake, FromIntake>('scale-intake.ts', by === 'coffer' ? values.profile : undefined);
    intake.send({ start: config, by, warmUp: enrolled, count });
    const { wallMs, cpuMs: cpu, warmUpCpuMs } = await intake.next('wallMs');
    await intake.end();
    return {
      perCpuSecond: round(count / (cpu / 1000)),
      perSecond: round(count / (wallMs / 1000)),
      firstMsEach: round(warmUpCpuMs / enrolled, 2),
    };
  };
  const ours = await takeIn('coffer');
  const bare = await takeIn('rhea');

  const result = {
    bench: 'scale',
    machine: { cpus: cpus().length, model: cpus()[0]?.model },
    guests: guestCount,
    reads: { perSecond: READS_PER_SECOND, withGuests, withoutGuests },
    memoryMib: memory,
    reports: { perSecond: round(reporting.perSecond, 1), cpuShare: round(reporting.cpuShare, 3) },
    intake: { backlog: count, ours, bare, ratio: round(ours.perCpuSecond / bare.perCpuSecond, 2) },
    creates: { count: creates, ...created, cpuMs: cpuOfCreates, steps, fillMs: fillMs.map((ms) => round(ms)) },
    silent: silent.length,
  };
  const latency = (what: string, one: Quantiles): Row => [what, one.p50, one.p99, one.max];
  console.log(
    [
      table(
        [`reads of ${READS_PER_SECOND}/s, ms`, 'median', 'p99', 'max'],
        [
          latency(`a page of 20, ${guestCount} guests reporting`, withGuests.page),
          latency('a page of 20, nobody reporting', withoutGuests.page),
          latency(`one instance, ${guestCount} guests reporting`, withGuests.one),
          latency('one instance, nobody reporting', withoutGuests.one),
        ],
      ),
      table(
        ['server while they report', 'value'],
        [
          ['reports a second', result.reports.perSecond],
          ['share of one core', result.reports.cpuShare],
          ['memory (PSS, highest), MiB', memory],
          ['guests called silent', result.silent],
        ],
      ),
      table(
        [`intake of ${count} reports that wait`, 'a second of processor time', 'a second', 'first of a guest, ms'],
        [
          ['sealed, into the store', ours.perCpuSecond, ours.perSecond, ours.firstMsEach],
          ['bare rhea, accepts only', bare.perCpuSecond, bare.perSecond, bare.firstMsEach],
          ['ratio', result.intake.ratio, round(ours.perSecond / bare.perSecond, 2), ''],
        ],
      ),
      table(
        [`${creates} creates at once`, 'mean, ms', 'p99, ms'],
        [
          ...steps.map(({ name, ms, p99 }) => [name, ms, p99]),
          ['all answered', created.postedMs, ''],
          ['all ACTIVE', created.activeMs, ''],
        ],
      ),
      table(['processor time of the creates', 'ms'], Object.entries(cpuOfCreates)),
    ].join('\n\n'),
  );
  console.log(JSON.stringify(result));
} finally {
  for (const release of releases.toReversed()) await release();
}
