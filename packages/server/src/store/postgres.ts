import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chmodSync, chownSync, closeSync, cpSync, existsSync, lstatSync, mkdirSync, openSync, readdirSync, readFileSync, rmSync, statSync, truncateSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Logger, Problem, silentLogger } from '@coffer/core';
import { Client } from 'pg';
import { withMachineLock } from './machine-lock.ts';
import { embeddedBinaries, hostBinaries, majorOf, type PostgresBinaries } from './postgres-binaries.ts';

export interface LaunchOptions {
  /** A server that somebody else runs; then nothing is launched and `stop` does nothing. */
  url?: string;
  /** Folder for the cluster; made when missing. A major version's cluster lies in `pg<major>` in it. */
  dataDir: string;
  /** Which binaries to take for a new cluster: the machine's (the default where they are ≥ 15) or those from npm. */
  prefer?: 'host' | 'embedded';
  /** Name of the database; `coffer` when absent. Made when missing. */
  database?: string;
  /** Further settings of the server, e.g. `{ fsync: 'off' }` in tests. */
  settings?: Readonly<Record<string, string>>;
  log?: Logger;
}

export interface Postgres {
  /** For `createStore`. */
  url: string;
  kind: 'external' | 'host' | 'embedded';
  /** Folder that everything lies in; undefined for an external server. It differs from `dataDir` where the database's user cannot reach that. */
  dir: string | undefined;
  /** Whether it ran already, e.g. after a kill -9 of the last process. */
  adopted: boolean;
  /** Stops it, unless another process is connected (then it is left to that one). @returns whether it is stopped. */
  stop(options?: { force?: boolean }): Promise<boolean>;
  /** Stops it and removes its data. */
  destroy(): Promise<void>;
}

interface Ids {
  uid: number;
  gid: number;
}

const START_TIMEOUT_MS = 60_000;
const LOG_BYTES = 10 * 1024 * 1024;

/**
 * A PostgreSQL of our own in a folder, reached by a socket in a private folder and by nothing else. As root it runs as
 * `postgres` or `nobody`. A server of ours that still runs there is adopted; anybody else's never is.
 */
export async function launchPostgres(options: LaunchOptions): Promise<Postgres> {
  if (options.url) {
    return { url: options.url, kind: 'external', dir: undefined, adopted: true, stop: async () => false, destroy: async () => {} };
  }
  const log = options.log ?? silentLogger;
  const ids = process.getuid?.() === 0 ? unprivilegedIds() : undefined;
  const dir = reachableFolder(resolve(options.dataDir), ids);
  return withMachineLock(dir, 2 * START_TIMEOUT_MS, () => launch(dir, ids, options, log));
}

async function launch(dir: string, ids: Ids | undefined, options: LaunchOptions, log: Logger): Promise<Postgres> {
  const binaries = usable(choose(dir, options.prefer), dir, ids);
  const data = join(dir, `pg${binaries.major}`);
  const socket = socketFolder(dir, ids);
  if (!existsSync(join(data, 'PG_VERSION'))) initialise(binaries, data, ids);

  const adopted = await start(binaries, { data, socket, dir, settings: options.settings ?? {}, ids });
  log.info({ kind: binaries.kind, major: binaries.major, dir, adopted }, 'postgresql is up');
  const database = options.database ?? 'coffer';
  await createDatabase(socket, database);

  async function stop({ force = false } = {}): Promise<boolean> {
    if (!force && (await othersConnected(socket))) {
      log.info({ dir }, 'postgresql is left running: another process uses it');
      return false;
    }
    await stopServer(data);
    return true;
  }

  return {
    url: socketUrl(socket, database),
    kind: binaries.kind,
    dir,
    adopted,
    stop,
    destroy: () => destroyPostgres(options.dataDir),
  };
}

/** Stops what `launchPostgres` runs in this folder, whoever uses it, and removes the folder. Nothing there is success. */
export async function destroyPostgres(dataDir: string): Promise<void> {
  const ids = process.getuid?.() === 0 ? unprivilegedIds() : undefined;
  const dir = reachableFolder(resolve(dataDir), ids);
  for (const name of readdirSync(dir)) if (/^pg\d+$/.test(name)) await stopServer(join(dir, name));
  for (const path of [dir, socketFolder(dir, ids), resolve(dataDir)]) rmSync(path, { recursive: true, force: true });
}

/** Ends its sessions and waits until it is down. */
async function stopServer(data: string): Promise<void> {
  const pid = postmaster(data);
  if (pid !== undefined) process.kill(pid, 'SIGINT');
  const deadline = Date.now() + START_TIMEOUT_MS;
  while (postmaster(data) !== undefined) {
    if (Date.now() > deadline) throw new Problem('timeout', `PostgreSQL in ${data} (pid ${pid}) did not stop within ${START_TIMEOUT_MS / 1000} s.`);
    await sleep(20);
  }
}

/** A connection string for a database of the cluster behind this socket folder. */
export function socketUrl(socket: string, database: string): string {
  return `postgresql:///${encodeURIComponent(database)}?user=postgres&host=${encodeURIComponent(socket)}`;
}

/** A folder's cluster decides the version; only a new one is free to prefer. */
function choose(dir: string, prefer: LaunchOptions['prefer']): PostgresBinaries {
  const embedded = embeddedBinaries();
  const host = hostBinaries();
  const known = prefer === 'embedded' ? [...(embedded ? [embedded] : []), ...host] : [...host, ...(embedded ? [embedded] : [])];
  const clusters = readdirSync(dir)
    .map((name) => Number(/^pg(\d+)$/.exec(name)?.[1]))
    .filter((major) => major > 0 && existsSync(join(dir, `pg${major}`, 'PG_VERSION')));
  if (clusters.length > 0) {
    const match = known.find((binaries) => clusters.includes(binaries.major));
    if (match) return match;
    throw new Problem(
      'unavailable',
      `${dir} holds data of PostgreSQL ${clusters.join(', ')}, and this machine has ${known.map((one) => one.major).join(', ') || 'none'}; install postgresql-${clusters[0]}.`,
    );
  }
  const first = known[0];
  if (first) return first;
  throw new Problem(
    'unavailable',
    `No PostgreSQL for ${process.platform}-${process.arch} was found; install PostgreSQL 15 or later (Debian: apt-get install postgresql), or name a server by its URL.`,
  );
}

/** Binaries below somebody's private folder cannot be run by another user: then a copy lies next to the data. */
function usable(binaries: PostgresBinaries, dir: string, ids: Ids | undefined): PostgresBinaries {
  if (!ids || !binaries.root || majorOf(binaries.bin, ids) !== undefined) return binaries;
  const copy = join(dir, `bin${binaries.major}`);
  if (majorOf(join(copy, 'bin'), ids) === undefined) {
    rmSync(copy, { recursive: true, force: true });
    cpSync(binaries.root, copy, { recursive: true, verbatimSymlinks: true });
    chmodSync(copy, 0o755);
  }
  return { ...binaries, bin: join(copy, 'bin'), root: copy };
}

/** The data folder itself; or, where the database's user cannot get through to it (below root's home), one in /var/lib. */
function reachableFolder(dataDir: string, ids: Ids | undefined): string {
  mkdirSync(dataDir, { recursive: true, mode: 0o755 });
  if (!ids || spawnSync('/bin/sh', ['-c', 'cd "$0"', dataDir], { cwd: '/', ...ids }).status === 0) return dataDir;
  const other = join('/var/lib', `coffer-${createHash('sha256').update(dataDir).digest('hex').slice(0, 12)}`);
  mkdirSync(other, { recursive: true, mode: 0o755 });
  return other;
}

/** Socket paths are limited to about 107 bytes; a deep data folder gets its socket elsewhere. */
function socketFolder(dir: string, ids: Ids | undefined): string {
  const near = join(dir, 'sock');
  const name = `coffer-${createHash('sha256').update(dir).digest('hex').slice(0, 12)}`;
  const socket = Buffer.byteLength(near) < 85 ? near : join(tmpdir(), name);
  privateFolder(socket, ids);
  return socket;
}

/** A folder of the database's user alone. One that belongs to somebody else (a trap laid in /tmp) is refused. */
function privateFolder(path: string, ids: Ids | undefined): void {
  if (!existsSync(path)) {
    mkdirSync(path, { mode: 0o700 });
    if (ids) chownSync(path, ids.uid, ids.gid);
  }
  const { uid } = lstatSync(path);
  const expected = ids?.uid ?? process.getuid?.();
  if (!lstatSync(path).isDirectory() || (expected !== undefined && uid !== expected)) {
    throw new Problem('unavailable', `${path} belongs to user ${uid}, not to ${expected}; remove it, or start as that user.`);
  }
  chmodSync(path, 0o700);
}

function initialise(binaries: PostgresBinaries, data: string, ids: Ids | undefined): void {
  // A folder without PG_VERSION is what an initialisation that was cut off left behind.
  rmSync(data, { recursive: true, force: true });
  privateFolder(data, ids);
  const args = ['-D', data, '-U', 'postgres', '-A', 'trust', '-E', 'UTF8', '--locale=C', '--no-instructions'];
  const { status, stderr, error } = spawnSync(join(binaries.bin, 'initdb'), args, { cwd: '/', encoding: 'utf8', ...ids });
  if (status === 0) return;
  rmSync(data, { recursive: true, force: true });
  throw new Problem('unavailable', `initdb in ${data} failed: ${(error?.message ?? stderr).trim().slice(-500)}`);
}

/** Waits until the server answers, starting it when none of ours runs. @returns whether it ran already. */
async function start(
  binaries: PostgresBinaries,
  at: { data: string; socket: string; dir: string; settings: Readonly<Record<string, string>>; ids: Ids | undefined },
): Promise<boolean> {
  const deadline = Date.now() + START_TIMEOUT_MS;
  const logFile = join(at.dir, 'postgresql.log');
  let exited = false;
  let spawned = false;
  let last = 'it was not tried';
  while (Date.now() < deadline) {
    if (postmaster(at.data) === undefined && (!spawned || exited)) {
      // After a crash the dead server's last children may still hold its memory: the new one refuses until they are gone.
      if (exited) await sleep(200);
      const child = spawnServer(binaries, at, logFile);
      child.on('exit', () => {
        exited = true;
      });
      child.on('error', (error) => {
        exited = true;
        last = error.message;
      });
      spawned = true;
      exited = false;
    }
    try {
      await query(at.socket, 'postgres', 'select 1');
      return !spawned;
    } catch (error) {
      if (!exited) last = error instanceof Error ? error.message : String(error);
    }
    await sleep(25);
  }
  throw new Problem('unavailable', `PostgreSQL in ${at.data} did not come up within ${START_TIMEOUT_MS / 1000} s (${last}); see ${logFile}.`);
}

function spawnServer(
  binaries: PostgresBinaries,
  at: { data: string; socket: string; settings: Readonly<Record<string, string>>; ids: Ids | undefined },
  logFile: string,
) {
  const settings = { listen_addresses: '', unix_socket_permissions: '0700', logging_collector: 'off', ...at.settings };
  if (existsSync(logFile) && statSync(logFile).size > LOG_BYTES) truncateSync(logFile);
  const output = openSync(logFile, 'a', 0o600);
  // Detached: a Ctrl-C in our terminal must not reach it before we have drained.
  const child = spawn(
    join(binaries.bin, 'postgres'),
    ['-D', at.data, '-k', at.socket, ...Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`])],
    { cwd: '/', detached: true, stdio: ['ignore', output, output], ...at.ids },
  );
  closeSync(output);
  child.unref();
  return child;
}

/** Pid of the living server that owns this data folder, by its own pid file. */
function postmaster(data: string): number | undefined {
  let pid: number;
  try {
    pid = Number(readFileSync(join(data, 'postmaster.pid'), 'utf8').split('\n')[0]);
    process.kill(pid, 0);
  } catch {
    return undefined;
  }
  try {
    // The number may have gone to another process since: ours has the folder among its arguments.
    const args = readFileSync(`/proc/${pid}/cmdline`, 'utf8');
    return args === '' || !args.includes(data) ? undefined : pid;
  } catch {
    return existsSync('/proc/self') ? undefined : pid;
  }
}

async function createDatabase(socket: string, database: string): Promise<void> {
  const { rowCount } = await query(socket, 'postgres', 'select 1 from pg_database where datname = $1', [database]);
  if (rowCount) return;
  await query(socket, 'postgres', `create database "${database.replaceAll('"', '""')}"`).catch((error: unknown) => {
    // Another copy was faster.
    if (!(error instanceof Error && 'code' in error && (error.code === '42P04' || error.code === '23505'))) throw error;
  });
}

/** Our own connections were ended just before and vanish within moments, so it waits a little before it believes in others. */
async function othersConnected(socket: string): Promise<boolean> {
  const sql = "select 1 from pg_stat_activity where backend_type = 'client backend' and pid <> pg_backend_pid()";
  const deadline = Date.now() + 1_000;
  try {
    while ((await query(socket, 'postgres', sql)).rowCount) {
      if (Date.now() > deadline) return true;
      await sleep(50);
    }
  } catch {
    // It does not answer: nobody is using it.
  }
  return false;
}

async function query(socket: string, database: string, text: string, values: unknown[] = []) {
  const client = new Client({ connectionString: socketUrl(socket, database), connectionTimeoutMillis: 5_000 });
  client.on('error', () => {});
  try {
    await client.connect();
    return await client.query(text, values);
  } finally {
    await client.end().catch(() => {});
  }
}

/** initdb refuses root, and numeric ids without an account. */
function unprivilegedIds(): Ids {
  const accounts = readFileSync('/etc/passwd', 'utf8').split('\n').map((line) => line.split(':'));
  for (const name of ['postgres', 'nobody']) {
    const account = accounts.find((fields) => fields[0] === name);
    if (account) return { uid: Number(account[2]), gid: Number(account[3]) };
  }
  throw new Problem('unavailable', 'PostgreSQL refuses to run as root, and there is no account `postgres` or `nobody`; add one (useradd -r postgres).');
}
