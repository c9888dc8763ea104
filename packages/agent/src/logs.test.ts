import { execFileSync } from 'node:child_process';
import { mkdir, readdir, readFile, rm, stat, symlink, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Problem, silentLogger } from '@coffer/core';
import type { LogSource } from '@coffer/core/driver';
import { beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import type { DatabaseOrder } from './database.ts';
import { createLogs, type LogPlace, mostBytesOf } from './logs.ts';
import { container, scratch, spec } from './testing.ts';
import { soon, stageFor } from './testing-agent.ts';

const stage = () => stageFor(onTestFinished);

const MIB = 1024 ** 2;
const SLOW: LogSource = {
  name: 'slow_query',
  path: '/var/lib/fakedb/log/slow.log',
  switch: { on: { slow_log: true }, off: { slow_log: false } },
};
const op = { id: 'logs', signal: AbortSignal.timeout(10_000) };

let folder: string;
let printed: string;
let sources: LogSource[];
const reopen = vi.fn(async (): Promise<void> => {});
const warnings: string[] = [];
const runtime = { logs: async () => printed };
const log = { ...silentLogger, warn: (_: object, message: string) => void warnings.push(message) };

const at = (name: string): string => join(folder, 'data/db/log', name);
const sizes = async (): Promise<Record<string, number>> =>
  Object.fromEntries(
    await Promise.all((await readdir(at(''))).map(async (name) => [name, (await stat(at(name))).size] as const)),
  );

function place(logs?: string[]): LogPlace {
  const order: DatabaseOrder = {
    spec: { ...spec, ...(logs && { logs }) },
    container,
    liveFiles: [],
    liveFolders: [],
    dataFolder: join(folder, 'data'),
    secret: 'key',
  };
  return { group: { sources: () => sources, reopen }, order };
}

beforeEach(async () => {
  folder = await scratch(onTestFinished);
  printed = '';
  sources = [{ name: 'error' }, SLOW];
  reopen.mockReset();
  warnings.length = 0;
  await mkdir(at(''), { recursive: true });
});

describe('logs that are read', () => {
  it('are listed with what switches them and how large they are', async () => {
    await writeFile(at('slow.log'), 'one\n');
    const { list } = createLogs({ runtime, log });
    expect(await list(place(['slow_query']))).toEqual([
      { name: 'error', isEnabled: true, isSwitchable: false, sizeBytes: 0 },
      { name: 'slow_query', isEnabled: true, isSwitchable: true, sizeBytes: 4 },
    ]);
    await rm(at('slow.log'));
    expect((await list(place()))[1]).toMatchObject({ isEnabled: false, sizeBytes: 0 });
  });

  it('give their last lines, from a file or from what the container prints', async () => {
    const { tail } = createLogs({ runtime, log });
    expect(await tail(place(), 'slow_query', 5)).toEqual({ lines: [], isCut: false });
    await writeFile(at('slow.log'), 'one\ntwo\nthree\n');
    printed = 'first\nsecond\n';
    expect(await tail(place(), 'slow_query', 2)).toEqual({ lines: ['two', 'three'], isCut: false });
    expect(await tail(place(), 'slow_query', 9)).toEqual({ lines: ['one', 'two', 'three'], isCut: false });
    expect(await tail(place(), 'error', 1)).toEqual({ lines: ['second'], isCut: false });
    await expect(tail(place(), 'audit', 1)).rejects.toMatchObject({
      code: 'not_found',
      detail: 'There is no log "audit"; known: error, slow_query.',
    });
  });

  it('go back into the file that was set aside last', async () => {
    await writeFile(at('slow.log.1'), 'one\ntwo\n');
    await writeFile(at('slow.log'), 'three\n');
    expect((await createLogs({ runtime, log }).tail(place(), 'slow_query', 2)).lines).toEqual(['two', 'three']);
  });

  it('are read no further back than 256 KiB', async () => {
    const line = 'x'.repeat(1023);
    await writeFile(at('slow.log'), `${line}\n`.repeat(400));
    printed = `${line}\n`.repeat(400);
    for (const name of ['slow_query', 'error']) {
      const { lines, isCut } = await createLogs({ runtime, log }).tail(place(), name, 300);
      expect(lines).toHaveLength(255);
      expect(isCut).toBe(true);
      expect(lines.every((one) => one === line)).toBe(true);
    }
    // One line that is longer than all that is read still shows its end.
    await writeFile(at('slow.log'), 'y'.repeat(MIB));
    const { lines, isCut } = await createLogs({ runtime, log }).tail(place(), 'slow_query', 10);
    expect([lines.length, lines[0]?.length, isCut]).toEqual([1, 256 * 1024, true]);
  });

  it('lead nowhere else, whatever the database puts in their place', async () => {
    const { tail, list } = createLogs({ runtime, log });
    await writeFile(join(folder, 'secret'), 'hidden\n');
    const refused = { code: 'guest_failed' };
    await symlink(join(folder, 'secret'), at('slow.log'));
    await expect(tail(place(), 'slow_query', 9)).rejects.toMatchObject(refused);
    await expect(list(place())).rejects.toMatchObject(refused);
    await rm(at('slow.log'));
    execFileSync('mkfifo', [at('slow.log')]);
    await expect(tail(place(), 'slow_query', 9)).rejects.toMatchObject({
      detail: expect.stringMatching(/no plain file/),
    });
    await rm(at(''), { recursive: true });
    // A link where its folder was, and one on the way to it.
    await mkdir(join(folder, 'elsewhere/log'), { recursive: true });
    await writeFile(join(folder, 'elsewhere/log/slow.log'), 'hidden\n');
    await symlink(join(folder, 'elsewhere/log'), join(folder, 'data/db/log'));
    await expect(tail(place(), 'slow_query', 9)).rejects.toMatchObject(refused);
    await rm(join(folder, 'data/db'), { recursive: true });
    await symlink(join(folder, 'elsewhere'), join(folder, 'data/db'));
    await expect(tail(place(), 'slow_query', 9)).rejects.toMatchObject({
      detail: expect.stringMatching(/leads elsewhere/),
    });
    sources = [{ name: 'outside', path: '/var/lib/fakedb/../../etc/passwd' }];
    await expect(tail(place(), 'outside', 9)).rejects.toMatchObject({
      detail: expect.stringMatching(/none of the data/),
    });
  });
});

describe('logs that grow', () => {
  it('have a hundredth of the volume, and 16 MiB at least', () => {
    expect(mostBytesOf(1)).toBe(16 * MIB);
    expect(mostBytesOf(100)).toBe(1024 * MIB);
  });

  it('are set aside before they are too large, three of them at most', async () => {
    const { rotate } = createLogs({ runtime, log });
    await writeFile(at('slow.log'), 'small');
    await rotate(place(), op);
    expect(await readdir(at(''))).toEqual(['slow.log']);
    reopen.mockReset();
    for (let round = 1; round <= 5; round += 1) {
      await writeFile(at('slow.log'), `round ${round}`);
      await truncate(at('slow.log'), 4 * MIB + 1);
      await rotate(place(), op);
    }
    expect(reopen).toHaveBeenCalledTimes(5);
    expect((await readdir(at(''))).sort()).toEqual(['slow.log.1', 'slow.log.2', 'slow.log.3']);
    expect((await readFile(at('slow.log.3'), 'utf8')).slice(0, 7)).toBe('round 3');
    expect(Object.values(await sizes()).reduce((sum, size) => sum + size)).toBeLessThan(16 * MIB);
  });

  it('never have more than their share, however fast they grow', async () => {
    const { rotate } = createLogs({ runtime, log });
    await writeFile(at('slow.log'), '');
    await truncate(at('slow.log'), 15 * MIB);
    await rotate(place(), op);
    expect(await sizes()).toEqual({ 'slow.log.1': 15 * MIB });
    await writeFile(at('slow.log'), '');
    await truncate(at('slow.log'), 100 * MIB);
    await rotate(place(), op);
    expect(await sizes()).toEqual({});
  });

  it('are opened anew later when the database could not do it then', async () => {
    const { rotate } = createLogs({ runtime, log });
    await rotate(place(), op);
    await writeFile(at('slow.log'), '');
    await truncate(at('slow.log'), 5 * MIB);
    reopen.mockReset().mockRejectedValueOnce(new Problem('unavailable', 'no connection'));
    await rotate(place(), op);
    expect(warnings).toEqual(['the logs could not be kept small']);
    await rotate(place(), op);
    expect(reopen).toHaveBeenCalledTimes(2);
    await rotate(place(), op);
    expect(reopen).toHaveBeenCalledTimes(2);
    // Another process cannot know whether it was done.
    await createLogs({ runtime, log }).rotate(place(), op);
    expect(reopen).toHaveBeenCalledTimes(3);
  });

  it('do not lead their keeper elsewhere, who says so once', async () => {
    const { rotate } = createLogs({ runtime, log });
    await rm(at(''), { recursive: true });
    await mkdir(join(folder, 'elsewhere'));
    await writeFile(join(folder, 'elsewhere/slow.log'), '');
    await truncate(join(folder, 'elsewhere/slow.log'), 100 * MIB);
    await symlink(join(folder, 'elsewhere'), join(folder, 'data/db/log'));
    await rotate(place(), op);
    await rotate(place(), op);
    expect(await readdir(join(folder, 'elsewhere'))).toEqual(['slow.log']);
    expect(warnings).toHaveLength(1);
  });

  it('are kept small by the agent while the database serves', async () => {
    const { begin, driver, runDir } = await stage();
    const { agent, handlers } = begin();
    const path = join(runDir, 'db/log');
    await mkdir(path, { recursive: true });
    await writeFile(join(path, 'slow_query.log'), '');
    await truncate(join(path, 'slow_query.log'), 5 * MIB);
    await agent.adopt(spec);
    await agent.settled(1, soon());
    await vi.waitFor(() => expect(driver.counts.reopened).toBe(1));
    expect(await readdir(path)).toEqual(['slow_query.log.1']);
    expect((await handlers.log_list({}, { id: 'list', signal: soon() })).logs.map(({ name }) => name)).toEqual([
      'error',
      'slow_query',
    ]);
    // What a database says of its death is read when it is dead.
    driver.health = { state: 'down', detail: 'no answer' };
    await vi.waitFor(() => expect(agent.status().state).toBe('running'));
    expect(await handlers.log_tail({ name: 'slow_query', lines: 1 }, { id: 'tail', signal: soon() })).toMatchObject({
      lines: [expect.any(String)],
    });
  });
});

it('reads figures of database and volume', async () => {
  const { begin } = await stage();
  const { agent, handlers } = begin();
  const ask = () => handlers.metrics_read({}, { id: 'metrics', signal: soon() });
  await expect(ask()).rejects.toMatchObject({ code: 'not_ready' });
  await agent.adopt(spec);
  await agent.settled(1, soon());
  expect(await ask()).toEqual({
    database: { uptimeSeconds: 60, connections: { open: 1, limit: 10 }, engine: {} },
    volume: { usedBytes: 0, totalBytes: 2 ** 30 },
  });
});
