import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:net';
import type { DatastoreDriver } from '../driver/driver.ts';
import { CAPABILITY_GROUPS } from '../driver/manifest.ts';
import { parseManifest } from '../driver/manifest-check.ts';
import { checkDatabaseName, checkUserName, ROOT_ACCOUNT, SERVICE_ACCOUNT } from '../driver/names.ts';
import { evaluateSizing } from '../driver/sizing.ts';
import { Problem } from '../problem.ts';
import { type Check, checkGroup } from './driver-check.ts';
import { operation, type RecordedContext, recordedContext, SERVICE_PASSWORD, versionOf } from './driver-context.ts';
import { printed, problemOf, tells } from './driver-expect.ts';
import type { DriverTest } from './driver-harness.ts';

/** Where nothing listens. */
const NOWHERE = { socketPath: '/nonexistent/coffer-driver-suite.sock' };
const USER = { name: 'anna', password: `pw-${SERVICE_PASSWORD}`, databases: [] };

type Call = (driver: DatastoreDriver, signal?: AbortSignal) => Promise<unknown> | undefined;

const op = (signal?: AbortSignal) => operation(5_000, signal);

/** Every call that needs the database, by its name; undefined where the driver has no such group. */
const CALLS: Readonly<Record<string, Call>> = {
  initialise: (driver, signal) => driver.initialise(op(signal)),
  'databases.list': ({ databases }, signal) => databases?.list({ limit: 10 }, op(signal)),
  'databases.create': ({ databases }, signal) => databases?.create({ name: 'shop' }, op(signal)),
  'databases.drop': ({ databases }, signal) => databases?.drop('shop', op(signal)),
  'users.list': ({ users }, signal) => users?.list({ limit: 10 }, op(signal)),
  'users.get': ({ users }, signal) => users?.get(USER, op(signal)),
  'users.create': ({ users }, signal) => users?.create(USER, op(signal)),
  'users.alter': ({ users }, signal) => users?.alter(USER, { name: 'berta', password: USER.password }, op(signal)),
  'users.grant': ({ users, databases }, signal) => databases && users?.grant(USER, ['shop'], op(signal)),
  'users.revoke': ({ users, databases }, signal) => databases && users?.revoke(USER, 'shop', op(signal)),
  'users.drop': ({ users }, signal) => users?.drop(USER, op(signal)),
  'root.status': ({ root }, signal) => root?.status(op(signal)),
  'root.enable': ({ root }, signal) => root?.enable(USER.password, op(signal)),
  'root.disable': ({ root }, signal) => root?.disable(op(signal)),
  'configuration.effective': ({ configuration }, signal) => configuration?.effective(['a'], op(signal)),
  'logs.reopen': ({ logs }, signal) => logs?.reopen(op(signal)),
  'tls.status': ({ tls }, signal) => tls?.status(op(signal)),
  'metrics.read': ({ metrics }, signal) => metrics?.read(op(signal)),
};

/** What every driver owes, with no database there. */
export function contractChecks(test: DriverTest): Check[] {
  const { manifest } = test.factory;
  const context = (): RecordedContext => recordedContext(test, { endpoint: () => NOWHERE });
  async function withDriver<T>(
    work: (driver: DatastoreDriver, context: RecordedContext) => T | Promise<T>,
  ): Promise<T> {
    const given = context();
    const driver = test.factory.create(given);
    try {
      return await work(driver, given);
    } finally {
      await driver.close();
    }
  }
  const spec = () => withDriver((driver) => driver.container());

  return checkGroup('contract', (add) => {
    add('the manifest reads back as it was written', async () => {
      assert.deepEqual(parseManifest(JSON.parse(JSON.stringify(manifest))), manifest);
    });

    for (const group of CAPABILITY_GROUPS) {
      const isDeclared = manifest.groups.includes(group);
      add(`the group ${group} is there if, and only if, the manifest declares it`, () =>
        withDriver((driver) =>
          assert.equal(driver[group] !== undefined, isDeclared, `the manifest says ${isDeclared}`),
        ),
      );
    }

    add('every flavor is sized, from the smallest to a large one', async () => {
      for (const memoryMib of [manifest.minMemoryMib, 1024, 4096, 65_536, 1_048_576])
        for (const [name, value] of Object.entries(evaluateSizing(manifest, { memoryMib, vcpus: 1 })))
          assert.doesNotMatch(String(value), /^-|NaN|undefined/, `${name} at ${memoryMib} MiB`);
    });

    add('sizing sets what the version has, in its type', async () => {
      const known = new Map(versionOf(test).parameters.map((parameter) => [parameter.name, parameter.type]));
      for (const [name, value] of Object.entries(
        evaluateSizing(manifest, { memoryMib: manifest.minMemoryMib, vcpus: 1 }),
      ))
        assert.equal(
          typeof value,
          { integer: 'number', float: 'number', string: 'string', boolean: 'boolean' }[known.get(name) ?? 'string'],
          name,
        );
    });

    add('the same context gives the same container', async () => {
      const first = await withDriver((driver) => {
        const made = driver.container();
        assert.deepEqual(driver.container(), made);
        return made;
      });
      assert.deepEqual(await spec(), first);
    });

    add('the container runs the image that is given', async () => assert.equal((await spec()).image, context().image));

    add('the container keeps its data', async () => {
      const { mounts } = await spec();
      assert(
        mounts.some((mount) => mount.kind === 'data'),
        'no mount of kind data',
      );
      const targets = mounts.map((mount) => mount.target);
      assert.equal(new Set(targets).size, targets.length, `two mounts at one place: ${targets.join(', ')}`);
    });

    add('the container can be ended, with time to do so', async () => {
      const { stopSignal, stopTimeoutMs } = await spec();
      assert.match(stopSignal, /^SIG[A-Z0-9]+$/);
      assert(stopTimeoutMs >= 10_000, `stopTimeoutMs is ${stopTimeoutMs}`);
    });

    add('the files of the container lie in folders of their own', async () => {
      for (const { path } of (await spec()).files) assert.match(path, /^\/([^/]+\/)+[^/]+$/);
    });

    add('the socket of the manifest lies in a shared folder', async () => {
      const { socket } = manifest;
      const folders = (await spec()).mounts.filter((mount) => mount.kind === 'run').map((mount) => mount.target);
      if (socket !== undefined) assert(folders.includes(socket.slice(0, socket.lastIndexOf('/'))), folders.join());
    });

    add('no secret is where an inspection shows it', async () => {
      const { files, ...rest } = await spec();
      assert(
        !tells(JSON.stringify(rest), SERVICE_PASSWORD),
        'the service password is in arguments, environment or mounts',
      );
      assert(!tells(files.map((file) => file.path).join(), SERVICE_PASSWORD), 'the service password is in a path');
    });

    add('no secret is in a file that others can read', async () => {
      for (const { path, mode } of (await spec()).files.filter(({ content }) => tells(content, SERVICE_PASSWORD)))
        assert.equal((mode ?? 0o444) & 0o077, 0, `${path} may be read by others`);
    });

    add('a database that is not there is down, and nothing is thrown', () =>
      withDriver(async (driver) => {
        const { state } = await driver.probe(op());
        assert(['down', 'starting'].includes(state), state);
      }),
    );

    add('a probe that is given up before it began throws nothing', () =>
      withDriver(async (driver) => {
        const { state } = await driver.probe(op(AbortSignal.abort()));
        assert(['down', 'starting'].includes(state), state);
      }),
    );

    for (const [name, call] of Object.entries(CALLS)) {
      const isThere = name === 'initialise' || manifest.groups.some((group) => name.startsWith(`${group}.`));
      const needsDatabases = /grant|revoke/.test(name) && !manifest.groups.includes('databases');
      const skip = isThere && !needsDatabases ? undefined : 'not declared';
      add(
        `${name} says that no database is there, may be repeated, and gives no secret away`,
        skip ??
          (() =>
            withDriver(async (driver, { logged, commands }) => {
              const problem = await problemOf(Promise.resolve(call(driver)), name);
              assert(problem.mayRetry, `${problem.code} cannot be repeated`);
              for (const said of [printed(problem), ...logged, ...commands])
                assert(!tells(said, SERVICE_PASSWORD), `a secret in: ${said}`);
            })),
      );
      add(
        `${name} ends when its signal has fired`,
        skip ??
          (() =>
            withDriver(
              async (driver) => void (await problemOf(Promise.resolve(call(driver, AbortSignal.abort())), name)),
            )),
        5_000,
      );
    }

    add('a connection that is taken and closed again is told at once', async () => {
      const server = createServer((socket) => socket.destroy());
      server.listen(0, '127.0.0.1');
      await once(server, 'listening');
      const address = server.address();
      const port = typeof address === 'object' && address ? address.port : 0;
      const driver = test.factory.create(recordedContext(test, { endpoint: () => ({ host: '127.0.0.1', port }) }));
      try {
        const since = Date.now();
        assert.equal((await driver.probe(op())).state, 'down');
        assert((await problemOf(driver.initialise(op()), 'initialise')) instanceof Problem);
        assert(Date.now() - since < 2_000, `it took ${Date.now() - since} ms`);
      } finally {
        await driver.close();
        server.close();
      }
    });

    add('shutdown and close are done when nothing runs, twice', () =>
      withDriver(async (driver) => {
        for (let time = 0; time < 2; time += 1) {
          await driver.shutdown(op());
          await driver.close();
        }
      }),
    );

    add('the names of engine and service are reserved', async () => {
      for (const name of manifest.reserved.databases)
        assert.throws(() => checkDatabaseName(manifest, name), Problem, name);
      for (const name of [SERVICE_ACCOUNT, ...manifest.reserved.users])
        assert.throws(() => checkUserName(manifest, name), Problem, name);
      if (manifest.groups.includes('root'))
        assert(manifest.reserved.users.includes(ROOT_ACCOUNT), 'root is not reserved');
    });
  });
}
