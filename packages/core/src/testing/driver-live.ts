import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { DatastoreDriver, DriverContext, Page } from '../driver/driver.ts';
import { checkDatabaseName, checkPassword, checkUserName } from '../driver/names.ts';
import { Problem } from '../problem.ts';
import { accessTests } from './driver-access.ts';
import { operation, type RecordedContext, recordedContext, SERVICE_PASSWORD, until } from './driver-context.ts';
import { printed } from './driver-contract.ts';
import type { DriverTest, TenantSession, TestGuest } from './driver-harness.ts';
import {
  allowed,
  HOSTILE_NAMES,
  HOSTILE_PASSWORDS,
  problemOf,
  REFUSED_NAMES,
  TENANT_PASSWORDS,
} from './driver-live-parts.ts';
import { rootTests } from './driver-root.ts';

const START_MS = 60_000;

async function all<T>(list: (marker: string | undefined) => Promise<Page<T>>): Promise<T[][]> {
  const pages: T[][] = [];
  for (let marker: string | undefined, isFirst = true; isFirst || marker !== undefined; isFirst = false) {
    const page: Page<T> = await list(marker);
    pages.push(page.items);
    marker = page.next;
  }
  return pages;
}

const marked = (limit: number, marker: string | undefined) => (marker === undefined ? { limit } : { limit, marker });

/** What every driver owes on a real container: reached by its socket, then by TCP. */
export function liveTests(test: DriverTest): void {
  const { manifest } = test.factory;

  describe.each(manifest.socket === undefined ? (['tcp'] as const) : (['socket', 'tcp'] as const))(
    'on a real container by %s',
    (reach) => {
      let guest: TestGuest;
      let context: RecordedContext;
      let driver: DatastoreDriver;
      const problems: Problem[] = [];

      const started = () =>
        until(
          'a healthy database',
          START_MS,
          () => driver.probe(operation()),
          (health) => health.state === 'healthy',
        );
      const login = async (user: string, password: string, database?: string): Promise<TenantSession> =>
        test.login({ ...(await guest.tenantAddress()), user, password, ...(database !== undefined && { database }) });
      const refusedLogin = async (user: string, password: string, database?: string): Promise<boolean> => {
        try {
          const session = await login(user, password, database);
          await session.end();
          return false;
        } catch {
          return true;
        }
      };
      const asTenant = async <T>(
        user: string,
        password: string,
        database: string,
        work: (session: TenantSession) => Promise<T>,
      ): Promise<T> => {
        const session = await login(user, password, database);
        try {
          return await work(session);
        } finally {
          await session.end();
        }
      };

      beforeAll(async () => {
        guest = await test.harness.guest({
          reach,
          port: manifest.port,
          memoryMib: manifest.minMemoryMib,
          ...(manifest.socket !== undefined && { socket: manifest.socket }),
        });
        context = recordedContext(test, guest);
        driver = test.factory.create(context);
        await guest.start(driver.container());
        await started();
      }, START_MS + 30_000);

      afterAll(async () => {
        await driver?.close();
        await guest?.remove();
      }, 60_000);

      it('is initialised once and for all, whatever statement a crash comes before', { timeout: 60_000 }, async () => {
        const attempt = async (given: DriverContext): Promise<void> => {
          const agent = test.factory.create(given);
          try {
            await agent.initialise(operation());
          } finally {
            await agent.close();
          }
        };
        let cuts = 0;
        for (; cuts < 200; cuts += 1) {
          guest.wire.cutAfter(cuts);
          const failed = await attempt(context).then(
            () => undefined,
            (error: unknown) => error,
          );
          if (!guest.wire.wasCut) {
            expect(failed).toBeUndefined();
            break;
          }
          if (failed instanceof Problem) problems.push(failed);
          else expect(failed).toBeUndefined();
        }
        guest.wire.flow();
        expect(cuts).toBeGreaterThan(3);
        await attempt(context);
        expect(await driver.probe(operation())).toEqual({ state: 'healthy' });
      });

      it('leaves no way in for its own accounts from outside', async () => {
        for (const user of manifest.reserved.users) {
          if (reach === 'tcp' && user === context.serviceAccount.user) continue;
          expect(await refusedLogin(user, SERVICE_PASSWORD), user).toBe(true);
          expect(await refusedLogin(user, ''), user).toBe(true);
        }
      });

      if (manifest.groups.includes('databases'))
        describe('databases', () => {
          const group = () => {
            if (!driver.databases) throw new Error('the group databases is missing');
            return driver.databases;
          };
          const names = async () =>
            (await all((marker) => group().list(marked(1000, marker), operation()))).flat().map((entry) => entry.name);

          it('starts with no database of a tenant', async () => {
            expect(await group().list({ limit: 1 }, operation())).toEqual({ items: [] });
          });

          it('creates and drops a database, twice each', async () => {
            expect(await group().create({ name: 'shop' }, operation())).toBe('created');
            expect(await group().create({ name: 'shop' }, operation())).toBe('exists');
            expect(await names()).toEqual(['shop']);
            expect(await group().drop('shop', operation())).toBe('dropped');
            expect(await group().drop('shop', operation())).toBe('missing');
            expect(await names()).toEqual([]);
          });

          it('keeps every allowed name as it was written, in byte order, page by page', async () => {
            const wanted = [...HOSTILE_NAMES, 'x'.repeat(manifest.names.database.maxCharacters), 'Case', 'case'].filter(
              (name) => allowed(() => checkDatabaseName(manifest, name)),
            );
            expect(wanted.length).toBeGreaterThan(3);
            for (const name of wanted) expect(await group().create({ name }, operation()), name).toBe('created');
            // In the BMP the order of UTF-16 units is the order of UTF-8 bytes.
            const sorted = wanted.toSorted();
            expect(await names()).toEqual(sorted);
            const pages = await all((marker) => group().list(marked(4, marker), operation()));
            expect(pages.flat().map((entry) => entry.name)).toEqual(sorted);
            expect(pages.slice(0, -1).every((page) => page.length === 4)).toBe(true);
            const exact = await group().list({ limit: sorted.length }, operation());
            expect(exact.next).toBeUndefined();
            const third = sorted[2] ?? '';
            expect(await group().drop(third, operation())).toBe('dropped');
            expect((await group().list({ limit: 1, marker: third }, operation())).items).toEqual([{ name: sorted[3] }]);
            for (const name of wanted)
              expect(await group().drop(name, operation()), name).toBe(name === third ? 'missing' : 'dropped');
            expect(await names()).toEqual([]);
          });

          it('takes the character sets that its manifest offers', async () => {
            for (const [characterSet, [collation]] of Object.entries(manifest.charsets)) {
              if (collation === undefined) continue;
              expect(await group().create({ name: 'charset', characterSet, collation }, operation()), collation).toBe(
                'created',
              );
              expect(await group().drop('charset', operation())).toBe('dropped');
            }
            const bad = await problemOf(
              group().create({ name: 'charset', characterSet: "x' COLLATE 'y" }, operation()),
            );
            expect(bad.code).toBe('bad_request');
          });

          it('refuses names that would not be kept, and never touches the reserved ones', async () => {
            for (const name of [...REFUSED_NAMES, ...manifest.reserved.databases]) {
              expect((await problemOf(group().create({ name }, operation()))).code, name).toBe('bad_request');
              expect((await problemOf(group().drop(name, operation()))).code, name).toBe('bad_request');
            }
            expect(await driver.probe(operation())).toEqual({ state: 'healthy' });
          });
        });

      if (manifest.groups.includes('users') && manifest.groups.includes('databases'))
        describe('users', () => {
          const group = () => {
            if (!driver.users || !driver.databases) throw new Error('the groups users and databases are missing');
            return { users: driver.users, databases: driver.databases };
          };
          const listed = async () =>
            (await all((marker) => group().users.list(marked(1000, marker), operation()))).flat();

          beforeAll(async () => {
            // Also when these tests are run by themselves.
            await driver.initialise(operation());
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
            expect(
              await group().users.create({ name: 'anna', password: 'second-pw', databases: ['axb'] }, operation()),
            ).toBe('exists');
            expect(await refusedLogin('anna', 'first-pw')).toBe(true);
            expect(await asTenant('anna', 'second-pw', 'axb', (session) => session.query('SELECT 1'))).toEqual([[1]]);
            expect(await group().users.get({ name: 'anna' }, operation())).toMatchObject({ databases: ['a_b', 'axb'] });
          });

          if (reach === 'socket')
            it('keeps rows and accounts over a clean end and over kill -9', { timeout: 60_000 }, async () => {
              const before = await listed();
              await driver.shutdown(operation());
              expect(await guest.ended(30_000)).toBe(0);
              await driver.shutdown(operation());
              expect((await driver.probe(operation())).state).toBe('down');
              for (const end of [async () => {}, () => guest.kill()]) {
                await end();
                await guest.start(driver.container());
                await started();
                await driver.initialise(operation());
                expect(await listed()).toEqual(before);
                expect(
                  await asTenant('anna', 'second-pw', 'a_b', (session) =>
                    session.query('SELECT id FROM kept ORDER BY id'),
                  ),
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
            const passwords = HOSTILE_PASSWORDS.concat('w'.repeat(manifest.names.password.maxBytes)).filter(
              (password) => allowed(() => checkPassword(manifest, password)),
            );
            expect(wanted.length).toBeGreaterThan(3);
            for (const [index, name] of wanted.entries()) {
              const password = passwords[index % passwords.length] ?? '';
              expect(await group().users.create({ name, password, databases: ['a_b'] }, operation()), name).toBe(
                'created',
              );
              expect(
                await asTenant(name, password, 'a_b', (session) => session.query('SELECT 1')),
                `${name} ${password}`,
              ).toEqual([[1]]);
            }
            const pages = await all((marker) => group().users.list(marked(4, marker), operation()));
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
              expect((await problemOf(group().users.create({ ...good, name }, operation()))).code, name).toBe(
                'bad_request',
              );
              expect((await problemOf(group().users.drop({ name }, operation()))).code, name).toBe('bad_request');
              expect(await group().users.get({ name }, operation()), name).toBeUndefined();
            }
            for (const password of ['nul\0', 'x'.repeat(manifest.names.password.maxBytes + 1)]) {
              expect((await problemOf(group().users.create({ ...good, password }, operation()))).code).toBe(
                'bad_request',
              );
            }
            for (const name of manifest.reserved.databases) {
              expect(
                (await problemOf(group().users.create({ ...good, databases: [name] }, operation()))).code,
                name,
              ).toBe('bad_request');
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
            guest.wire.stall();
            const given = new AbortController();
            const call = problemOf(
              group().users.create(
                { name: 'late', password: 'late-pw', databases: [] },
                operation(15_000, given.signal),
              ),
            );
            const waiting = problemOf(group().databases.list({ limit: 1 }, operation(15_000, given.signal)));
            setTimeout(() => given.abort(), 100);
            const since = Date.now();
            expect((await call).mayRetry).toBe(true);
            expect((await waiting).mayRetry).toBe(true);
            expect(Date.now() - since).toBeLessThan(2_000);
            problems.push(await call);
            guest.wire.flow();
            expect((await group().databases.list({ limit: 1 }, operation())).items).toHaveLength(1);
            await group().users.drop({ name: 'late' }, operation());
          });

          it('connects again when its session was lost', async () => {
            await group().databases.list({ limit: 1 }, operation());
            guest.wire.drop();
            const first = await group()
              .databases.list({ limit: 1 }, operation())
              .catch((error: unknown) => error);
            if (first instanceof Error) expect(first).toMatchObject({ code: 'unavailable' });
            expect((await group().databases.list({ limit: 1 }, operation())).items).toHaveLength(1);
            await driver.close();
            expect(await driver.probe(operation())).toEqual({ state: 'healthy' });
          });

          it('serves calls that come at the same time', async () => {
            const names = Array.from({ length: 8 }, (_, index) => `twin${index % 4}`);
            const outcomes = await Promise.all(names.map((name) => group().databases.create({ name }, operation())));
            expect(outcomes.filter((outcome) => outcome === 'created')).toHaveLength(4);
            await Promise.all(names.map((name) => group().databases.drop(name, operation())));
          });
        });

      const live = { test, reach, driver: () => driver, login, refusedLogin, asTenant };
      if (manifest.groups.includes('users') && manifest.groups.includes('databases')) accessTests(live);
      if (manifest.groups.includes('root')) rootTests(live);

      it('has told nobody a secret', async () => {
        const evidence = [await guest.evidence(), ...context.recorded, ...problems.map(printed)].join('\n');
        expect(evidence.length).toBeGreaterThan(1_000);
        // Inside JSON a secret with quotes would be written with escapes, so both spellings are looked for.
        for (const secret of [SERVICE_PASSWORD, 'first-pw', 'second-pw', 'late-pw', ...TENANT_PASSWORDS]) {
          expect(evidence.includes(secret) || evidence.includes(JSON.stringify(secret).slice(1, -1)), secret).toBe(
            false,
          );
        }
      });
    },
  );
}
