import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { destroyPostgres, launchPostgres, type Postgres } from './postgres.ts';
import { embeddedBinaries, hostBinaries } from './postgres-binaries.ts';
import { createStore } from './store.ts';

// What is tested here survives dead processes, not dead machines.
const settings = { fsync: 'off' };
let folder: string;
let dataDir: string;

// Each makes clusters and starts and stops servers, beside all that the other files do.
vi.setConfig({ testTimeout: 90_000 });

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'coffer-launch-'));
  chmodSync(folder, 0o755);
  dataDir = join(folder, 'db');
});

afterEach(async () => {
  await destroyPostgres(dataDir);
  rmSync(folder, { recursive: true, force: true });
});

async function answers(postgres: Postgres): Promise<void> {
  const store = createStore({ url: postgres.url });
  await store.ping().finally(() => store.close());
}

const pidOf = (postgres: Postgres) => {
  const name = postgres.kind === 'embedded' ? embeddedBinaries() : hostBinaries()[0];
  return Number(readFileSync(join(postgres.dir ?? '', `pg${name?.major}`, 'postmaster.pid'), 'utf8').split('\n')[0]);
};

// Each kind that this machine has: the binaries from npm always, those of the host where they are installed.
const kinds = [...(hostBinaries().length > 0 ? (['host'] as const) : []), 'embedded' as const];

describe.each(kinds)('a postgresql of our own, %s binaries', (prefer) => {
  it('starts, is adopted by whoever comes next, is left to its last user, and goes without a trace', async () => {
    const first = await launchPostgres({ dataDir, prefer, settings });
    expect(first).toMatchObject({ kind: prefer, adopted: false, dir: dataDir });
    await answers(first);
    expect(statSync(join(dataDir, 'sock')).mode & 0o777).toBe(0o700);
    // Both at once, as two copies of the server do.
    const [second, third] = await Promise.all([
      launchPostgres({ dataDir, prefer, settings }),
      launchPostgres({ dataDir, settings }),
    ]);
    expect([second.adopted, third.adopted]).toEqual([true, true]);
    const store = createStore({ url: second.url });
    await store.ping();
    expect(await first.stop()).toBe(false);
    await store.ping();
    await store.close();
    expect(await first.stop()).toBe(true);
    const again = await launchPostgres({ dataDir, settings });
    expect(again).toMatchObject({ kind: prefer, adopted: false });
    await again.destroy();
    expect(existsSync(dataDir)).toBe(false);
  });

  it('comes back after kill -9, and a cut-off initialisation starts afresh', async () => {
    mkdirSync(join(dataDir, `pg${(prefer === 'host' ? hostBinaries()[0] : embeddedBinaries())?.major}`, 'base'), {
      recursive: true,
    });
    const first = await launchPostgres({ dataDir, prefer, settings });
    process.kill(pidOf(first), 'SIGKILL');
    const second = await launchPostgres({ dataDir, prefer, settings });
    await answers(second);
  });
});

it('outlives the kill -9 of the process that started it, and is adopted', async () => {
  const script = `const { launchPostgres } = await import(process.argv[1]); await launchPostgres({ dataDir: process.argv[2] }); process.kill(process.pid, 'SIGKILL')`;
  const args = [
    '--conditions=@coffer/source',
    '--input-type=module',
    '-e',
    script,
    join(import.meta.dirname, 'postgres.ts'),
    dataDir,
  ];
  expect(spawnSync(process.execPath, args, { encoding: 'utf8' }).signal).toBe('SIGKILL');
  const adopted = await launchPostgres({ dataDir, settings });
  expect(adopted.adopted).toBe(true);
  await answers(adopted);
});

it('leaves a named server alone', async () => {
  const named = await launchPostgres({ url: 'postgresql://example.test/x', dataDir });
  expect(named).toMatchObject({ kind: 'external', url: 'postgresql://example.test/x' });
  expect(await named.stop()).toBe(false);
  expect(existsSync(dataDir)).toBe(false);
});

it('never starts an empty cluster beside data of a version that it cannot run', async () => {
  const postgres = await launchPostgres({ dataDir, prefer: 'embedded', settings });
  await postgres.stop({ force: true });
  renameSync(join(dataDir, `pg${embeddedBinaries()?.major}`), join(dataDir, 'pg11'));
  await expect(launchPostgres({ dataDir, settings })).rejects.toThrow(
    /holds data of PostgreSQL 11.*install postgresql-11/,
  );
});

it.runIf(process.getuid?.() === 0)('finds a place where the database can get to, below a private folder', async () => {
  chmodSync(folder, 0o700);
  const postgres = await launchPostgres({ dataDir, prefer: 'embedded', settings });
  expect(postgres.dir).toMatch(/^\/var\/lib\/coffer-/);
  await answers(postgres);
  await postgres.destroy();
  expect(existsSync(postgres.dir ?? '')).toBe(false);
});
