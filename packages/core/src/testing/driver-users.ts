import { beforeAll, describe, expect, it } from 'vitest';
import { checkDatabaseName, checkPassword, checkUserName } from '../driver/names.ts';
import { operation } from './driver-context.ts';
import {
  allowed,
  allPages,
  HOSTILE_NAMES,
  HOSTILE_PASSWORDS,
  type Live,
  marked,
  problemOf,
  REFUSED_NAMES,
  usersAndDatabases,
} from './driver-live-parts.ts';

/** Users of the tenant, what is theirs, and the session by which the driver manages them. */
export function usersTests(live: Live): void {
  const { test, reach, guest, driver, started, login, refusedLogin, asTenant, problems } = live;
  const { manifest } = test.factory;

  describe('users', () => {
    const group = () => usersAndDatabases(driver());
    const listed = async () =>
      (await allPages((marker) => group().users.list(marked(1000, marker), operation()))).flat();

    beforeAll(async () => {
      // Also when these tests are run by themselves.
      await driver().initialise(operation());
      for (const name of ['a_b', 'axb']) await group().databases.create({ name }, operation());
    });

    it('starts with no user of a tenant', async () => {
      expect(await listed()).toEqual([]);
    });

    it('creates a user, twice, who may use the databases granted and no others', async () => {
      const user = { name: 'anna', password: 'first-pw', databases: ['a_b'] };
      expect(await group().users.create(user, operation())).toBe('created');
      expect(await group().users.create(user, operation())).toBe('exists');
      expect(await listed()).toEqual([{ name: 'anna', host: '%', databases: ['a_b'] }]);
      expect(await group().users.get({ name: 'anna' }, operation())).toEqual({
        name: 'anna',
        host: '%',
        databases: ['a_b'],
      });
      const rows = await asTenant('anna', 'first-pw', 'a_b', async (session) => {
        await session.query('CREATE TABLE kept (id INT)');
        await session.query('INSERT INTO kept VALUES (41), (42)');
        return session.query('SELECT id FROM kept ORDER BY id');
      });
      expect(rows).toEqual([[41], [42]]);
      expect(await refusedLogin('anna', 'first-pw', 'axb')).toBe(true);
      expect(await refusedLogin('anna', 'wrong')).toBe(true);
    });

    it('gives an existing user the password and the grants of the second call', async () => {
      expect(await group().users.create({ name: 'anna', password: 'second-pw', databases: ['axb'] }, operation())).toBe(
        'exists',
      );
      expect(await refusedLogin('anna', 'first-pw')).toBe(true);
      expect(await asTenant('anna', 'second-pw', 'axb', (session) => session.query('SELECT 1'))).toEqual([[1]]);
      expect(await group().users.get({ name: 'anna' }, operation())).toMatchObject({ databases: ['a_b', 'axb'] });
    });

    if (reach === 'socket')
      it('keeps rows and accounts over a clean end and over kill -9', { timeout: 60_000 }, async () => {
        const before = await listed();
        await driver().shutdown(operation());
        expect(await guest().ended(30_000)).toBe(0);
        await driver().shutdown(operation());
        expect((await driver().probe(operation())).state).toBe('down');
        for (const end of [async () => {}, () => guest().kill()]) {
          await end();
          await guest().start(driver().container());
          await started();
          await driver().initialise(operation());
          expect(await listed()).toEqual(before);
          expect(
            await asTenant('anna', 'second-pw', 'a_b', (session) => session.query('SELECT id FROM kept ORDER BY id')),
          ).toEqual([[41], [42]]);
        }
      });

    it('ends the sessions of a user who is dropped, twice', async () => {
      const session = await login('anna', 'second-pw', 'a_b');
      expect(await group().users.drop({ name: 'anna' }, operation())).toBe('dropped');
      await expect(session.query('SELECT 1')).rejects.toThrow();
      await session.end().catch(() => {});
      expect(await group().users.drop({ name: 'anna' }, operation())).toBe('missing');
      expect(await group().users.get({ name: 'anna' }, operation())).toBeUndefined();
      expect(await refusedLogin('anna', 'second-pw')).toBe(true);
    });

    it('keeps every allowed name and password as it was written, page by page', { timeout: 60_000 }, async () => {
      const longest = 'u'.repeat(manifest.names.user.maxCharacters);
      const wanted = [...HOSTILE_NAMES, longest, 'Case', 'case'].filter((name) =>
        allowed(() => checkUserName(manifest, name)),
      );
      const passwords = HOSTILE_PASSWORDS.concat('w'.repeat(manifest.names.password.maxBytes)).filter((password) =>
        allowed(() => checkPassword(manifest, password)),
      );
      expect(wanted.length).toBeGreaterThan(3);
      for (const [index, name] of wanted.entries()) {
        const password = passwords[index % passwords.length] ?? '';
        expect(await group().users.create({ name, password, databases: ['a_b'] }, operation()), name).toBe('created');
        expect(
          await asTenant(name, password, 'a_b', (session) => session.query('SELECT 1')),
          `${name} ${password}`,
        ).toEqual([[1]]);
      }
      const pages = await allPages((marker) => group().users.list(marked(4, marker), operation()));
      expect(
        pages
          .flat()
          .map((user) => user.name)
          .toSorted(),
      ).toEqual(wanted.toSorted());
      expect(pages.flat()).toEqual(await listed());
      for (const name of wanted) expect(await group().users.drop({ name }, operation()), name).toBe('dropped');
      expect(await listed()).toEqual([]);
    });

    it('grants on every allowed database name exactly that one', async () => {
      const wanted = HOSTILE_NAMES.filter((name) => allowed(() => checkDatabaseName(manifest, name)));
      for (const name of wanted) await group().databases.create({ name }, operation());
      await group().users.create({ name: 'grants', password: 'pw', databases: wanted }, operation());
      expect((await group().users.get({ name: 'grants' }, operation()))?.databases.toSorted()).toEqual(
        wanted.toSorted(),
      );
      for (const name of wanted)
        expect(await asTenant('grants', 'pw', name, (session) => session.query('SELECT 1')), name).toEqual([[1]]);
      expect(await refusedLogin('grants', 'pw', 'a_b')).toBe(true);
      await group().users.drop({ name: 'grants' }, operation());
      for (const name of wanted) await group().databases.drop(name, operation());
    });

    it('refuses names and passwords that would not be kept, and never touches the reserved accounts', async () => {
      const good = { name: 'ok', password: 'pw', databases: [] };
      for (const name of [...REFUSED_NAMES, ...manifest.reserved.users]) {
        expect((await problemOf(group().users.create({ ...good, name }, operation()))).code, name).toBe('bad_request');
        expect((await problemOf(group().users.drop({ name }, operation()))).code, name).toBe('bad_request');
        expect(await group().users.get({ name }, operation()), name).toBeUndefined();
      }
      for (const password of ['nul\0', 'x'.repeat(manifest.names.password.maxBytes + 1)]) {
        expect((await problemOf(group().users.create({ ...good, password }, operation()))).code).toBe('bad_request');
      }
      for (const name of manifest.reserved.databases) {
        expect((await problemOf(group().users.create({ ...good, databases: [name] }, operation()))).code, name).toBe(
          'bad_request',
        );
      }
      expect(await listed()).toEqual([]);
    });

    if (manifest.names.hosts) {
      it('takes the same name with another host for another user', async () => {
        const user = { name: 'bert', password: 'pw', databases: [] };
        expect(await group().users.create(user, operation())).toBe('created');
        expect(await group().users.create({ ...user, host: '203.0.113.%' }, operation())).toBe('created');
        expect((await listed()).map((entry) => entry.host)).toEqual(['%', '203.0.113.%']);
        expect(await group().users.drop({ name: 'bert' }, operation())).toBe('dropped');
        expect(await refusedLogin('bert', 'pw')).toBe(true);
        expect(await group().users.get({ name: 'bert', host: '203.0.113.%' }, operation())).toMatchObject({
          host: '203.0.113.%',
        });
        expect(await group().users.drop({ name: 'bert', host: '203.0.113.%' }, operation())).toBe('dropped');
        expect((await problemOf(group().users.create({ ...user, host: "%'; --" }, operation()))).code).toBe(
          'bad_request',
        );
      });
    }

    it('ends a call that hangs when its signal fires, and goes on with the next', async () => {
      await group().users.list({ limit: 1 }, operation());
      guest().wire.stall();
      const given = new AbortController();
      const call = problemOf(
        group().users.create({ name: 'late', password: 'late-pw', databases: [] }, operation(15_000, given.signal)),
      );
      const waiting = problemOf(group().databases.list({ limit: 1 }, operation(15_000, given.signal)));
      setTimeout(() => given.abort(), 100);
      const since = Date.now();
      expect((await call).mayRetry).toBe(true);
      expect((await waiting).mayRetry).toBe(true);
      expect(Date.now() - since).toBeLessThan(2_000);
      problems.push(await call);
      guest().wire.flow();
      expect((await group().databases.list({ limit: 1 }, operation())).items).toHaveLength(1);
      await group().users.drop({ name: 'late' }, operation());
    });

    it('connects again when its session was lost', async () => {
      await group().databases.list({ limit: 1 }, operation());
      guest().wire.drop();
      const first = await group()
        .databases.list({ limit: 1 }, operation())
        .catch((error: unknown) => error);
      if (first instanceof Error) expect(first).toMatchObject({ code: 'unavailable' });
      expect((await group().databases.list({ limit: 1 }, operation())).items).toHaveLength(1);
      await driver().close();
      expect(await driver().probe(operation())).toEqual({ state: 'healthy' });
    });

    it('serves calls that come at the same time', async () => {
      const names = Array.from({ length: 8 }, (_, index) => `twin${index % 4}`);
      const outcomes = await Promise.all(names.map((name) => group().databases.create({ name }, operation())));
      expect(outcomes.filter((outcome) => outcome === 'created')).toHaveLength(4);
      await Promise.all(names.map((name) => group().databases.drop(name, operation())));
    });
  });
}
