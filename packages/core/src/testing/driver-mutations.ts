import assert from 'node:assert/strict';
import type { Settings } from '../driver/configuration.ts';
import { ROOT_ACCOUNT } from '../driver/names.ts';
import type { Operation } from '../driver/operation.ts';
import { Problem } from '../problem.ts';
import type { Check } from './driver-check.ts';
import { configure, sameSettings } from './driver-configuration.ts';
import { operation } from './driver-context.ts';
import { late } from './driver-life.ts';
import { type Live, lacking, liveGroup } from './driver-live.ts';
import type { World } from './driver-world.ts';

/** One call that changes something. */
interface Mutation {
  name: string;
  /** Groups that it needs. */
  needs: Parameters<typeof lacking>[1][];
  /** Brings the database to where the call has something to do. May be called again after it. */
  prepare(world: World, secrets: Secrets): Promise<unknown>;
  call(world: World, op: Operation, secrets: Secrets): Promise<unknown>;
  /** What must hold after it. */
  proves(world: World, secrets: Secrets): Promise<void>;
  /** Takes back what `tidy` does not. */
  undo?(world: World): Promise<unknown>;
}

interface Secrets {
  first: string;
  second: string;
}

const DATABASE = 'much';
const MOST_CUTS = 100;
/** How soon after its signal a call has to end. */
const GRACE_MS = 2_000;

const opens = async (world: World, name: string, password: string, database?: string): Promise<boolean> =>
  !(await world.isShutOut(name, password, { database }));

const where = (world: World) =>
  world.driver.databases ? { database: DATABASE, databases: [DATABASE] } : { databases: [] };

/** For what is not asked here: others say whether it may fail. */
const quietly = (call: Promise<unknown> | undefined): Promise<unknown> => Promise.resolve(call).catch(() => {});

async function nobody(world: World): Promise<void> {
  await quietly(world.driver.databases?.create({ name: DATABASE }, operation()));
  for (const name of ['anne', 'anna']) await quietly(world.group('users').drop({ name }, operation()));
}

async function anna(world: World, { first }: Secrets, databases = where(world).databases): Promise<void> {
  await nobody(world);
  await world.group('users').create({ name: 'anna', password: first, databases }, operation());
}

const databasesOf = async (world: World, name: string) =>
  (await world.group('users').get({ name }, operation()))?.databases;

/** As the agent does it: the files are laid, then the running database is told. */
async function secure(world: World, isRequired: boolean, op: Operation): Promise<void> {
  if (!world.material) return;
  world.material = { ...world.material, isRequired };
  await world.lay();
  await world.group('tls').apply(world.material, op);
}

const MUTATIONS: readonly Mutation[] = [
  {
    name: 'databases.create',
    needs: ['databases'],
    prepare: (world) => quietly(world.group('databases').drop(DATABASE, operation())),
    call: (world, op) => world.group('databases').create({ name: DATABASE }, op),
    proves: async (world) => assert.deepEqual(await world.databases(), [DATABASE]),
  },
  {
    name: 'databases.drop',
    needs: ['databases'],
    prepare: (world) => quietly(world.group('databases').create({ name: DATABASE }, operation())),
    call: (world, op) => world.group('databases').drop(DATABASE, op),
    proves: async (world) => assert.deepEqual(await world.databases(), []),
  },
  {
    name: 'users.create',
    needs: ['users'],
    prepare: nobody,
    call: (world, op, { first }) =>
      world.group('users').create({ name: 'anna', password: first, databases: where(world).databases }, op),
    async proves(world, { first }) {
      assert.deepEqual(await world.users(), [{ name: 'anna', host: '%', databases: where(world).databases }]);
      assert(await opens(world, 'anna', first, where(world).database), 'anna does not come in');
    },
  },
  {
    name: 'users.create of one who is there',
    needs: ['users'],
    prepare: (world, secrets) => anna(world, secrets, []),
    call: (world, op, { second }) =>
      world.group('users').create({ name: 'anna', password: second, databases: where(world).databases }, op),
    async proves(world, { first, second }) {
      assert(await opens(world, 'anna', second, where(world).database), 'the new password does not open');
      assert(!(await opens(world, 'anna', first, where(world).database)), 'the old password opens');
    },
  },
  {
    name: 'users.alter of a password',
    needs: ['users'],
    prepare: (world, secrets) => anna(world, secrets),
    call: (world, op, { second }) => world.group('users').alter({ name: 'anna' }, { password: second }, op),
    async proves(world, { first, second }) {
      assert(await opens(world, 'anna', second, where(world).database), 'the new password does not open');
      assert(!(await opens(world, 'anna', first, where(world).database)), 'the old password opens');
    },
  },
  {
    name: 'users.alter of a name',
    needs: ['users'],
    prepare: (world, secrets) => anna(world, secrets),
    call: (world, op) => world.group('users').alter({ name: 'anna' }, { name: 'anne' }, op),
    async proves(world, { first }) {
      assert.deepEqual(await world.users(), [{ name: 'anne', host: '%', databases: where(world).databases }]);
      assert(await opens(world, 'anne', first, where(world).database), 'anne does not come in');
    },
  },
  {
    name: 'users.grant',
    needs: ['users', 'databases'],
    prepare: (world, secrets) => anna(world, secrets, []),
    call: (world, op) => world.group('users').grant({ name: 'anna' }, [DATABASE], op),
    async proves(world, { first }) {
      assert.deepEqual(await databasesOf(world, 'anna'), [DATABASE]);
      assert(await opens(world, 'anna', first, DATABASE), 'what was granted is shut');
    },
  },
  {
    name: 'users.revoke',
    needs: ['users', 'databases'],
    prepare: (world, secrets) => anna(world, secrets),
    call: (world, op) => world.group('users').revoke({ name: 'anna' }, DATABASE, op),
    async proves(world, { first }) {
      assert.deepEqual(await databasesOf(world, 'anna'), []);
      assert(!(await opens(world, 'anna', first, DATABASE)), 'what was taken away is open');
    },
  },
  {
    name: 'users.drop',
    needs: ['users'],
    prepare: (world, secrets) => anna(world, secrets),
    call: (world, op) => world.group('users').drop({ name: 'anna' }, op),
    async proves(world, { first }) {
      assert.deepEqual(await world.users(), []);
      assert(!(await opens(world, 'anna', first, where(world).database)), 'anna comes in');
    },
  },
  {
    name: 'root.enable',
    needs: ['root'],
    prepare: (world, { first }) => world.group('root').enable(first, operation()),
    call: (world, op, { second }) => world.group('root').enable(second, op),
    async proves(world, { first, second }) {
      assert.equal(await world.group('root').status(operation()), 'enabled');
      assert(await opens(world, ROOT_ACCOUNT, second), 'root does not come in');
      assert(!(await opens(world, ROOT_ACCOUNT, first)), 'the old password opens');
    },
    undo: (world) => world.group('root').disable(operation()),
  },
  {
    name: 'root.disable',
    needs: ['root'],
    prepare: (world, { first }) => world.group('root').enable(first, operation()),
    call: (world, op) => world.group('root').disable(op),
    async proves(world, { first }) {
      assert.equal(await world.group('root').status(operation()), 'disabled');
      assert(!(await opens(world, ROOT_ACCOUNT, first)), 'root comes in');
    },
  },
  {
    name: 'tls.apply',
    needs: ['tls'],
    prepare: (world) => secure(world, true, operation()),
    call: (world, op) => secure(world, false, op),
    async proves(world) {
      assert.equal((await world.group('tls').status(operation())).isRequired, false);
    },
  },
  {
    name: 'logs.reopen',
    needs: ['logs'],
    prepare: async () => {},
    call: (world, op) => world.group('logs').reopen(op),
    proves: async ({ driver }) => assert.deepEqual(await driver.probe(operation()), { state: 'healthy' }),
  },
];

/** Repeated, cut off, given up: a call that changes something leaves what it was asked for, or can be asked again. */
export function mutationChecks(live: Live): Check[] {
  const { configuration } = live.test;
  let before: Settings | undefined;
  const apply: Mutation = {
    name: 'configuration.apply',
    needs: ['configuration'],
    prepare: async (world) => {
      before ??= world.settings;
      await configure(world, Object.fromEntries(Object.keys(configuration?.dynamic ?? {}).map((name) => [name, null])));
    },
    call: (world, op) => configure(world, configuration?.dynamic ?? {}, op),
    async proves(world) {
      const dynamic = configuration?.dynamic ?? {};
      sameSettings(
        live.test,
        await world.group('configuration').effective(Object.keys(dynamic), operation()),
        dynamic,
        'after apply',
      );
    },
    undo: async (world) => {
      const names = Object.keys(configuration?.dynamic ?? {});
      await configure(world, Object.fromEntries(names.map((name) => [name, before?.[name] ?? null])));
    },
  };

  return liveGroup(live, 'repeats', (add) => {
    for (const { name, needs, prepare, call, proves, undo } of [...MUTATIONS, apply]) {
      const noWords = name === apply.name && !configuration ? 'no parameters to try are given' : undefined;
      const why = lacking(live, ...needs) ?? noWords;
      const prepared = (work: (world: World, secrets: Secrets) => Promise<void>) => async (world: World) => {
        try {
          await work(world, { first: world.secret(), second: world.secret() });
        } finally {
          world.guest.wire.flow();
          await undo?.(world).catch(() => {});
        }
      };

      add(
        `${name} leaves the same when it is called twice`,
        why ??
          prepared(async (world, secrets) => {
            await prepare(world, secrets);
            for (let time = 0; time < 2; time += 1) {
              await call(world, operation(), secrets);
              await proves(world, secrets);
            }
          }),
      );

      add(
        `${name} is mended by its repeat, whatever message a crash comes before`,
        why ??
          prepared(async (world, secrets) => {
            let isWhole = false;
            for (let cuts = 0; !isWhole; cuts += 1) {
              assert(cuts < MOST_CUTS, 'the call has no end');
              await prepare(world, secrets);
              world.guest.wire.cutAfter(cuts);
              const failed = await call(world, operation(), secrets).then(
                () => undefined,
                (error: unknown) => error,
              );
              isWhole = !world.guest.wire.wasCut;
              world.guest.wire.flow();
              if (failed !== undefined)
                assert(
                  !isWhole && failed instanceof Problem && failed.mayRetry,
                  `before message ${cuts}: ${String(failed)}`,
                );
              await call(world, operation(), secrets);
              await proves(world, secrets);
            }
          }),
        60_000,
      );

      add(
        `${name} ends soon after its signal when nobody answers, and is mended by its repeat`,
        why ??
          prepared(async (world, secrets) => {
            await prepare(world, secrets);
            world.guest.wire.stall();
            const since = Date.now();
            const asked = call(world, operation(15_000, AbortSignal.timeout(100)), secrets);
            const failed = await Promise.race([asked.catch((error: unknown) => error), late(GRACE_MS)]);
            assert(failed instanceof Problem && failed.mayRetry, `after ${Date.now() - since} ms: ${String(failed)}`);
            world.guest.wire.flow();
            await call(world, operation(), secrets);
            await proves(world, secrets);
          }),
      );
    }
  });
}
