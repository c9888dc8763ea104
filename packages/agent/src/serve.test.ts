import { createHash } from 'node:crypto';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Problem, silentLogger } from '@coffer/core';
import { type ControlHandlers, createGuestLink } from '@coffer/core/rpc';
import { createFakeRuntime, createMemoryBroker, createMemoryDirectory } from '@coffer/core/testing';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { readConfig } from './config.ts';
import type { RunCommand } from './run-command.ts';
import { serve } from './serve.ts';
import { INSTANCE, manifest, scratch, spec } from './testing.ts';

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
      return { base64: bytes.subarray(offset, offset + 500).toString('base64'), totalBytes: bytes.length };
    },
  };
  const plane = createGuestLink({ transport: broker.server(), directory, handlers });
  await plane.start();
  onTestFinished(() => plane.close());
  await writeFile(
    at('user-data'),
    JSON.stringify({
      version: 1,
      instanceId: INSTANCE,
      token: directory.add(INSTANCE),
      broker: { host: 'broker', port: 5671, username: 'u', password: 'p' },
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
  const road = { isOpen: true, attempts: 0 };

  function begin() {
    const stopping = new AbortController();
    const connect = () => {
      road.attempts += 1;
      const transport = broker.agent(INSTANCE);
      if (road.isOpen) return transport;
      return {
        ...transport,
        start: () => Promise.reject(new Problem('unavailable', 'no broker')),
        close: async () => {},
      };
    };
    const ended = serve({ config, runtime, run, connect, log: silentLogger }, stopping.signal);
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

  it('keeps the token and the broker password out of its state', async () => {
    const { begin, directory, at } = await stage();
    begin();
    await enrolled(directory);
    await vi.waitFor(() => readFile(at('state/enrolled.json')));
    const { token } = JSON.parse(await readFile(at('user-data'), 'utf8'));
    for (const name of ['keys', 'enrolled', 'boot'])
      expect(await readFile(at(`state/${name}.json`), 'utf8')).not.toContain(token);
  });

  it('ends with a sentence when its user data is not there or is no such thing', async () => {
    const { begin, at } = await stage();
    await writeFile(at('user-data'), '#!/bin/sh');
    const { ended } = begin();
    await expect(ended).rejects.toThrow(/user-data is no JSON/);
  });
});
