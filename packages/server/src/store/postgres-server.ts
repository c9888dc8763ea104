import { spawn, spawnSync } from 'node:child_process';
import { closeSync, existsSync, openSync, readFileSync, rmSync, statSync, truncateSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Problem } from '@coffer/core';
import type { PostgresBinaries } from './postgres-binaries.ts';
import { type Ids, privateFolder } from './postgres-folders.ts';
import { queryOver } from './postgres-socket.ts';

/** How long it may take to come up (after a crash it recovers first) or to go down. */
export const START_TIMEOUT_MS = 60_000;
/** Before one that ended is started again; one that cannot, as its disk is full, must not fill the machine with tries. */
const FIRST_PAUSE_MS = 200;
const LAST_PAUSE_MS = 2_000;
const LOG_BYTES = 10 * 1024 * 1024;

/** Makes the cluster. @param isDurable waits until it is on the disk. */
export function initialise(binaries: PostgresBinaries, data: string, ids: Ids | undefined, isDurable: boolean): void {
  // A folder without PG_VERSION is what an initialisation that was cut off left behind.
  rmSync(data, { recursive: true, force: true });
  privateFolder(data, ids);
  const args = ['-D', data, '-U', 'postgres', '-A', 'trust', '-E', 'UTF8', '--locale=C', '--no-instructions'];
  if (!isDurable) args.push('--no-sync');
  const { status, stderr, error } = spawnSync(join(binaries.bin, 'initdb'), args, {
    cwd: '/',
    encoding: 'utf8',
    ...ids,
  });
  if (status === 0) return;
  rmSync(data, { recursive: true, force: true });
  throw new Problem('unavailable', `initdb in ${data} failed: ${(error?.message ?? stderr).trim().slice(-500)}`);
}

/** Waits until the server answers, starting it when none of ours runs. @returns whether it ran already. */
export async function startServer(
  binaries: PostgresBinaries,
  at: {
    data: string;
    socket: string;
    dir: string;
    settings: Readonly<Record<string, string>>;
    ids: Ids | undefined;
    signal?: AbortSignal;
  },
): Promise<boolean> {
  const deadline = Date.now() + START_TIMEOUT_MS;
  const logFile = join(at.dir, 'postgresql.log');
  let exited = false;
  let spawned = false;
  let last = 'it was not tried';
  let pauseMs = FIRST_PAUSE_MS;
  while (Date.now() < deadline && !at.signal?.aborted) {
    if (postmaster(at.data) === undefined && (!spawned || exited)) {
      // After a crash the dead server's last children may still hold its memory: the new one refuses until they are gone.
      if (exited) {
        await sleep(pauseMs);
        pauseMs = Math.min(LAST_PAUSE_MS, pauseMs * 2);
      }
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
      await queryOver(at.socket, 'postgres', 'select 1');
      return !spawned;
    } catch (error) {
      if (!exited) last = error instanceof Error ? error.message : String(error);
    }
    await sleep(25);
  }
  throw new Problem(
    'unavailable',
    `PostgreSQL in ${at.data} did not come up within ${START_TIMEOUT_MS / 1000} s (${last}); see ${logFile}.`,
  );
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
    [
      '-D',
      at.data,
      '-k',
      at.socket,
      ...Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]),
    ],
    { cwd: '/', detached: true, stdio: ['ignore', output, output], ...at.ids },
  );
  closeSync(output);
  child.unref();
  return child;
}

/** Pid of the living server that owns this data folder, by its own pid file. */
export function postmaster(data: string): number | undefined {
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

/** Ends its sessions and waits until it is down. */
export async function stopServer(data: string): Promise<void> {
  const pid = postmaster(data);
  if (pid !== undefined) process.kill(pid, 'SIGINT');
  const deadline = Date.now() + START_TIMEOUT_MS;
  while (postmaster(data) !== undefined) {
    if (Date.now() > deadline)
      throw new Problem(
        'timeout',
        `PostgreSQL in ${data} (pid ${pid}) did not stop within ${START_TIMEOUT_MS / 1000} s.`,
      );
    await sleep(20);
  }
}
