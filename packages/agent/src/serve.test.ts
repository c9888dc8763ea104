import { createHash } from 'node:crypto';
import { mkdir, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Problem, silentLogger } from '@coffer/core';
import { type ControlHandlers, createGuestLink } from '@coffer/core/rpc';
import { createFakeRuntime, createMemoryBroker, createMemoryDirectory } from '@coffer/core/testing';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { readConfig } from './config.ts';
import type { RunCommand } from './run-command.ts';
import { type ServeParts, serve } from './serve.ts';
import { INSTANCE, manifest, scratch, spec } from './testing.ts';

const BROKER_PASSWORD = 'hidden-broker-password';

/** A driver as it travels: one file, whose database is a set. */
const bundle = `
const names = new Set();
export default {
  manifest: ${JSON.stringify(manifest)},
  create: ({ image }) => ({
    container: () => ({ image, args: [], env: {}, files: [], mounts: [], capabilities: [], readOnlyRoot: true, stopSignal: 'SIGTERM', stopTimeoutMs: 1000 }),
    initialise: async () => {},
    probe: async () => ({ state: 'healthy' }),
    shutdown: async () => {},
    close: async () => {},
    databases: {
      list: async () => ({ items: [...names].map((name) => ({ name })) }),
      create: async ({ name }) => { names.add(name); return 'created'; },
      drop: async (name) => (names.delete(name) ? 'dropped' : 'missing'),
    },
  }),
};`;

async function stage() {
  const folder = await scratch(onTestFinished);
  const at = (name: string): string => join(folder, name);
  await mkdir(at('volume'));
  const bytes = Buffer.from(bundle);
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  const broker = createMemoryBroker();
  const directory = createMemoryDirectory();
  const asked: number[] = [];
  const handlers: ControlHandlers = {
    driver_chunk: async (_instance, { offset }) => {
      asked.push(offset);
      await road.sending;
      return { base64: bytes.subarray(offset, offset + 500).toString('base64'), totalBytes: bytes.length };
    },
  };
  const road = { isOpen: true, isSilent: false, attempts: 0, password: '', closed: 0, sending: Promise.resolve() };
  const plane = createGuestLink({ transport: broker.server(), directory, handlers });
  await plane.start();
  onTestFinished(() => plane.close());
  await writeFile(
    at('user-data'),
    JSON.stringify({
      version: 1,
      instanceId: INSTANCE,
      token: directory.add(INSTANCE),
      broker: { host: 'broker', port: 5671, username: 'u', password: BROKER_PASSWORD },
      driver: { name: 'fakedb', sha256 },
      reportIntervalMs: 100,
    }),
  );
  const config = readConfig({
    COFFER_USER_DATA: at('user-data'),
    COFFER_STATE: at('state'),
    COFFER_RUN: at('run'),
    COFFER_IMAGES: at('images'),
    COFFER_CGROUP_PARENT: '/guest',
  });
  const runtime = createFakeRuntime({ images: ['fakedb:1'] });
  // The guest's tools: every namespace shows the tenant's interface, everything else succeeds.
  const run: RunCommand = async (_command, args) => ({
    exitCode: 0,
    stdout: args.includes('show')
      ? JSON.stringify([
          { ifname: 'eth1', link_type: 'ether', addr_info: [{ local: spec.network.address, prefixlen: 24 }] },
        ])
      : '',
    stderr: '',
  });

  function begin() {
    const stopping = new AbortController();
    const connect: ServeParts['connect'] = (account) => {
      road.attempts += 1;
      road.password = account.broker.password;
      const transport = broker.agent(INSTANCE);
      if (road.isOpen) return transport;
      return {
        ...transport,
        start: () =>
          road.isSilent ? new Promise<never>(() => {}) : Promise.reject(new Problem('unavailable', 'no broker')),
        close: async () => {
          road.closed += 1;
        },
      };
    };
    const ended = serve({ config, runtime, run, connect, log: silentLogger }, stopping.signal);
    // A test that does not look at how it ended must not fail for that.
    ended.catch(() => {});
    const stop = async (): Promise<void> => {
      stopping.abort();
      await ended;
    };
    onTestFinished(() => stop().catch(() => {}));
    return { stop, ended };
  }

  const here = { ...spec, volume: { device: at('volume'), sizeGib: 1 } };
  const ask = () => ({ operationId: crypto.randomUUID(), timeoutMs: 5000 });
  return { begin, plane, directory, runtime, here, ask, road, at, asked, sha256 };
}

const enrolled = async (directory: ReturnType<typeof createMemoryDirectory>): Promise<void> => {
  await vi.waitFor(() => expect(directory.row(INSTANCE)?.session).toBeDefined(), { timeout: 5000 });
};

describe('an agent under a control plane', () => {
  it('enrols, fetches its driver by hash, prepares, and reports', async () => {
    const { begin, plane, directory, runtime, here, ask, asked, sha256 } = await stage();
    begin();
    await enrolled(directory);
    const prepared = await plane.call(
      INSTANCE,
      'prepare',
      { spec: here, databases: [{ name: 'shop' }], users: [] },
      ask(),
    );
    expect(prepared).toEqual({ state: 'healthy' });
    expect(asked.slice(0, 3)).toEqual([0, 500, 1000]);
    expect(runtime.created.get('coffer-database')).toMatchObject({ cgroupParent: '/guest' });
    await plane.call(INSTANCE, 'database_create', { databases: [{ name: 'more' }] }, ask());
    const { items } = await plane.call(INSTANCE, 'database_list', { limit: 10 }, ask());
    expect(items).toEqual([{ name: 'shop' }, { name: 'more' }]);
    await vi.waitFor(() =>
      expect(directory.row(INSTANCE)?.lastReport).toMatchObject({ state: 'healthy', revision: 1, driver: sha256 }),
    );
    await expect(plane.call(INSTANCE, 'user_list', { limit: 10 }, ask())).rejects.toMatchObject({
      code: 'not_supported',
    });
  });

  it('brings the database back without the control plane, and finds it again when it answers', async () => {
    const { begin, plane, directory, runtime, here, ask, road, asked } = await stage();
    const first = begin();
    await enrolled(directory);
    await plane.call(INSTANCE, 'prepare', { spec: here, databases: [], users: [] }, ask());
    await first.stop();
    expect((await runtime.inspect('coffer-database'))?.state).toBe('running');
    runtime.die('coffer-database', 137);
    runtime.die('coffer-sandbox', 137);
    asked.length = 0;
    road.isOpen = false;
    begin();
    await vi.waitFor(async () => expect((await runtime.inspect('coffer-database'))?.state).toBe('running'), {
      timeout: 5000,
    });
    await vi.waitFor(() => expect(road.attempts).toBeGreaterThan(2), { timeout: 5000 });
    expect(asked).toEqual([]);
    road.isOpen = true;
    await vi.waitFor(
      async () =>
        expect(await plane.call(INSTANCE, 'status', {}, { ...ask(), timeoutMs: 500 })).toMatchObject({
          state: 'healthy',
        }),
      {
        timeout: 8000,
      },
    );
  });

  it('comes back after a reboot that took its user data, and before any link', async () => {
    const { begin, plane, directory, runtime, here, ask, road, at } = await stage();
    const first = begin();
    await enrolled(directory);
    await plane.call(INSTANCE, 'prepare', { spec: here, databases: [], users: [] }, ask());
    await first.stop();
    runtime.die('coffer-database', 137);
    runtime.die('coffer-sandbox', 137);
    await rm(at('user-data'));
    road.isOpen = false;
    begin();
    await vi.waitFor(async () => expect((await runtime.inspect('coffer-database'))?.state).toBe('running'), {
      timeout: 5000,
    });
    road.isOpen = true;
    await vi.waitFor(
      async () =>
        expect(await plane.call(INSTANCE, 'status', {}, { ...ask(), timeoutMs: 500 })).toMatchObject({
          state: 'healthy',
        }),
      { timeout: 8000 },
    );
  });

  it('takes an account that is issued anew, keeps it, and refuses that of another instance', async () => {
    const { begin, directory, road, at } = await stage();
    const first = begin();
    await enrolled(directory);
    await first.stop();
    expect(road.password).toBe(BROKER_PASSWORD);
    const given = JSON.parse(await readFile(at('user-data'), 'utf8'));
    const issue = (data: unknown) => writeFile(at('user-data'), JSON.stringify(data));

    await issue({ ...given, broker: { ...given.broker, password: 'issued-anew' } });
    const second = begin();
    await vi.waitFor(() => expect(road.password).toBe('issued-anew'));
    await second.stop();
    await issue('damaged');
    road.password = '';
    const third = begin();
    await vi.waitFor(() => expect(road.password).toBe('issued-anew'));
    await third.stop();

    const other = '99999999-2222-4333-8444-555555555555';
    await issue({ ...given, instanceId: other });
    await expect(begin().ended).rejects.toThrow(`is of instance ${other}, and this guest has enrolled as ${INSTANCE}`);
  });

  it('does not trust what it kept before it enrolled: without user data it ends with a sentence', async () => {
    const { begin, road, at } = await stage();
    road.isOpen = false;
    const first = begin();
    await vi.waitFor(() => expect(road.attempts).toBeGreaterThan(0));
    await first.stop();
    await rm(at('user-data'));
    await expect(begin().ended).rejects.toThrow(/user-data cannot be read/);
  });

  it('ends at once though its broker never answered', async () => {
    const { begin, road } = await stage();
    Object.assign(road, { isOpen: false, isSilent: true });
    const { stop } = begin();
    await vi.waitFor(() => expect(road.attempts).toBe(1));
    const startedAt = performance.now();
    await stop();
    expect(performance.now() - startedAt).toBeLessThan(1000);
    expect(road.closed).toBe(1);
  });

  it('reports its driver once that is loaded, and not before', async () => {
    const { begin, plane, directory, here, ask, road, asked, at, sha256 } = await stage();
    const first = begin();
    await enrolled(directory);
    await plane.call(INSTANCE, 'prepare', { spec: here, databases: [], users: [] }, ask());
    await first.stop();
    await rm(at('state/drivers'), { recursive: true });
    const sending = Promise.withResolvers<void>();
    onTestFinished(() => sending.resolve());
    road.sending = sending.promise;
    asked.length = 0;
    begin();
    await vi.waitFor(() => expect(asked).toContain(0), { timeout: 5000 });
    await vi.waitFor(() => expect(directory.row(INSTANCE)?.lastReport).toMatchObject({ state: 'restarting' }));
    expect(directory.row(INSTANCE)?.lastReport).not.toHaveProperty('driver');
    sending.resolve();
    await vi.waitFor(() => expect(directory.row(INSTANCE)?.lastReport).toMatchObject({ driver: sha256 }));
  });

  it('keeps the token out of its state, and the broker password in one file that is its own', async () => {
    const { begin, plane, directory, here, ask, at } = await stage();
    const { stop } = begin();
    await enrolled(directory);
    await plane.call(INSTANCE, 'prepare', { spec: here, databases: [], users: [] }, ask());
    await stop();
    const { token } = JSON.parse(await readFile(at('user-data'), 'utf8'));
    const entries = await readdir(at('state'), { recursive: true, withFileTypes: true });
    const holds: Record<string, string[]> = { token: [], password: [] };
    let read = 0;
    for (const entry of entries) {
      if (!entry.isFile()) continue;
      const path = join(entry.parentPath, entry.name);
      const text = await readFile(path, 'utf8');
      read += 1;
      if (text.includes(token)) holds.token?.push(entry.name);
      if (text.includes(BROKER_PASSWORD)) holds.password?.push(entry.name);
      expect((await stat(path)).mode & 0o777).toBe(0o600);
    }
    expect(read).toBeGreaterThan(4);
    expect(holds).toEqual({ token: [], password: ['account.json'] });
  });

  it('ends with a sentence when its user data is not there or is no such thing', async () => {
    const { begin, at } = await stage();
    await writeFile(at('user-data'), '#!/bin/sh');
    const { ended } = begin();
    await expect(ended).rejects.toThrow(/user-data is no JSON/);
  });
});
