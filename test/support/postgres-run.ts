import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Names the folder of this run's server, for all its processes. */
export const FOLDER = 'COFFER_TEST_POSTGRES_DIR';
const PREFIX = 'coffer-test-pg-';

/**
 * Vitest's global set-up: gives the run a folder for its server, which the first test that asks starts; removes it in the end,
 * and what runs that were killed left behind. It imports nothing of ours, since vitest resolves no workspace sources here.
 */
export default function setup(): () => void {
  removeLeftovers();
  const dir = newFolder();
  process.env[FOLDER] = dir;
  return () => remove(dir);
}

export function newFolder(): string {
  const dir = mkdtempSync(join(tmpdir(), PREFIX));
  // As root the database runs under another account, which has to get through; what lies inside is private.
  chmodSync(dir, 0o755);
  writeFileSync(join(dir, 'owner'), `${process.pid} ${startOf(process.pid)}`);
  return dir;
}

function removeLeftovers(): void {
  for (const name of readdirSync(tmpdir())) {
    if (!name.startsWith(PREFIX)) continue;
    const owner = join(tmpdir(), name, 'owner');
    const [pid, start] = existsSync(owner) ? readFileSync(owner, 'utf8').split(' ') : [];
    if (pid && start !== startOf(Number(pid))) remove(join(tmpdir(), name));
  }
}

function remove(dir: string): void {
  if (existsSync(join(dir, 'pg'))) {
    const script = join(import.meta.dirname, 'postgres-destroy.ts');
    const { status, stderr } = spawnSync(process.execPath, ['--conditions=@coffer/source', script, join(dir, 'pg')], {
      encoding: 'utf8',
    });
    if (status !== 0) throw new Error(`the test database in ${dir} could not be removed: ${stderr}`);
  }
  rmSync(dir, { recursive: true, force: true });
}

/** When the process started, in the kernel's ticks: a number that a later process of the same pid does not have. */
function startOf(pid: number): string {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? '';
  } catch {
    return '';
  }
}
