import assert from 'node:assert/strict';
import { checkDatabaseName } from '../driver/names.ts';
import type { Check } from './driver-check.ts';
import { operation } from './driver-context.ts';
import { byBytes, refusedWith } from './driver-expect.ts';
import { type Live, lacking, liveGroup } from './driver-live.ts';
import { allowed, HOSTILE_NAMES, REFUSED_NAMES } from './driver-names.ts';
import type { World } from './driver-world.ts';

const [HERE, THERE] = ['a_b', 'axb'] as const;

/** What users may reach, and what becomes of it when they are altered. */
export function accessChecks(live: Live): Check[] {
  const { manifest } = live.test.factory;
  const why = lacking(live, 'users', 'databases');
  const users = (world: World) => world.group('users');
  const granted = async (world: World, name: string) => (await users(world).get({ name }, operation()))?.databases;
  const opens = async (world: World, name: string, password: string, database: string) =>
    !(await world.isShutOut(name, password, { database }));

  /** Gina, who may use these of two databases. @returns her password */
  async function gina(world: World, databases: string[], name = 'gina'): Promise<string> {
    for (const database of [HERE, THERE]) await world.group('databases').create({ name: database }, operation());
    const password = world.secret();
    await users(world).create({ name, password, databases }, operation());
    return password;
  }

  return liveGroup(live, 'access', (given) => {
    const add: typeof given = (name, work, timeoutMs) => given(name, why ?? work, timeoutMs);

    add('a user may use the databases that are granted, and no others', async (world) => {
      const password = await gina(world, [HERE]);
      assert(await opens(world, 'gina', password, HERE), 'not what was granted');
      assert(!(await opens(world, 'gina', password, THERE)), 'what was not granted');
    });

    add('grant adds to what there is, twice', async (world) => {
      const password = await gina(world, [HERE]);
      for (let time = 0; time < 2; time += 1)
        assert.equal(await users(world).grant({ name: 'gina' }, [THERE, HERE], operation()), 'granted');
      assert.deepEqual(await granted(world, 'gina'), [HERE, THERE]);
      assert(await opens(world, 'gina', password, THERE), 'what was granted later');
      assert.equal(await users(world).grant({ name: 'nobody' }, [HERE], operation()), 'missing');
    });

    add('create adds the grants of its second call', async (world) => {
      const password = await gina(world, [HERE]);
      assert.equal(await users(world).create({ name: 'gina', password, databases: [THERE] }, operation()), 'exists');
      assert.deepEqual(await granted(world, 'gina'), [HERE, THERE]);
      assert(await opens(world, 'gina', password, THERE), 'what was granted later');
    });

    add('revoke takes one away, and says whether it was there', async (world) => {
      const password = await gina(world, [HERE, THERE]);
      assert.equal(await users(world).revoke({ name: 'gina' }, HERE, operation()), 'revoked');
      assert.equal(await users(world).revoke({ name: 'gina' }, HERE, operation()), 'missing');
      assert.equal(await users(world).revoke({ name: 'nobody' }, HERE, operation()), 'missing');
      assert.deepEqual(await granted(world, 'gina'), [THERE]);
      assert(!(await opens(world, 'gina', password, HERE)), 'what was taken away');
      assert(await opens(world, 'gina', password, THERE), 'what was not taken away');
    });

    add('revoke holds for sessions that are in the database, and only for those', async (world) => {
      const password = await gina(world, [HERE, THERE]);
      const inside = await world.login('gina', password, { database: HERE });
      const outside = await world.login('gina', password, { database: THERE });
      await world.words.write(inside, 'one', 'v1');
      await users(world).revoke({ name: 'gina' }, HERE, operation());
      await assert.rejects(async () => world.words.write(inside, 'two', 'v2'), 'a session goes on where it may not be');
      assert(!(await world.isDead(outside)), 'a session elsewhere was ended');
      await inside.end().catch(() => {});
      await outside.end();
    });

    add(
      'a grant is on the database of exactly that name',
      async (world) => {
        const wanted = HOSTILE_NAMES.filter((name) => allowed(() => checkDatabaseName(manifest, name)));
        for (const name of wanted) await world.group('databases').create({ name }, operation());
        const password = await gina(world, []);
        assert.equal(await users(world).grant({ name: 'gina' }, wanted, operation()), 'granted');
        assert.deepEqual((await granted(world, 'gina'))?.toSorted(byBytes), wanted.toSorted(byBytes));
        for (const [index, name] of wanted.entries()) {
          assert(await opens(world, 'gina', password, name), `${name} is not granted`);
          assert.equal(await users(world).revoke({ name: 'gina' }, name, operation()), 'revoked', name);
          assert(!(await opens(world, 'gina', password, name)), `${name} is still granted`);
          assert.deepEqual(
            (await granted(world, 'gina'))?.toSorted(byBytes),
            wanted.slice(index + 1).toSorted(byBytes),
          );
        }
      },
      60_000,
    );

    add('grants are kept with a new password and with a new name', async (world) => {
      const password = await gina(world, [HERE]);
      await users(world).alter({ name: 'gina' }, { password }, operation());
      assert.deepEqual(await granted(world, 'gina'), [HERE]);
      await users(world).alter({ name: 'gina' }, { name: 'gwen' }, operation());
      assert.deepEqual(await granted(world, 'gwen'), [HERE]);
      assert(await opens(world, 'gwen', password, HERE), 'gwen did not come in');
    });

    add('nothing is left behind for who takes the name next', async (world) => {
      await gina(world, [HERE]);
      const password = await gina(world, [THERE], 'hugo');
      await users(world).alter({ name: 'gina' }, { name: 'gwen' }, operation());
      await users(world).alter({ name: 'hugo' }, { name: 'gina' }, operation());
      assert.deepEqual(await granted(world, 'gina'), [THERE]);
      assert(!(await opens(world, 'gina', password, HERE)), 'what the earlier gina had');
      await users(world).drop({ name: 'gina' }, operation());
      await users(world).create({ name: 'gina', password, databases: [] }, operation());
      assert.deepEqual(await granted(world, 'gina'), []);
      assert(!(await opens(world, 'gina', password, THERE)), 'what the dropped gina had');
    });

    add('a database that is made again is nobody’s', async (world) => {
      const password = await gina(world, [HERE, THERE]);
      await world.group('databases').drop(HERE, operation());
      await users(world).revoke({ name: 'gina' }, HERE, operation());
      await world.group('databases').create({ name: HERE }, operation());
      assert.deepEqual(await granted(world, 'gina'), [THERE]);
      assert(!(await opens(world, 'gina', password, HERE)), 'a grant outlived its database');
    });

    add('what one user has made in a database, another who may use it can use', async (world) => {
      const [one, two] = [await gina(world, [HERE]), await gina(world, [HERE], 'hugo')];
      const more = { database: HERE };
      await world.as('gina', one, more, (session) => world.words.write(session, 'one', 'v1'));
      await world.as('hugo', two, more, async (session) => {
        assert.equal(await world.words.read(session, 'one'), 'v1');
        await world.words.write(session, 'two', 'v2');
      });
      await users(world).drop({ name: 'gina' }, operation());
      await world.as('hugo', two, more, async (session) => assert.equal(await world.words.read(session, 'one'), 'v1'));
    });

    add('reserved accounts and databases are not given and not taken', async (world) => {
      await gina(world, []);
      for (const name of [...REFUSED_NAMES, ...manifest.reserved.users]) {
        await refusedWith('bad_request', users(world).grant({ name }, [HERE], operation()), `grant to ${name}`);
        await refusedWith('bad_request', users(world).revoke({ name }, HERE, operation()), `revoke from ${name}`);
      }
      for (const name of [...REFUSED_NAMES, ...manifest.reserved.databases]) {
        const password = world.secret();
        await refusedWith(
          'bad_request',
          users(world).create({ name: 'new', password, databases: [name] }, operation()),
          `create with ${name}`,
        );
        await refusedWith(
          'bad_request',
          users(world).grant({ name: 'gina' }, [HERE, name], operation()),
          `grant on ${name}`,
        );
        await refusedWith('bad_request', users(world).revoke({ name: 'gina' }, name, operation()), `revoke on ${name}`);
      }
      assert.deepEqual(await world.users(), [{ name: 'gina', host: '%', databases: [] }]);
    });
  });
}
