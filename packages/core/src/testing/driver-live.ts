import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { DatastoreDriver, DriverContext } from '../driver/driver.ts';
import { Problem } from '../problem.ts';
import { accessTests } from './driver-access.ts';
import { operation, type RecordedContext, recordedContext, SERVICE_PASSWORD, until } from './driver-context.ts';
import { printed } from './driver-contract.ts';
import { databasesTests } from './driver-databases.ts';
import type { DriverTest, TenantSession, TestGuest } from './driver-harness.ts';
import { type Live, TENANT_PASSWORDS } from './driver-live-parts.ts';
import { rootTests } from './driver-root.ts';
import { usersTests } from './driver-users.ts';

const START_MS = 60_000;

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

      const live: Live = {
        test,
        reach,
        guest: () => guest,
        driver: () => driver,
        started,
        login,
        refusedLogin,
        asTenant,
        problems,
      };
      if (manifest.groups.includes('databases')) databasesTests(live);
      if (manifest.groups.includes('users') && manifest.groups.includes('databases')) {
        usersTests(live);
        accessTests(live);
      }
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
