import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createTestAuthority, createWire } from '@coffer/agent/harness';
import type { ContainerSpec } from '@coffer/core';
import type { DriverHarness, DriverTest, TestGuest } from '@coffer/core/testing';
import { tinyDriver } from './driver.ts';
import { openLine, quoted } from './protocol.ts';
import { emptyVolume, startTiny, type TinyServer } from './server.ts';

/** Guests in this process: no container, no image, no waiting. */
async function createTinyGuest({ reach }: { reach: 'socket' | 'tcp' }): Promise<TestGuest> {
  const root = await mkdtemp(join(tmpdir(), 'coffer-tiny-'));
  const socketPath = join(root, 'tiny.sock');
  const volume = emptyVolume();
  const laid = new Map<string, string>();
  const said: string[] = [];
  let server: TinyServer | undefined;
  let spec: ContainerSpec | undefined;
  const wire = await createWire(
    reach === 'socket' ? { path: join(root, 'near.sock') } : { host: '127.0.0.1', port: 0 },
    () => (reach === 'socket' ? { path: socketPath } : { host: '127.0.0.1', port: server?.port ?? 1 }),
  );
  const address = (): { host: string; port: number } => ({ host: '127.0.0.1', port: server?.port ?? 1 });

  const lay: TestGuest['lay'] = async (files) => {
    for (const { path, content } of files) laid.set(path, content);
  };

  return {
    wire,
    endpoint: () => wire.endpoint,
    tenantAddress: async () => address(),
    exec: async () => ({ exitCode: 0, stdout: '', stderr: '' }),
    async start(given) {
      spec = given;
      await lay(given.files);
      server?.stop(0);
      server = await startTiny({ volume, socketPath, laid, bootPassword: laid.get('/run/secrets/boot') ?? '' });
      said.push('tiny is listening\n');
    },
    lay,
    async ended() {
      await server?.ended;
      return server?.exitCode ?? 0;
    },
    async kill() {
      server?.stop(137);
    },
    async pause() {
      server?.pause();
    },
    async resume() {
      server?.resume();
    },
    read: async (path) =>
      volume.files
        .get(path)
        ?.map((line) => `${line}\n`)
        .join(''),
    async rename(path, to) {
      const found = volume.files.get(path);
      if (!found) throw new Error(`${path} is not there`);
      volume.files.delete(path);
      volume.files.set(to, found);
    },
    output: async () => said.join(''),
    async fillDisk() {
      volume.isFull = true;
    },
    async freeDisk() {
      volume.isFull = false;
    },
    evidence: async () =>
      JSON.stringify({ inspected: { ...spec, files: [] }, processes: [['tiny', ...(spec?.args ?? [])]] }),
    async remove() {
      await wire.close();
      server?.stop(0);
      await rm(root, { recursive: true, force: true });
    },
  };
}

const harness: DriverHarness = { guest: createTinyGuest, authority: createTestAuthority };

/** What the tiny datastore, or a broken driver of it, is tested with. */
export function tinyTest(factory = tinyDriver()): DriverTest {
  return {
    factory,
    harness,
    async login({ user, password, database, tls, ...target }) {
      const line = await openLine(target, tls);
      await line.ask(
        ['LOGIN', user, password, ...(database === undefined ? [] : [database])]
          .map((word, index) => (index === 0 ? word : quoted(word)))
          .join(' '),
      );
      return { query: (statement) => line.ask(statement), end: async () => line.end() };
    },
    words: {
      ping: (session) => session.query('PING'),
      write: (session, key, value) => session.query(`SET ${key} ${value}`),
      async read(session, key) {
        const [row] = await session.query(`GET ${key}`);
        return row?.[0] === '' ? undefined : String(row?.[0]);
      },
    },
    administrator: {
      may: ['MAKE-DATABASE roots', 'PING'],
      mayNot: async () => ['SHUTDOWN', 'USERS', 'CHANGE workers 3', 'SERVICE-PASSWORD x', 'KILL os_admin'],
      beyond: 'USERS',
      wayBack: (password) => [`EVERY ${quoted(`ROOT-OPEN ${quoted(password)}`)}`],
      mayStill: ['DROP-DATABASE roots'],
    },
    configuration: {
      dynamic: { max_connections: 50, slow_ratio: 0.25, motd: 'it\'s "fine"', strict: true },
      restart: { workers: 4 },
      rejected: { name: 'max_connections', value: 13 },
      quirks: { strict: true },
    },
    logs: { general: (session, text) => session.query(`NOTE ${text}`) },
  };
}
