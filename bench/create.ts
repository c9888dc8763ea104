// From a request to a user's first query, with its parts, beside the same image started by hand; then what the parts weigh.
// node scripts/run.mjs bench/create.ts [runs]
import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { createEngine } from '@coffer/core/engine';
import { Client } from 'pg';
import { launchPostgres } from '../packages/server/src/store/postgres.ts';
import { median } from './support/figures.ts';
import { askForInstance, startBenchCloud, untilActive } from './support/instance.ts';
import { weightsBelow } from './support/memory.ts';
import { memoryMib } from './support/process.ts';
import { untilQuery } from './support/query.ts';

const run = promisify(execFile);
const runs = Number(process.argv[2] ?? 5);

/** The same image, `docker run` to the first query over TCP. */
async function rawRun(): Promise<number> {
  const password = randomBytes(12).toString('hex');
  const began = performance.now();
  const { stdout } = await run('docker', [
    'run',
    '-d',
    '--rm',
    '-e',
    `MYSQL_ROOT_PASSWORD=${password}`,
    'coffer/mysql:9.7',
  ]);
  const id = stdout.trim();
  const { stdout: address } = await run('docker', ['inspect', '-f', '{{.NetworkSettings.IPAddress}}', id]);
  await untilQuery({ host: address.trim(), user: 'root', password });
  const took = performance.now() - began;
  await run('docker', ['rm', '-f', id]);
  return took;
}

const dataDir = join(tmpdir(), `coffer-bench-${process.pid}`);
const cloud = await startBenchCloud(dataDir, 220);
try {
  const client = await cloud.client();
  const postgres = await launchPostgres({ dataDir: join(dataDir, 'store') });
  const store = new Client({ connectionString: postgres.url });
  await store.connect();
  const totals: number[] = [];
  const raw: number[] = [];
  const parts = new Map<string, number[]>();
  const weights: Record<string, number[]> = { server: [], agent: [], 'nested engine': [] };
  const note = (part: string, ms: number) => parts.set(part, [...(parts.get(part) ?? []), ms]);

  for (let i = 0; i < runs; i += 1) {
    const began = performance.now();
    const { id, user, password } = await askForInstance(client);
    note('POST answered', performance.now() - began);
    const host = await untilActive(client, id);
    note('until ACTIVE', performance.now() - began);
    await untilQuery({ host, user, password });
    totals.push(performance.now() - began);

    const { rows } = await store.query<{ name: string; ms: number }>(
      "SELECT s.name, extract(epoch FROM s.ended_at - s.started_at)::float8 * 1000 AS ms FROM job_steps s JOIN jobs j ON j.id = s.job_id WHERE j.instance_id = $1 AND j.kind = 'create_instance' ORDER BY s.ended_at",
      [id],
    );
    for (const { name, ms } of rows) note(`  step: ${name}`, ms);

    const engine = createEngine();
    const guest = (await engine.containers.list({ label: ['coffer.kind=server'] })).find(
      ({ Labels }) => Labels?.['coffer.key'] === id,
    );
    const pid = guest && (await engine.containers.inspect(guest.Id))?.State.Pid;
    weights.server?.push(memoryMib(cloud.pid));
    if (pid) {
      const { agent, engine: nestedEngine } = weightsBelow(pid);
      weights.agent?.push(Math.round(agent));
      weights['nested engine']?.push(Math.round(nestedEngine));
    }
    const path = { params: { path: { instance_id: id } } };
    const before = performance.now();
    await client.DELETE('/v1.0/{project_id}/instances/{instance_id}', path);
    while ((await client.GET('/v1.0/{project_id}/instances/{instance_id}', path)).response.status !== 404)
      await sleep(20);
    note('DELETE until 404', performance.now() - before);
    raw.push(await rawRun());
  }
  await postgres.stop();
  await store.end();

  const row = (name: string, values: number[]) =>
    `| ${name} | ${[Math.min(...values), median(values), Math.max(...values)].map((value) => Math.round(value)).join(' | ')} |`;
  console.log(`\n| ${runs} runs, ms | min | median | max |\n|---|---|---|---|`);
  console.log(row('create → a user’s first `SELECT 1` over TCP', totals));
  console.log(row('raw `docker run` of the same image → `SELECT 1`', raw));
  for (const [name, values] of parts) console.log(row(name, values));
  console.log(`\n| memory (PSS), MiB | min | median | max |\n|---|---|---|---|`);
  for (const [name, values] of Object.entries(weights)) if (values.length > 0) console.log(row(name, values));
  console.log(
    `\n${JSON.stringify({ create: totals.map(Math.round), raw: raw.map(Math.round), ratio: Number((median(totals) / median(raw)).toFixed(2)), weights })}`,
  );
} finally {
  await cloud.clear();
}
