import assert from 'node:assert/strict';
import { Problem } from '../problem.ts';
import type { Check } from './driver-check.ts';
import { sameSettings } from './driver-configuration.ts';
import { operation, SERVICE_PASSWORD } from './driver-context.ts';
import { type Live, lacking, liveGroup } from './driver-live.ts';
import type { World } from './driver-world.ts';

/** What a probe of a database that does not answer is given. */
const PROBE_MS = 500;

/** A database comes up, is brought into service, and is kept to itself. The first checks on a database that was just started. */
export function lifeChecks(live: Live, group: string): Check[] {
  const { test, reach } = live;
  const { manifest } = test.factory;
  const isOpen = reach === 'tcp' || test.serviceFromOutside !== undefined;

  return liveGroup(live, group, (add) => {
    add('it is starting or down until it is healthy, and never anything else', async ({ firstStates }) => {
      assert.equal(firstStates.at(-1), 'healthy');
      for (const state of firstStates.slice(0, -1)) assert(['starting', 'down'].includes(state), firstStates.join());
    });

    add('a call during the start may be repeated', async ({ early }) => {
      // The database may have come up between the probe and the call.
      for (const given of early)
        if (given instanceof Error) assert(given instanceof Problem && given.mayRetry, String(given));
    });

    add(
      'it is initialised once and for all, whatever message a crash comes before',
      async ({ guest, another, driver }) => {
        const attempt = async (): Promise<void> => {
          const agent = another();
          try {
            await agent.initialise(operation());
          } finally {
            await agent.close();
          }
        };
        let cuts = 0;
        for (let isWhole = false; !isWhole; cuts += 1) {
          assert(cuts < 200, 'initialise has no end');
          guest.wire.cutAfter(cuts);
          const failed = await attempt().catch((error: unknown) => error);
          isWhole = !guest.wire.wasCut;
          if (isWhole) assert.equal(failed, undefined);
          else assert(failed === undefined || (failed instanceof Problem && failed.mayRetry), String(failed));
        }
        guest.wire.flow();
        await attempt();
        assert.deepEqual(await driver.probe(operation()), { state: 'healthy' });
      },
      60_000,
    );

    add('it is initialised again without a change', async ({ driver }) => {
      for (let time = 0; time < 2; time += 1) await driver.initialise(operation());
      assert.deepEqual(await driver.probe(operation()), { state: 'healthy' });
    });

    add('no account of its own can come in from outside', async ({ isShutOut, context }) => {
      for (const user of manifest.reserved.users) {
        if (isOpen && user === context.serviceAccount.user) continue;
        for (const password of [SERVICE_PASSWORD, '', user]) assert(await isShutOut(user, password), `${user} came in`);
      }
    });

    add('a probe in the middle of other calls is answered', async ({ driver }) => {
      const calls = Array.from({ length: 5 }, () => driver.probe(operation()));
      for (const health of await Promise.all(calls)) assert.deepEqual(health, { state: 'healthy' });
    });

    add('a session that was lost is made anew', async ({ driver, guest }) => {
      assert.equal((await driver.probe(operation())).state, 'healthy');
      guest.wire.drop();
      const { state } = await driver.probe(operation());
      if (state !== 'healthy') assert.equal((await driver.probe(operation())).state, 'healthy');
    });

    add('a driver that was closed can be used again', async ({ driver }) => {
      for (let time = 0; time < 2; time += 1) await driver.close();
      assert.deepEqual(await driver.probe(operation()), { state: 'healthy' });
    });

    add('a probe returns within its deadline when the database does not answer', async ({ driver, guest }) => {
      guest.wire.stall();
      try {
        const since = Date.now();
        const health = await Promise.race([driver.probe(operation(PROBE_MS)), late(PROBE_MS + 2_000)]);
        assert(Date.now() - since < PROBE_MS + 1_500, `it took ${Date.now() - since} ms`);
        assert.notEqual(health.state, 'healthy');
      } finally {
        guest.wire.flow();
      }
      await eventuallyHealthy({ driver });
    });

    add(
      'a probe returns within its deadline while the container is paused, and is healthy afterwards',
      async (world) => {
        await world.guest.pause();
        try {
          const since = Date.now();
          const health = await Promise.race([world.driver.probe(operation(PROBE_MS)), late(PROBE_MS + 2_000)]);
          assert(Date.now() - since < PROBE_MS + 1_500, `it took ${Date.now() - since} ms`);
          assert.notEqual(health.state, 'healthy');
        } finally {
          await world.guest.resume();
        }
        await eventuallyHealthy(world);
      },
    );

    add('two drivers over one database do not disturb each other', async ({ driver, another }) => {
      const other = another();
      try {
        for (const one of [driver, other, driver]) assert.equal((await one.probe(operation())).state, 'healthy');
      } finally {
        await other.close();
      }
      assert.equal((await driver.probe(operation())).state, 'healthy');
    });
  });
}

/** Rejects after a time that is too long. */
export function late(ms: number): Promise<never> {
  return new Promise((_, reject) => {
    setTimeout(() => reject(new Error(`it had not returned after ${ms} ms`)), ms).unref();
  });
}

/** The first probe may find out that its session was lost. */
async function eventuallyHealthy({ driver }: Pick<World, 'driver'>): Promise<void> {
  let last = await driver.probe(operation());
  for (let time = 0; time < 5 && last.state !== 'healthy'; time += 1) last = await driver.probe(operation());
  assert.deepEqual(last, { state: 'healthy' });
}

/** What outlives the end of a database, and what does not. */
export function restartChecks(live: Live): Check[] {
  const { configuration } = live.test;
  const noUsers = lacking(live, 'users');
  const noDatabases = lacking(live, 'databases');
  const noConfiguration = lacking(live, 'configuration') ?? (configuration ? undefined : 'no parameters to try');

  /** Something of a tenant's, to be found again. */
  async function settle(world: World): Promise<{ password: string; database: string | undefined }> {
    const password = world.secret();
    const database = noDatabases ? undefined : 'lasting';
    if (database !== undefined) await world.group('databases').create({ name: database }, operation());
    if (noUsers) return { password, database };
    await world
      .group('users')
      .create({ name: 'lasting', password, databases: database === undefined ? [] : [database] }, operation());
    await world.as('lasting', password, { database }, (session) => world.words.write(session, 'kept', 'v42'));
    return { password, database };
  }

  async function isThere(world: World, { password, database }: Awaited<ReturnType<typeof settle>>): Promise<void> {
    if (database !== undefined) assert.deepEqual(await world.databases(), [database]);
    if (noUsers) return;
    assert.deepEqual(
      (await world.users()).map(({ name }) => name),
      ['lasting'],
    );
    assert.equal(
      await world.as('lasting', password, { database }, (session) => world.words.read(session, 'kept')),
      'v42',
    );
  }

  async function end({ driver, guest }: World): Promise<void> {
    await driver.shutdown(operation());
    assert.equal(await guest.ended(30_000), 0, 'the exit code');
    await driver.shutdown(operation());
    const { state } = await driver.probe(operation());
    assert.equal(state, 'down');
  }

  return liveGroup(live, 'restart', (add) => {
    add(
      'a clean end keeps data and accounts, and shutdown may be asked again',
      async (world) => {
        const made = await settle(world);
        const lives = noConfiguration ? undefined : await beforeRestart(world);
        await end(world);
        await world.start();
        await world.driver.initialise(operation());
        await isThere(world, made);
        await lives?.after();
      },
      60_000,
    );

    add(
      'kill -9 is seen as down, and keeps data and accounts',
      async (world) => {
        const made = await settle(world);
        await world.guest.kill();
        assert.equal((await world.driver.probe(operation())).state, 'down');
        await world.start();
        await world.driver.initialise(operation());
        await isThere(world, made);
      },
      60_000,
    );
  });

  /** What is laid is in force after the start, also what needs one; what was only applied is gone, and `effective` says so. */
  async function beforeRestart(world: World): Promise<{ after(): Promise<void> }> {
    const group = world.group('configuration');
    const { dynamic = {}, restart = {} } = configuration ?? {};
    const names = Object.keys(dynamic);
    const before = await group.effective(names, operation());
    await group.apply(dynamic, operation());
    world.settings = { ...world.settings, ...restart };
    await world.lay();
    return {
      async after() {
        sameSettings(
          live.test,
          await group.effective(names, operation()),
          before,
          'applied and not laid, and not gone',
        );
        sameSettings(
          live.test,
          await group.effective(Object.keys(restart), operation()),
          restart,
          'laid, and not in force',
        );
      },
    };
  }
}
