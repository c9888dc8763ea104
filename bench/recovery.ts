// How long a database killed with SIGKILL is away, in an instance and in a plain container that its engine starts again.
// node scripts/run.mjs bench/recovery.ts [runs]
import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import type { Client } from '@coffer/core';
import { type ConnectionOptions, createConnection } from 'mysql2/promise';
import { type Guest, guestOf } from '../test/support/guest.ts';
import { median } from './support/figures.ts';
import { askForInstance, startBenchCloud, untilActive } from './support/instance.ts';
import { ofEachProcess, readProc } from './support/process.ts';
import { untilQuery } from './support/query.ts';

const run = promisify(execFile);
const runs = Number(process.argv[2] ?? 5);
const ROWS = 10_000;
/** Longer than either side takes to forget a death: each is waited for less after the first. */
const REST_MS = 15_000;

interface Subject {
  login: ConnectionOptions;
  /** Of the database's own process, as this machine counts. Killed by `docker kill` the plain one would not start again. */
  databasePid(): Promise<number>;
}

async function fill(login: ConnectionOptions): Promise<void> {
  const connection = await createConnection(login);
  await connection.query('CREATE TABLE recovery (id INT PRIMARY KEY AUTO_INCREMENT, v VARCHAR(200))');
  for (let i = 0; i < ROWS; i += 1_000)
    await connection.query('INSERT INTO recovery (v) VALUES ?', [
      Array.from({ length: 1_000 }, () => ['x'.repeat(200)]),
    ]);
  await connection.end();
}

async function recovery({ login, databasePid }: Subject): Promise<number> {
  await sleep(REST_MS);
  // Something to recover: written, and not yet where it belongs.
  const connection = await createConnection(login);
  await connection.query('UPDATE recovery SET v = REPEAT(CHAR(97 + 25 * RAND()), 200)');
  connection.destroy();
  const pid = await databasePid();
  const began = performance.now();
  process.kill(pid, 'SIGKILL');
  await untilQuery(login, { statement: 'SELECT COUNT(*) FROM recovery' });
  return performance.now() - began;
}

const inspect = async (container: string, format: string): Promise<string> =>
  (await run('docker', ['inspect', '-f', format, container])).stdout.trim();

/** The server in the guest: the one whose control group lies below the guest's. */
function nestedPid(guestId: string): number {
  const servers = ofEachProcess((pid) =>
    readProc(pid, 'comm').trim() === 'mysqld' && readProc(pid, 'cgroup').includes(guestId) ? [pid] : [],
  );
  const [pid] = servers.flat();
  if (pid === undefined) throw new Error(`no mysqld runs in guest ${guestId}`);
  return pid;
}

async function instance(client: Client): Promise<{ subject: Subject; guest: Guest }> {
  const { id, user, password } = await askForInstance(client);
  const host = await untilActive(client, id);
  const guest = await guestOf(id);
  const databasePid = async () => nestedPid(await inspect(guest.name, '{{.Id}}'));
  return { subject: { login: { host, user, password, database: 'd' }, databasePid }, guest };
}

/** The same image with the instance's own option file and limits, kept alive by the machine's engine. */
async function plainContainer(guest: Guest, folder: string): Promise<{ subject: Subject; id: string }> {
  const options = join(folder, 'coffer.cnf');
  await writeFile(options, await guest.shell('cat /run/coffer/files/*/coffer.cnf'), { mode: 0o644 });
  const password = randomBytes(12).toString('hex');
  const { stdout } = await run('docker', [
    ...['run', '-d', '--restart', 'always', '--memory', '1g', '--memory-swap', '1g', '--cpus', '1'],
    ...['-e', `MYSQL_ROOT_PASSWORD=${password}`, '-e', 'MYSQL_DATABASE=d'],
    ...['-v', `${options}:/etc/mysql/conf.d/coffer.cnf:ro`, '--tmpfs', '/var/lib/mysql-tmp:uid=999'],
    'coffer/mysql:9.7',
  ]);
  const id = stdout.trim();
  const login = { host: await inspect(id, '{{.NetworkSettings.IPAddress}}'), user: 'root', password, database: 'd' };
  await untilQuery(login);
  return { subject: { login, databasePid: async () => Number(await inspect(id, '{{.State.Pid}}')) }, id };
}

const folder = await mkdtemp(join(tmpdir(), 'coffer-bench-'));
const cloud = await startBenchCloud(join(folder, 'cloud'), 226);
let plain: string | undefined;
try {
  const { subject, guest } = await instance(await cloud.client());
  const raw = await plainContainer(guest, folder);
  plain = raw.id;
  await fill(subject.login);
  await fill(raw.subject.login);
  const times: Record<'instance' | 'plain', number[]> = { instance: [], plain: [] };
  for (let i = 0; i < runs; i += 1) {
    times.instance.push(await recovery(subject));
    times.plain.push(await recovery(raw.subject));
  }
  const row = (name: string, values: number[]) =>
    `| ${name} | ${[...values, median(values)].map((value) => Math.round(value)).join(' | ')} |`;
  const heads = times.instance.map((_, i) => `run ${i + 1}`).join(' | ');
  console.log(`\n| kill -9 to a user’s query over TCP, ms | ${heads} | median |\n|---|${'---|'.repeat(runs + 1)}`);
  console.log(row('instance', times.instance));
  console.log(row('plain container, `--restart always`', times.plain));
  const ratio = Number((median(times.instance) / median(times.plain)).toFixed(2));
  console.log(`\n${JSON.stringify({ ms: times, ratio })}`);
} finally {
  if (plain !== undefined) await run('docker', ['rm', '-f', '-v', plain]);
  await cloud.clear();
  await rm(folder, { recursive: true, force: true });
}
