import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chmodSync, chownSync, existsSync, lstatSync, mkdirSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Problem } from '@coffer/core';

/** Whom the database runs as; undefined means as ourselves. */
export interface Ids {
  uid: number;
  gid: number;
}

/** PostgreSQL refuses to run as root, and initdb ids without an account. */
export function databaseIds(): Ids | undefined {
  if (process.getuid?.() !== 0) return undefined;
  const accounts = readFileSync('/etc/passwd', 'utf8')
    .split('\n')
    .map((line) => line.split(':'));
  for (const name of ['postgres', 'nobody']) {
    const account = accounts.find((fields) => fields[0] === name);
    if (account) return { uid: Number(account[2]), gid: Number(account[3]) };
  }
  throw new Problem(
    'unavailable',
    'PostgreSQL refuses to run as root, and there is no account `postgres` or `nobody`; add one (useradd -r postgres).',
  );
}

/** The data folder itself; or, where the database's user cannot get through to it (below root's home), one in /var/lib. */
export function reachableFolder(dataDir: string, ids: Ids | undefined): string {
  mkdirSync(dataDir, { recursive: true, mode: 0o755 });
  if (!ids || spawnSync('/bin/sh', ['-c', 'cd "$0"', dataDir], { cwd: '/', ...ids }).status === 0) return dataDir;
  const other = join('/var/lib', `coffer-${createHash('sha256').update(dataDir).digest('hex').slice(0, 12)}`);
  mkdirSync(other, { recursive: true, mode: 0o755 });
  return other;
}

/** Socket paths are limited to about 107 bytes; a deep data folder gets its socket elsewhere. */
export function socketFolder(dir: string, ids: Ids | undefined): string {
  const near = join(dir, 'sock');
  const name = `coffer-${createHash('sha256').update(dir).digest('hex').slice(0, 12)}`;
  const socket = Buffer.byteLength(near) < 85 ? near : join(tmpdir(), name);
  privateFolder(socket, ids);
  return socket;
}

/** A folder of the database's user alone. One that belongs to somebody else (a trap laid in /tmp) is refused. */
export function privateFolder(path: string, ids: Ids | undefined): void {
  if (!existsSync(path)) {
    mkdirSync(path, { mode: 0o700 });
    if (ids) chownSync(path, ids.uid, ids.gid);
  }
  const { uid } = lstatSync(path);
  const expected = ids?.uid ?? process.getuid?.();
  if (!lstatSync(path).isDirectory() || (expected !== undefined && uid !== expected)) {
    throw new Problem(
      'unavailable',
      `${path} belongs to user ${uid}, not to ${expected}; remove it, or start as that user.`,
    );
  }
  chmodSync(path, 0o700);
}
