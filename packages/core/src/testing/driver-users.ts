import assert from 'node:assert/strict';
import { checkPassword, checkUserName } from '../driver/names.ts';
import type { UserSpec } from '../driver/users.ts';
import type { Check } from './driver-check.ts';
import { operation } from './driver-context.ts';
import { allPages, byBytes, refusedWith } from './driver-expect.ts';
import { capabilityGroup, type Live } from './driver-live.ts';
import { allowed, HOSTILE_NAMES, HOSTILE_PASSWORDS, REFUSED_NAMES } from './driver-names.ts';
import type { World } from './driver-world.ts';

/** A database to log in to, where there are databases. */
export async function home(world: World, name = 'a_b'): Promise<{ database: string | undefined; databases: string[] }> {
  if (!world.driver.databases) return { database: undefined, databases: [] };
  await world.group('databases').create({ name }, operation());
  return { database: name, databases: [name] };
}

/** Users of the tenant, as accounts. What they may reach is asked in `driver-access.ts`. */
export function usersChecks(live: Live): Check[] {
  const { manifest } = live.test.factory;
  const group = (world: World) => world.group('users');
  const create = (world: World, user: UserSpec) => group(world).create(user, operation());
  const noHosts = manifest.names.hosts ? undefined : 'accounts have no host';
  const names = [...HOSTILE_NAMES, 'u'.repeat(manifest.names.user.maxCharacters), 'Case', 'case'].filter((name) =>
    allowed(() => checkUserName(manifest, name)),
  );
  const passwords = HOSTILE_PASSWORDS.concat('w'.repeat(manifest.names.password.maxBytes)).filter((password) =>
    allowed(() => checkPassword(manifest, password)),
  );

  return capabilityGroup(live, 'users', (add) => {
    add('there is none of a tenant at first', async (world) => {
      assert.deepEqual(await group(world).list({ limit: 10 }, operation()), { items: [] });
    });

    add('create says whether it was there, and lets the user in', async (world) => {
      const { database, databases } = await home(world);
      const password = world.secret();
      const user = { name: 'anna', password, databases };
      assert.equal(await create(world, user), 'created');
      assert.equal(await create(world, user), 'exists');
      const info = { name: 'anna', host: '%', databases };
      assert.deepEqual(await world.users(), [info]);
      assert.deepEqual(await group(world).get({ name: 'anna' }, operation()), info);
      await world.as('anna', password, { database }, async (session) => {
        await world.words.write(session, 'one', 'v1');
        assert.equal(await world.words.read(session, 'one'), 'v1');
      });
    });

    add('nobody comes in with a wrong password, or as nobody', async (world) => {
      const { database, databases } = await home(world);
      const password = world.secret();
      await create(world, { name: 'anna', password, databases });
      for (const [name, wrong] of [
        ['anna', 'wrong'],
        ['anna', ''],
        ['nobody', password],
        ['', password],
      ] as const)
        assert(await world.isShutOut(name, wrong, { database }), `${name} came in`);
      assert(!(await world.isShutOut('anna', password, { database })), 'anna did not come in');
    });

    add('an existing user gets the password of the second create', async (world) => {
      const { database, databases } = await home(world);
      const [first, second] = [world.secret(), world.secret()];
      await create(world, { name: 'anna', password: first, databases });
      assert.equal(await create(world, { name: 'anna', password: second, databases }), 'exists');
      assert(await world.isShutOut('anna', first, { database }), 'the first password still opens');
      assert(!(await world.isShutOut('anna', second, { database })), 'the second password does not open');
    });

    add('drop says whether it was there, and shuts the user out', async (world) => {
      const { database, databases } = await home(world);
      const password = world.secret();
      await create(world, { name: 'anna', password, databases });
      assert.equal(await group(world).drop({ name: 'anna' }, operation()), 'dropped');
      assert(await world.isShutOut('anna', password, { database }), 'anna came in');
      assert.equal(await group(world).get({ name: 'anna' }, operation()), undefined);
      assert.equal(await group(world).drop({ name: 'anna' }, operation()), 'missing');
    });

    add('drop ends the sessions that are open, and no others', async (world) => {
      const { database, databases } = await home(world);
      const password = world.secret();
      for (const name of ['anna', 'bert']) await create(world, { name, password, databases });
      const [anna, bert] = [
        await world.login('anna', password, { database }),
        await world.login('bert', password, { database }),
      ];
      await group(world).drop({ name: 'anna' }, operation());
      assert(await world.isDead(anna), 'the session of anna lives on');
      assert(!(await world.isDead(bert)), 'the session of bert was ended too');
      await bert.end();
    });

    add('a new password opens, and the old one does not', async (world) => {
      const { database, databases } = await home(world);
      const [first, second] = [world.secret(), world.secret()];
      await create(world, { name: 'anna', password: first, databases });
      const session = await world.login('anna', first, { database });
      for (let time = 0; time < 2; time += 1)
        assert.equal(await group(world).alter({ name: 'anna' }, { password: second }, operation()), 'altered');
      assert(!(await world.isDead(session)), 'a new password ended a session');
      await session.end();
      assert(await world.isShutOut('anna', first, { database }), 'the old password still opens');
      assert(!(await world.isShutOut('anna', second, { database })), 'the new password does not open');
    });

    add('a new name keeps the password, and ends the sessions', async (world) => {
      const { database, databases } = await home(world);
      const password = world.secret();
      await create(world, { name: 'anna', password, databases });
      const session = await world.login('anna', password, { database });
      for (let time = 0; time < 2; time += 1)
        assert.equal(await group(world).alter({ name: 'anna' }, { name: 'anne' }, operation()), 'altered');
      assert(await world.isDead(session), 'a session goes on under a name that is gone');
      assert(await world.isShutOut('anna', password, { database }), 'the old name still opens');
      assert(!(await world.isShutOut('anne', password, { database })), 'the new name does not open');
      assert.deepEqual(await world.users(), [{ name: 'anne', host: '%', databases }]);
    });

    add('name and password are altered together', async (world) => {
      const { database, databases } = await home(world);
      const [first, second] = [world.secret(), world.secret()];
      await create(world, { name: 'anna', password: first, databases });
      const changes = { name: 'anne', password: second };
      for (let time = 0; time < 2; time += 1)
        assert.equal(await group(world).alter({ name: 'anna' }, changes, operation()), 'altered');
      assert(await world.isShutOut('anne', first, { database }), 'the old password still opens');
      assert(!(await world.isShutOut('anne', second, { database })), 'the new password does not open');
    });

    add('nobody takes the name of another, or alters who is not there', async (world) => {
      const { database, databases } = await home(world);
      const [first, second] = [world.secret(), world.secret()];
      await create(world, { name: 'anna', password: first, databases });
      await create(world, { name: 'bert', password: second, databases });
      const changes = { name: 'bert', password: world.secret() };
      assert.equal(await group(world).alter({ name: 'anna' }, changes, operation()), 'exists');
      for (const [name, password] of [
        ['anna', first],
        ['bert', second],
      ] as const)
        assert(!(await world.isShutOut(name, password, { database })), `${name} was changed`);
      for (const change of [{ password: second }, { name: 'ida' }])
        assert.equal(await group(world).alter({ name: 'nobody' }, change, operation()), 'missing');
    });

    add('a name and a password are kept as they were written, whatever is in them', async (world) => {
      assert(names.length > 3, 'the manifest allows next to no name');
      const { database, databases } = await home(world);
      for (const [index, name] of names.entries()) {
        const password = passwords[index % passwords.length] ?? '';
        assert.equal(await create(world, { name, password, databases }), 'created', name);
        assert(
          !(await world.isShutOut(name, password, { database })),
          `${JSON.stringify(name)} with ${JSON.stringify(password)}`,
        );
      }
      assert.deepEqual((await world.users()).map(({ name }) => name).toSorted(byBytes), names.toSorted(byBytes));
      for (const name of names) assert.equal(await group(world).drop({ name }, operation()), 'dropped', name);
      assert.deepEqual(await world.users(), []);
    });

    add('they are listed in byte order, page by page, none twice and none left out', async (world) => {
      const some = names.slice(0, 9);
      for (const name of some) await create(world, { name, password: world.secret(), databases: [] });
      const whole = await world.users();
      assert.deepEqual(
        whole.map(({ name }) => name),
        some.toSorted((left, right) => byBytes(`${left}@%`, `${right}@%`)),
      );
      for (const limit of [1, 4, some.length]) {
        const pages = await allPages(limit, (page) => group(world).list(page, operation()));
        assert.deepEqual(pages.flat(), whole, `pages of ${limit}`);
        assert(
          pages.slice(0, -1).every((page) => page.length === limit),
          `a page has not ${limit} entries`,
        );
      }
    });

    add('names and passwords that would not be kept are refused', async (world) => {
      const good = { name: 'ok', password: world.secret(), databases: [] };
      for (const name of REFUSED_NAMES) {
        await refusedWith('bad_request', create(world, { ...good, name }), `create ${name}`);
        await refusedWith('bad_request', group(world).drop({ name }, operation()), `drop ${name}`);
        assert.equal(await group(world).get({ name }, operation()), undefined, name);
      }
      await create(world, good);
      for (const password of ['nul\0', 'x'.repeat(manifest.names.password.maxBytes + 1)]) {
        await refusedWith('bad_request', create(world, { ...good, name: 'bad', password }));
        await refusedWith('bad_request', group(world).alter({ name: 'ok' }, { password }, operation()));
      }
      for (const name of REFUSED_NAMES)
        await refusedWith('bad_request', group(world).alter({ name: 'ok' }, { name }, operation()), `alter to ${name}`);
      assert.deepEqual(
        (await world.users()).map(({ name }) => name),
        ['ok'],
      );
    });

    add('reserved accounts are neither listed nor shown nor touched', async (world) => {
      await create(world, { name: 'ok', password: world.secret(), databases: [] });
      for (const name of manifest.reserved.users) {
        await refusedWith(
          'bad_request',
          create(world, { name, password: world.secret(), databases: [] }),
          `create ${name}`,
        );
        await refusedWith('bad_request', group(world).drop({ name }, operation()), `drop ${name}`);
        await refusedWith(
          'bad_request',
          group(world).alter({ name }, { password: world.secret() }, operation()),
          `alter ${name}`,
        );
        await refusedWith('bad_request', group(world).alter({ name: 'ok' }, { name }, operation()), `alter to ${name}`);
        assert.equal(await group(world).get({ name }, operation()), undefined, name);
      }
      assert.deepEqual(
        (await world.users()).map(({ name }) => name),
        ['ok'],
      );
      assert.deepEqual(await world.driver.probe(operation()), { state: 'healthy' });
    });

    add(
      'the same name with another host is another user',
      noHosts ??
        (async (world) => {
          const { database, databases } = await home(world);
          const password = world.secret();
          const user = { name: 'bert', password, databases };
          const away = { name: 'bert', host: '203.0.113.%' };
          assert.equal(await create(world, user), 'created');
          assert.equal(await create(world, { ...user, ...away }), 'created');
          assert.deepEqual(
            (await world.users()).map(({ host }) => host),
            ['%', away.host],
          );
          assert.equal(await group(world).drop({ name: 'bert' }, operation()), 'dropped');
          assert(await world.isShutOut('bert', password, { database }), 'bert came in from here');
          assert.deepEqual(await group(world).get(away, operation()), { ...away, databases });
          assert.equal(await group(world).drop(away, operation()), 'dropped');
        }),
    );

    add(
      'a user is moved to another host, with its password',
      noHosts ??
        (async (world) => {
          const { database, databases } = await home(world);
          const password = world.secret();
          const away = { name: 'gina', host: '203.0.113.%' };
          await create(world, { name: 'gina', password, databases });
          const session = await world.login('gina', password, { database });
          for (let time = 0; time < 2; time += 1)
            assert.equal(await group(world).alter({ name: 'gina' }, { host: away.host }, operation()), 'altered');
          assert(await world.isDead(session), 'a session goes on from a host that is shut out');
          assert(await world.isShutOut('gina', password, { database }), 'gina came in from here');
          assert.deepEqual(await group(world).get(away, operation()), { ...away, databases });
          assert.equal(await group(world).alter(away, { host: '%' }, operation()), 'altered');
          assert(!(await world.isShutOut('gina', password, { database })), 'gina did not come in again');
        }),
    );

    add(
      'a host that is none is refused',
      noHosts ??
        (async (world) => {
          const user = { name: 'bert', password: world.secret(), databases: [] };
          for (const host of ["%'; --", '', 'a b', '203.0.113.1/99', 'nul\0'])
            await refusedWith('bad_request', create(world, { ...user, host }), host);
          await create(world, user);
          await refusedWith('bad_request', group(world).alter({ name: 'bert' }, { host: "%'; --" }, operation()));
          assert.deepEqual(
            (await world.users()).map(({ host }) => host),
            ['%'],
          );
        }),
    );

    add(
      'a host is taken for nothing where accounts have none',
      noHosts === undefined
        ? 'accounts have hosts'
        : async (world) => {
            const { database, databases } = await home(world);
            const password = world.secret();
            await create(world, { name: 'anna', host: '203.0.113.1', password, databases });
            assert.deepEqual(await world.users(), [{ name: 'anna', host: '%', databases }]);
            assert(!(await world.isShutOut('anna', password, { database })), 'anna did not come in');
            assert.equal(await group(world).drop({ name: 'anna', host: '10.0.0.1' }, operation()), 'dropped');
          },
    );

    add('calls that come at the same time are all served', async (world) => {
      const password = world.secret();
      const some = Array.from({ length: 8 }, (_, index) => `twin${index % 4}`);
      const outcomes = await Promise.all(some.map((name) => create(world, { name, password, databases: [] })));
      assert.equal(outcomes.filter((outcome) => outcome === 'created').length, 4, outcomes.join());
    });
  });
}
