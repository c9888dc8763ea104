import assert from 'node:assert/strict';
import { checkPassword, ROOT_ACCOUNT } from '../driver/names.ts';
import type { Check } from './driver-check.ts';
import { operation } from './driver-context.ts';
import { refusedWith } from './driver-expect.ts';
import type { AdministratorTest, TenantSession } from './driver-harness.ts';
import { capabilityGroup, type Live } from './driver-live.ts';
import { allowed, HOSTILE_PASSWORDS } from './driver-names.ts';
import type { World } from './driver-world.ts';

/** Longer than the shortest interval of scheduled work. */
const SETTLED_MS = 2_200;

/** The tenant's administrator: what it can do, what it cannot, and that it is gone when it is disabled. */
export function rootChecks(live: Live): Check[] {
  const { test, reach } = live;
  const { manifest } = test.factory;
  const root = (world: World) => world.group('root');
  const asRoot = <T>(world: World, password: string, work: (session: TenantSession) => Promise<T>): Promise<T> =>
    world.as(ROOT_ACCOUNT, password, {}, work);
  const words = (): AdministratorTest => {
    if (test.administrator) return test.administrator;
    throw new Error('a driver with the group root is tested with `administrator`');
  };

  /** Refused, or answered with nothing but NULL, as functions over files do. @throws Error when it cost the session its life. */
  async function isRefused(world: World, session: TenantSession, statement: string): Promise<boolean> {
    try {
      const rows = await session.query(statement);
      return rows.length > 0 && rows.flat().every((value) => value === null);
    } catch {
      await world.words.ping(session);
      return true;
    }
  }

  async function enabled(world: World): Promise<string> {
    const password = world.secret();
    await root(world).enable(password, operation());
    return password;
  }

  return capabilityGroup(live, 'root', (given) => {
    const add: typeof given = (name, work, timeoutMs) =>
      given(
        name,
        typeof work === 'string'
          ? work
          : async (world) => {
              try {
                await work(world);
              } finally {
                await root(world)
                  .disable(operation())
                  .catch(() => {});
              }
            },
        timeoutMs,
      );

    add('it is shut out until it is enabled', async (world) => {
      assert.equal(await root(world).status(operation()), 'disabled');
      assert.equal(await root(world).disable(operation()), 'missing');
      assert(await world.isShutOut(ROOT_ACCOUNT, ''), 'root came in');
    });

    add('it is let in when it is enabled, twice', async (world) => {
      const password = world.secret();
      for (let time = 0; time < 2; time += 1) await root(world).enable(password, operation());
      assert.equal(await root(world).status(operation()), 'enabled');
      await asRoot(world, password, (session) => world.words.ping(session));
    });

    add('the password of the last call counts', async (world) => {
      const first = await enabled(world);
      const second = await enabled(world);
      assert(await world.isShutOut(ROOT_ACCOUNT, first), 'the first password still opens');
      assert(!(await world.isShutOut(ROOT_ACCOUNT, second)), 'the second password does not open');
    });

    add('it is no user', async (world) => {
      await enabled(world);
      if (world.driver.users) assert.deepEqual(await world.users(), []);
    });

    add('it stays as it is when the database is brought into service again', async (world) => {
      const password = await enabled(world);
      await world.driver.initialise(operation());
      assert.equal(await root(world).status(operation()), 'enabled');
      assert(!(await world.isShutOut(ROOT_ACCOUNT, password)), 'root was shut out');
    });

    add('it takes every password that the manifest allows, and no other', async (world) => {
      for (const password of HOSTILE_PASSWORDS.filter((one) => allowed(() => checkPassword(manifest, one)))) {
        await root(world).enable(password, operation());
        assert(!(await world.isShutOut(ROOT_ACCOUNT, password)), password);
      }
      for (const password of ['nul\0', 'x'.repeat(manifest.names.password.maxBytes + 1)])
        await refusedWith('bad_request', root(world).enable(password, operation()));
    });

    add(
      'it manages what is the tenant’s, and cannot leave the database, touch the service, or give itself more',
      async (world) => {
        const password = await enabled(world);
        await asRoot(world, password, async (session) => {
          for (const statement of words().may)
            await session
              .query(statement)
              .catch((error: unknown) => assert.fail(`${statement} was refused: ${String(error)}`));
        });
        await asRoot(world, password, async (session) => {
          for (const statement of await words().mayNot(session))
            assert(await isRefused(world, session, statement), `${statement} was not refused`);
        });
        assert.deepEqual(await world.driver.probe(operation()), { state: 'healthy' });
        assert(!(await world.isShutOut(ROOT_ACCOUNT, password)), 'root has shut itself out');
        await goneAfter(world, password);
      },
      60_000,
    );

    /** What root has prepared against it does not keep it in; what it made is there when it comes back. */
    async function goneAfter(world: World, password: string): Promise<void> {
      const own = world.secret();
      const session = await world.login(ROOT_ACCOUNT, password);
      for (const statement of words().wayBack(own)) await session.query(statement);
      assert.equal(await root(world).disable(operation()), 'disabled');
      assert(await world.isDead(session), 'a session of root lives on');
      assert.equal(await root(world).disable(operation()), 'missing');
      const end = Date.now() + (reach === 'socket' || manifest.socket === undefined ? SETTLED_MS : 0);
      do {
        for (const one of [password, own]) assert(await world.isShutOut(ROOT_ACCOUNT, one), 'root came back in');
        await new Promise((resolve) => setTimeout(resolve, 100));
      } while (Date.now() < end);
      assert.equal(await root(world).status(operation()), 'disabled');
      const again = await enabled(world);
      assert(await world.isShutOut(ROOT_ACCOUNT, own), 'its own password opens');
      await asRoot(world, again, async (next) => {
        for (const statement of words().mayStill)
          await next
            .query(statement)
            .catch((error: unknown) => assert.fail(`${statement} was refused: ${String(error)}`));
      });
    }

    add(
      'it is held to its limits also while its rights are given once more',
      async (world) => {
        const password = await enabled(world);
        let isOver = false;
        // Each time by a new login: a session may keep the rights that it began with.
        const attack = async (): Promise<void> => {
          do {
            const isHeld = await asRoot(world, password, (session) => isRefused(world, session, words().beyond));
            assert(isHeld, `${words().beyond} was not refused`);
          } while (!isOver);
        };
        const again = async (): Promise<void> => {
          for (let time = 0; time < 20; time += 1) await root(world).enable(password, operation());
        };
        const work = again().finally(() => {
          isOver = true;
        });
        await Promise.all([attack(), work]);
      },
      60_000,
    );

    add('it is shut out when it is disabled, open sessions too, and says whether it was', async (world) => {
      const password = await enabled(world);
      const session = await world.login(ROOT_ACCOUNT, password);
      assert.equal(await root(world).disable(operation()), 'disabled');
      assert(await world.isDead(session), 'a session of root lives on');
      assert(await world.isShutOut(ROOT_ACCOUNT, password), 'root came in');
      assert.equal(await root(world).status(operation()), 'disabled');
      assert.equal(await root(world).disable(operation()), 'missing');
    });
  });
}
