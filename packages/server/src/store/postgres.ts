import { chmodSync, cpSync, existsSync, readdirSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { type Logger, Problem, silentLogger } from '@coffer/core';
import { withMachineLock } from '../machine-lock.ts';
import { embeddedBinaries, hostBinaries, majorOf, type PostgresBinaries } from './postgres-binaries.ts';
import { databaseIds, type Ids, reachableFolder, socketFolder } from './postgres-folders.ts';
import { initialise, postmaster, START_TIMEOUT_MS, startServer, stopServer } from './postgres-server.ts';
import { createDatabase, othersConnected, socketUrl } from './postgres-socket.ts';

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
  /** Ends the wait for a server that does not come up. */
  signal?: AbortSignal;
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

/**
 * A PostgreSQL of our own in a folder, reached by a socket in a private folder and by nothing else. As root it runs as
 * `postgres` or `nobody`. A server of ours that still runs there is adopted; anybody else's never is.
 */
export async function launchPostgres(options: LaunchOptions): Promise<Postgres> {
  if (options.url) {
    return {
      url: options.url,
      kind: 'external',
      dir: undefined,
      adopted: true,
      stop: async () => false,
      destroy: async () => {},
    };
  }
  const log = options.log ?? silentLogger;
  const ids = databaseIds();
  const dir = reachableFolder(resolve(options.dataDir), ids);
  return withMachineLock(dir, () => launch(dir, ids, options, log), 2 * START_TIMEOUT_MS);
}

async function launch(dir: string, ids: Ids | undefined, options: LaunchOptions, log: Logger): Promise<Postgres> {
  const binaries = usable(choose(dir, options.prefer), dir, ids);
  const data = join(dir, `pg${binaries.major}`);
  const socket = socketFolder(dir, ids);
  if (!existsSync(join(data, 'PG_VERSION'))) initialise(binaries, data, ids, options.settings?.fsync !== 'off');

  const adopted = await startServer(binaries, {
    data,
    socket,
    dir,
    settings: options.settings ?? {},
    ids,
    ...(options.signal && { signal: options.signal }),
  });
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

/** For `createStore`: the server that `launchPostgres` runs in this folder now; undefined when none does. Starts and makes nothing. */
export function runningPostgres(dataDir: string, database = 'coffer'): string | undefined {
  if (!existsSync(dataDir)) return undefined;
  const ids = databaseIds();
  const dir = reachableFolder(resolve(dataDir), ids);
  const isRunning = readdirSync(dir).some((name) => /^pg\d+$/.test(name) && postmaster(join(dir, name)) !== undefined);
  return isRunning ? socketUrl(socketFolder(dir, ids), database) : undefined;
}

/** Stops what `launchPostgres` runs in this folder, whoever uses it, and removes the folder. Nothing there is success. */
export async function destroyPostgres(dataDir: string): Promise<void> {
  const ids = databaseIds();
  const dir = reachableFolder(resolve(dataDir), ids);
  for (const name of readdirSync(dir)) if (/^pg\d+$/.test(name)) await stopServer(join(dir, name));
  for (const path of [dir, socketFolder(dir, ids), resolve(dataDir)]) rmSync(path, { recursive: true, force: true });
}

/** A folder's cluster decides the version; only a new one is free to prefer. */
function choose(dir: string, prefer: LaunchOptions['prefer']): PostgresBinaries {
  const embedded = embeddedBinaries();
  const host = hostBinaries();
  const known =
    prefer === 'embedded' ? [...(embedded ? [embedded] : []), ...host] : [...host, ...(embedded ? [embedded] : [])];
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
