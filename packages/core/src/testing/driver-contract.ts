import { once } from 'node:events';
import { createServer } from 'node:net';
import { describe, expect, it } from 'vitest';
import type { DatastoreDriver } from '../driver/driver.ts';
import { CAPABILITY_GROUPS } from '../driver/manifest.ts';
import { parseManifest } from '../driver/manifest-check.ts';
import { checkDatabaseName, checkUserName, SERVICE_ACCOUNT } from '../driver/names.ts';
import { evaluateSizing } from '../driver/sizing.ts';
import { Problem } from '../problem.ts';
import { operation, recordedContext, SERVICE_PASSWORD } from './driver-context.ts';
import type { DriverTest } from './driver-harness.ts';

/** Where nothing listens. */
const NOWHERE = { socketPath: '/nonexistent/coffer-driver-suite.sock' };

/** Calls that change or read something, by the group that they belong to. */
function calls(driver: DatastoreDriver): [string, (signal?: AbortSignal) => Promise<unknown>][] {
  const user = { name: 'anna', password: `pw-${SERVICE_PASSWORD}`, databases: ['shop'] };
  const { databases, users, root } = driver;
  const list: [string, (signal?: AbortSignal) => Promise<unknown>][] = [
    ['initialise', (signal) => driver.initialise(operation(5_000, signal))],
  ];
  if (databases) {
    list.push(['databases.list', (signal) => databases.list({ limit: 10 }, operation(5_000, signal))]);
    list.push(['databases.create', (signal) => databases.create({ name: 'shop' }, operation(5_000, signal))]);
    list.push(['databases.drop', (signal) => databases.drop('shop', operation(5_000, signal))]);
  }
  if (users) {
    list.push(['users.list', (signal) => users.list({ limit: 10 }, operation(5_000, signal))]);
    list.push(['users.get', (signal) => users.get(user, operation(5_000, signal))]);
    list.push(['users.create', (signal) => users.create(user, operation(5_000, signal))]);
    const { password } = user;
    list.push(['users.alter', (signal) => users.alter(user, { name: 'berta', password }, operation(5_000, signal))]);
    list.push(['users.grant', (signal) => users.grant(user, ['shop'], operation(5_000, signal))]);
    list.push(['users.revoke', (signal) => users.revoke(user, 'shop', operation(5_000, signal))]);
    list.push(['users.drop', (signal) => users.drop(user, operation(5_000, signal))]);
  }
  if (root) {
    list.push(['root.status', (signal) => root.status(operation(5_000, signal))]);
    list.push(['root.enable', (signal) => root.enable(user.password, operation(5_000, signal))]);
    list.push(['root.disable', (signal) => root.disable(operation(5_000, signal))]);
  }
  return list;
}

async function rejection(call: Promise<unknown>): Promise<unknown> {
  try {
    return { resolved: await call };
  } catch (error) {
    return error;
  }
}

/** Everything that a log would print of an error: its fields and its causes too. */
export function printed(error: unknown): string {
  const parts: string[] = [];
  for (let at: unknown = error; at instanceof Error; at = at.cause) {
    parts.push(String(at.stack), at.message, JSON.stringify(Object.entries(at)));
  }
  return parts.join('\n');
}

/** What every driver owes, with no database there. */
export function contractTests(test: DriverTest): void {
  const { manifest } = test.factory;
  const context = () => recordedContext(test, { endpoint: () => NOWHERE });

  describe('contract', () => {
    it('has a manifest that reads back as it was written', () => {
      expect(parseManifest(JSON.parse(JSON.stringify(manifest)))).toEqual(manifest);
    });

    it('declares the groups that it has, and no others', async () => {
      const driver = test.factory.create(context());
      const present = CAPABILITY_GROUPS.filter(
        (group) => Object.hasOwn(driver, group) && Reflect.get(driver, group) !== undefined,
      );
      expect(present.toSorted()).toEqual([...manifest.groups].toSorted());
      await driver.close();
    });

    it('sizes every flavor from the smallest to a large one', () => {
      for (const memoryMib of [manifest.minMemoryMib, 1024, 4096, 65_536, 1_048_576]) {
        for (const value of Object.values(evaluateSizing(manifest, { memoryMib, vcpus: 1 })))
          expect(String(value)).not.toMatch(/^-|NaN|undefined/);
      }
      const known = new Set(manifest.parameters.map((parameter) => parameter.name));
      expect(manifest.sizing.filter((rule) => !known.has(rule.parameter))).toEqual([]);
    });

    it('gives the same container for the same context', async () => {
      const driver = test.factory.create(context());
      expect(driver.container()).toEqual(driver.container());
      expect(test.factory.create(context()).container()).toEqual(driver.container());
      await driver.close();
    });

    it('asks for a container that keeps its data and can be ended', () => {
      const spec = test.factory.create(context()).container();
      expect(spec.image).toBe(context().image);
      expect(spec.mounts.filter((mount) => mount.kind === 'data').length).toBeGreaterThan(0);
      expect(spec.stopSignal).toMatch(/^SIG[A-Z0-9]+$/);
      expect(spec.stopTimeoutMs).toBeGreaterThanOrEqual(10_000);
      for (const { path } of spec.files) expect(path).toMatch(/^\/([^/]+\/)+[^/]+$/);
      const targets = spec.mounts.map((mount) => mount.target);
      expect(new Set(targets).size).toBe(targets.length);
      if (manifest.socket !== undefined) {
        const folder = manifest.socket.slice(0, manifest.socket.lastIndexOf('/'));
        expect(spec.mounts.filter((mount) => mount.kind === 'run').map((mount) => mount.target)).toContain(folder);
      }
    });

    it('puts no secret where an inspection shows it, and none in a file that others can read', () => {
      const { files, ...rest } = test.factory.create(context()).container();
      expect(JSON.stringify(rest)).not.toContain(JSON.stringify(SERVICE_PASSWORD).slice(1, -1));
      expect(files.map((file) => file.path).join()).not.toContain(SERVICE_PASSWORD);
      for (const file of files.filter(({ content }) => content.includes(SERVICE_PASSWORD)))
        expect((file.mode ?? 0o444) & 0o077).toBe(0);
    });

    it('says that the database is down instead of throwing, also when the call was given up before it began', async () => {
      const driver = test.factory.create(context());
      for (const signal of [undefined, AbortSignal.abort()]) {
        const health = await driver.probe(operation(5_000, signal));
        expect(['down', 'starting']).toContain(health.state);
      }
      await driver.close();
    });

    it('answers every call with a problem when no database is there, and gives no secret away', async () => {
      const recording = context();
      const driver = test.factory.create(recording);
      for (const [name, call] of calls(driver)) {
        const error = await rejection(call());
        expect(error, name).toBeInstanceOf(Problem);
        expect(error instanceof Problem && error.mayRetry, `${name} may be repeated`).toBe(true);
        expect(printed(error)).not.toContain(SERVICE_PASSWORD);
      }
      expect(recording.recorded.join('\n')).not.toContain(SERVICE_PASSWORD);
      await driver.close();
    });

    it('ends a call whose signal has fired', async () => {
      const driver = test.factory.create(context());
      for (const [name, call] of calls(driver))
        expect(await rejection(call(AbortSignal.abort())), name).toBeInstanceOf(Problem);
      await driver.close();
    });

    it('says so at once when a connection is taken and closed again, as by a database that is going down', async () => {
      const server = createServer((socket) => socket.destroy());
      server.listen(0, '127.0.0.1');
      await once(server, 'listening');
      const address = server.address();
      const port = typeof address === 'object' && address ? address.port : 0;
      const driver = test.factory.create(recordedContext(test, { endpoint: () => ({ host: '127.0.0.1', port }) }));
      const since = Date.now();
      expect((await driver.probe(operation(5_000))).state).toBe('down');
      for (const [name, call] of calls(driver)) expect(await rejection(call()), name).toBeInstanceOf(Problem);
      expect(Date.now() - since).toBeLessThan(2_000);
      await driver.close();
      server.close();
    });

    it('takes shutdown and close for done when nothing runs', async () => {
      const driver = test.factory.create(context());
      for (let time = 0; time < 2; time += 1) {
        await driver.shutdown(operation(5_000));
        await driver.close();
      }
    });

    it('reserves the names of the engine and of the service', () => {
      for (const name of manifest.reserved.databases) expect(() => checkDatabaseName(manifest, name)).toThrow(Problem);
      for (const name of [SERVICE_ACCOUNT, ...manifest.reserved.users])
        expect(() => checkUserName(manifest, name)).toThrow(Problem);
    });
  });
}
