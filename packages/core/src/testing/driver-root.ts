import { beforeAll, describe, expect, it } from 'vitest';
import { checkPassword, ROOT_ACCOUNT } from '../driver/names.ts';
import { operation, until } from './driver-context.ts';
import type { TenantSession } from './driver-harness.ts';
import { allowed, HOSTILE_PASSWORDS, type Live, problemOf, TENANT_PASSWORDS } from './driver-live-parts.ts';

const [, , FIRST, SECOND, OWN] = TENANT_PASSWORDS;
/** Longer than the shortest interval of scheduled work. */
const SETTLED_MS = 2_200;

/** Refused, or answered with nothing but NULL, as functions over files do. @throws Error when it cost the session its life. */
async function isRefused(session: TenantSession, statement: string): Promise<boolean> {
  try {
    const rows = await session.query(statement);
    return rows.length > 0 && rows.flat().every((value) => value === null);
  } catch {
    await session.query('SELECT 1');
    return true;
  }
}

/** The tenant's administrator: what it can do, what it cannot, and that it is gone when it is disabled. */
export function rootTests({ test, reach, driver, login, refusedLogin }: Live): void {
  const { administrator } = test;
  const { manifest } = test.factory;

  describe('root', () => {
    const root = () => {
      const group = driver().root;
      if (!group) throw new Error('the group root is missing');
      return group;
    };
    const asRoot = async <T>(password: string, work: (session: TenantSession) => Promise<T>): Promise<T> => {
      const session = await login(ROOT_ACCOUNT, password);
      try {
        return await work(session);
      } finally {
        await session.end();
      }
    };

    beforeAll(async () => {
      await driver().initialise(operation());
    });

    it('is shut out until it is enabled', async () => {
      expect(manifest.reserved.users).toContain(ROOT_ACCOUNT);
      expect(await root().status(operation())).toBe('disabled');
      expect(await root().disable(operation())).toBe('missing');
    });

    it('is let in with the password of the last call, twice, and is no user', async () => {
      for (let time = 0; time < 2; time += 1) await root().enable(FIRST, operation());
      expect(await root().status(operation())).toBe('enabled');
      expect(await asRoot(FIRST, (session) => session.query('SELECT 1'))).toEqual([[1]]);
      await root().enable(SECOND, operation());
      expect(await refusedLogin(ROOT_ACCOUNT, FIRST)).toBe(true);
      expect(await asRoot(SECOND, (session) => session.query('SELECT 1'))).toEqual([[1]]);
      expect((await driver().users?.list({ limit: 10 }, operation()))?.items ?? []).toEqual([]);
    });

    it('stays as it is when the database is brought into service again', async () => {
      await driver().initialise(operation());
      expect(await root().status(operation())).toBe('enabled');
      expect(await refusedLogin(ROOT_ACCOUNT, SECOND)).toBe(false);
    });

    it('takes every password that the manifest allows, and no other', async () => {
      for (const password of HOSTILE_PASSWORDS.filter((one) => allowed(() => checkPassword(manifest, one)))) {
        await root().enable(password, operation());
        expect(await refusedLogin(ROOT_ACCOUNT, password), password).toBe(false);
      }
      for (const password of ['nul\0', 'x'.repeat(manifest.names.password.maxBytes + 1)])
        expect((await problemOf(root().enable(password, operation()))).code).toBe('bad_request');
      await root().enable(SECOND, operation());
    });

    it('manages what is the tenant’s', async () => {
      if (!administrator) throw new Error('a driver with the group root is tested with `administrator`');
      await asRoot(SECOND, async (session) => {
        for (const statement of administrator.may) await session.query(statement);
      });
    });

    it('cannot leave the database, touch the service, or give itself more', { timeout: 60_000 }, async () => {
      await asRoot(SECOND, async (session) => {
        const statements = (await administrator?.mayNot(session)) ?? [];
        for (const statement of statements) expect(await isRefused(session, statement), statement).toBe(true);
      });
      expect(await driver().probe(operation())).toEqual({ state: 'healthy' });
      expect(await refusedLogin(ROOT_ACCOUNT, SECOND)).toBe(false);
    });

    it('is held to its limits also while its rights are given once more', async () => {
      let isOver = false;
      // Each time by a new login: a session may keep the rights that it began with.
      const attack = async (): Promise<void> => {
        while (!isOver)
          expect(await asRoot(SECOND, (session) => isRefused(session, administrator?.beyond ?? ''))).toBe(true);
      };
      const enableAgain = async (): Promise<void> => {
        for (let time = 0; time < 20; time += 1) await root().enable(SECOND, operation());
      };
      const again = enableAgain().finally(() => {
        isOver = true;
      });
      await Promise.all([attack(), again]);
    });

    it('is gone when it is disabled, twice, whatever it has prepared', { timeout: 60_000 }, async () => {
      const session = await login(ROOT_ACCOUNT, SECOND);
      for (const statement of administrator?.wayBack(OWN) ?? []) await session.query(statement);
      expect(await root().disable(operation())).toBe('disabled');
      await expect(session.query('SELECT 1')).rejects.toThrow();
      await session.end().catch(() => {});
      expect(await root().disable(operation())).toBe('missing');
      const since = Date.now();
      const wait = reach === 'socket' ? SETTLED_MS : 0;
      await until(
        'the time in which scheduled work would have let root in again',
        wait + 5_000,
        async () => {
          for (const password of [SECOND, OWN]) expect(await refusedLogin(ROOT_ACCOUNT, password)).toBe(true);
          return Date.now() - since;
        },
        (elapsed) => elapsed >= wait,
      );
      expect(await root().status(operation())).toBe('disabled');
    });

    it('comes back with a new password and all its rights', async () => {
      await root().enable(FIRST, operation());
      expect(await refusedLogin(ROOT_ACCOUNT, OWN)).toBe(true);
      await asRoot(FIRST, async (session) => {
        for (const statement of administrator?.mayStill ?? []) await session.query(statement);
      });
      expect(await root().disable(operation())).toBe('disabled');
      expect(await refusedLogin(ROOT_ACCOUNT, FIRST)).toBe(true);
    });
  });
}
