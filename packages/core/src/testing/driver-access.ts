import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { checkDatabaseName } from '../driver/names.ts';
import { operation } from './driver-context.ts';
import {
  allowed,
  HOSTILE_NAMES,
  type Live,
  problemOf,
  REFUSED_NAMES,
  TENANT_PASSWORDS,
  usersAndDatabases,
} from './driver-live-parts.ts';

const [FIRST, SECOND] = TENANT_PASSWORDS;

/** What users may reach, and what becomes of it when they are altered. */
export function accessTests({ test, driver, login, refusedLogin, asTenant }: Live): void {
  const { manifest } = test.factory;

  describe('access', () => {
    const group = () => usersAndDatabases(driver());
    const make = (name: string, databases: string[] = [], password: string = FIRST) =>
      group().users.create({ name, password, databases }, operation());
    const granted = async (name: string) => (await group().users.get({ name }, operation()))?.databases;
    const one = (name: string, database: string, password: string = FIRST) =>
      asTenant(name, password, database, (session) => session.query('SELECT 1'));

    beforeAll(async () => {
      await driver().initialise(operation());
      for (const name of ['a_b', 'axb']) await group().databases.create({ name }, operation());
    });
    afterEach(async () => {
      const { items } = await group().users.list({ limit: 1000 }, operation());
      for (const { name, host } of items) await group().users.drop({ name, host }, operation());
    });
    afterAll(async () => {
      for (const name of ['a_b', 'axb']) await group().databases.drop(name, operation());
    });

    it('is granted to what a user has already, and taken away one by one, twice each', async () => {
      const { users } = group();
      await make('gina');
      for (let time = 0; time < 2; time += 1)
        expect(await users.grant({ name: 'gina' }, ['a_b'], operation())).toBe('granted');
      expect(await granted('gina')).toEqual(['a_b']);
      expect(await refusedLogin('gina', FIRST, 'axb')).toBe(true);
      expect(await users.grant({ name: 'gina' }, ['axb', 'a_b'], operation())).toBe('granted');
      expect(await granted('gina')).toEqual(['a_b', 'axb']);
      expect(await one('gina', 'axb')).toEqual([[1]]);
      expect(await users.revoke({ name: 'gina' }, 'a_b', operation())).toBe('revoked');
      expect(await users.revoke({ name: 'gina' }, 'a_b', operation())).toBe('missing');
      expect(await granted('gina')).toEqual(['axb']);
      expect(await refusedLogin('gina', FIRST, 'a_b')).toBe(true);
      expect(await one('gina', 'axb')).toEqual([[1]]);
      expect(await users.grant({ name: 'nobody' }, ['a_b'], operation())).toBe('missing');
      expect(await users.revoke({ name: 'nobody' }, 'a_b', operation())).toBe('missing');
    });

    it('is to the database of exactly that name', { timeout: 60_000 }, async () => {
      const { users, databases } = group();
      const wanted = HOSTILE_NAMES.filter((name) => allowed(() => checkDatabaseName(manifest, name)));
      for (const name of wanted) await databases.create({ name }, operation());
      await make('gina');
      expect(await users.grant({ name: 'gina' }, wanted, operation())).toBe('granted');
      for (const [index, name] of wanted.entries()) {
        expect(await one('gina', name), name).toEqual([[1]]);
        expect(await users.revoke({ name: 'gina' }, name, operation()), name).toBe('revoked');
        expect(await refusedLogin('gina', FIRST, name), name).toBe(true);
        expect((await granted('gina'))?.toSorted()).toEqual(wanted.slice(index + 1).toSorted());
      }
      for (const name of wanted) await databases.drop(name, operation());
    });

    it('ends for sessions that are in the database when it is taken away, and only for those', async () => {
      await make('gina', ['a_b', 'axb']);
      const [inside, outside] = [await login('gina', FIRST, 'a_b'), await login('gina', FIRST, 'axb')];
      expect(await inside.query('SELECT 1')).toEqual([[1]]);
      expect(await group().users.revoke({ name: 'gina' }, 'a_b', operation())).toBe('revoked');
      await expect(inside.query('SELECT 1')).rejects.toThrow();
      expect(await outside.query('SELECT 1')).toEqual([[1]]);
      await inside.end().catch(() => {});
      await outside.end();
    });

    it('stays when a user gets another password, and so do its sessions', async () => {
      await make('gina', ['a_b']);
      const session = await login('gina', FIRST, 'a_b');
      for (let time = 0; time < 2; time += 1)
        expect(await group().users.alter({ name: 'gina' }, { password: SECOND }, operation())).toBe('altered');
      expect(await session.query('SELECT 1')).toEqual([[1]]);
      await session.end();
      expect(await refusedLogin('gina', FIRST)).toBe(true);
      expect(await one('gina', 'a_b', SECOND)).toEqual([[1]]);
      expect(await granted('gina')).toEqual(['a_b']);
    });

    it('goes with a user to its new name, where its sessions have to log in again', async () => {
      await make('gina', ['a_b']);
      const session = await login('gina', FIRST, 'a_b');
      for (let time = 0; time < 2; time += 1)
        expect(await group().users.alter({ name: 'gina' }, { name: 'gwen' }, operation())).toBe('altered');
      await expect(session.query('SELECT 1')).rejects.toThrow();
      await session.end().catch(() => {});
      expect(await granted('gina')).toBeUndefined();
      expect(await granted('gwen')).toEqual(['a_b']);
      expect(await refusedLogin('gina', FIRST)).toBe(true);
      expect(await one('gwen', 'a_b')).toEqual([[1]]);
      expect(await group().users.alter({ name: 'gwen' }, { name: 'gina', password: SECOND }, operation())).toBe(
        'altered',
      );
      expect(await one('gina', 'a_b', SECOND)).toEqual([[1]]);
    });

    it('is not left behind for who takes the name next', async () => {
      await make('gina', ['a_b']);
      await make('hugo');
      expect(await one('gina', 'a_b')).toEqual([[1]]);
      await group().users.alter({ name: 'gina' }, { name: 'gwen' }, operation());
      await group().users.alter({ name: 'hugo' }, { name: 'gina' }, operation());
      expect(await granted('gina')).toEqual([]);
      expect(await refusedLogin('gina', FIRST, 'a_b')).toBe(true);
      expect(await refusedLogin('gina', FIRST)).toBe(false);
    });

    it('is nobody else’s when the new name is taken, or the old one is not there', async () => {
      await make('gina', ['a_b']);
      await make('hugo', ['axb'], SECOND);
      const changes = { name: 'hugo', password: SECOND };
      expect(await group().users.alter({ name: 'gina' }, changes, operation())).toBe('exists');
      expect(await one('gina', 'a_b')).toEqual([[1]]);
      expect(await granted('hugo')).toEqual(['axb']);
      expect(await group().users.alter({ name: 'nobody' }, { password: SECOND }, operation())).toBe('missing');
      expect(await group().users.alter({ name: 'nobody' }, { name: 'ida' }, operation())).toBe('missing');
    });

    if (manifest.names.hosts)
      it('follows a user to another host, with its password', async () => {
        const { users } = group();
        const away = { name: 'gina', host: '203.0.113.%' };
        await make('gina', ['a_b']);
        const session = await login('gina', FIRST, 'a_b');
        for (let time = 0; time < 2; time += 1)
          expect(await users.alter({ name: 'gina' }, { host: away.host }, operation())).toBe('altered');
        await expect(session.query('SELECT 1')).rejects.toThrow();
        await session.end().catch(() => {});
        expect(await refusedLogin('gina', FIRST)).toBe(true);
        expect(await users.get(away, operation())).toEqual({ ...away, databases: ['a_b'] });
        expect(await users.revoke({ name: 'gina' }, 'a_b', operation())).toBe('missing');
        expect(await users.grant(away, ['axb'], operation())).toBe('granted');
        expect(await users.alter(away, { host: '%' }, operation())).toBe('altered');
        expect(await granted('gina')).toEqual(['a_b', 'axb']);
        expect(await one('gina', 'axb')).toEqual([[1]]);
        expect((await problemOf(users.alter({ name: 'gina' }, { host: "%'; --" }, operation()))).code).toBe(
          'bad_request',
        );
      });

    it('is neither of reserved accounts nor to reserved databases, and nobody becomes one of the former', async () => {
      const { users } = group();
      await make('gina');
      const refused = async (call: Promise<unknown>) => (await problemOf(call)).code;
      for (const name of [...REFUSED_NAMES, ...manifest.reserved.users]) {
        expect(await refused(users.alter({ name }, { password: SECOND }, operation())), name).toBe('bad_request');
        expect(await refused(users.alter({ name: 'gina' }, { name }, operation())), name).toBe('bad_request');
        expect(await refused(users.grant({ name }, ['a_b'], operation())), name).toBe('bad_request');
        expect(await refused(users.revoke({ name }, 'a_b', operation())), name).toBe('bad_request');
      }
      for (const name of [...REFUSED_NAMES, ...manifest.reserved.databases]) {
        expect(await refused(users.grant({ name: 'gina' }, ['a_b', name], operation())), name).toBe('bad_request');
        expect(await refused(users.revoke({ name: 'gina' }, name, operation())), name).toBe('bad_request');
      }
      expect(await refused(users.alter({ name: 'gina' }, { password: 'nul\0' }, operation()))).toBe('bad_request');
      expect(await granted('gina')).toEqual([]);
    });
  });
}
