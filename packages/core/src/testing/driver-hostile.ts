import assert from 'node:assert/strict';
import { checkDatabaseName, checkHost, checkPassword, checkUserName } from '../driver/names.ts';
import { Problem } from '../problem.ts';
import type { Check } from './driver-check.ts';
import { configure } from './driver-configuration.ts';
import { operation } from './driver-context.ts';
import { type Live, lacking, liveGroup } from './driver-live.ts';
import { allowed, HOSTILE_PIECES } from './driver-names.ts';
import type { World } from './driver-world.ts';

const RUNS = 25;
/** Always the same names: a check that fails can be run again. */
const SEED = 4_071;

/** Objects that must be the same before and after; what is put together for a run is never called so. */
const CANARIES = ['canary', 'canarx'];
const isNew = (name: string): boolean => !CANARIES.includes(name);

/** Names and passwords that nobody would think of: refused, or exactly what was asked for, and nothing else is touched. */
export function hostileChecks(live: Live): Check[] {
  const { manifest } = live.test.factory;
  const { quirks } = live.test.configuration ?? {};
  const noDatabases = lacking(live, 'databases');
  const noUsers = lacking(live, 'users');

  /** Fast-check is loaded when it is needed: whoever runs other suites need not have it. */
  async function forAll(check: (name: string, password: string) => Promise<void>): Promise<void> {
    const fc = await import('fast-check');
    const text = fc.oneof(
      fc.array(fc.constantFrom(...HOSTILE_PIECES), { maxLength: 12 }).map((pieces) => pieces.join('')),
      fc.string({ unit: 'binary', maxLength: 20 }),
      fc.constantFrom('x'.repeat(255), 'é'.repeat(127), '-'.repeat(64), `${'a'.repeat(62)}''`),
    );
    await fc.assert(fc.asyncProperty(text, text, check), { numRuns: RUNS, seed: SEED, endOnFailure: true });
  }

  /** What must be the same before and after. */
  async function canary(world: World): Promise<() => Promise<void>> {
    const names = CANARIES;
    const password = world.secret();
    if (!noDatabases) for (const name of names) await world.group('databases').create({ name }, operation());
    const [database] = noDatabases ? [] : names;
    if (!noUsers) {
      const databases = database === undefined ? [] : [database];
      for (const name of names) await world.group('users').create({ name, password, databases }, operation());
      await world.as('canary', password, { database }, (session) => world.words.write(session, 'canary', 'alive'));
    }
    const look = async () => ({
      databases: noDatabases ? [] : await world.databases(),
      users: noUsers ? [] : await world.users(),
      value: noUsers
        ? undefined
        : await world.as('canary', password, { database }, (session) => world.words.read(session, 'canary')),
    });
    const before = await look();
    return async () => assert.deepEqual(await look(), before, 'something else was touched');
  }

  /** @returns whether it was done; a refusal must be a clear one, and must come where the manifest says so. */
  async function done(call: Promise<unknown>, isAllowed: boolean, what: string): Promise<boolean> {
    try {
      await call;
    } catch (error) {
      assert(error instanceof Problem && error.code === 'bad_request', `${what}: ${String(error)}`);
      return false;
    }
    assert(isAllowed, `${what} was done, which the manifest does not allow`);
    return true;
  }

  async function databaseNames(world: World): Promise<void> {
    const isUntouched = await canary(world);
    await forAll(async (name) => {
      const what = `database ${JSON.stringify(name)}`;
      const isAllowed = allowed(() => checkDatabaseName(manifest, name));
      const group = world.group('databases');
      if (await done(group.create({ name }, operation()), isAllowed, what)) {
        assert.deepEqual((await world.databases()).filter(isNew), [name]);
        assert.equal(await group.drop(name, operation()), 'dropped', what);
      }
      await isUntouched();
    });
  }

  async function userNames(world: World): Promise<void> {
    const isUntouched = await canary(world);
    const databases = noDatabases ? [] : ['canarx'];
    await forAll(async (name, password) => {
      const what = `user ${JSON.stringify(name)} with password ${JSON.stringify(password)}`;
      const isAllowed = allowed(() => {
        checkUserName(manifest, name);
        checkPassword(manifest, password);
      });
      const group = world.group('users');
      if (await done(group.create({ name, password, databases }, operation()), isAllowed, what)) {
        assert.deepEqual((await world.users()).map((one) => one.name).filter(isNew), [name]);
        assert(!(await world.isShutOut(name, password, { database: databases[0] })), `${what} does not come in`);
        assert.equal(await group.drop({ name }, operation()), 'dropped', what);
      }
      await isUntouched();
    });
  }

  async function hosts(world: World): Promise<void> {
    const isUntouched = await canary(world);
    await forAll(async (host) => {
      const user = { name: 'hosted', host, password: world.secret(), databases: [] };
      const group = world.group('users');
      const isAllowed = allowed(() => checkHost(manifest, host));
      if (await done(group.create(user, operation()), isAllowed, `host ${JSON.stringify(host)}`)) {
        assert.deepEqual(
          (await world.users()).filter(({ name }) => name === 'hosted').map((one) => one.host),
          [host],
        );
        await group.drop({ name: 'hosted', host }, operation());
      }
      await isUntouched();
    });
  }

  /** The same where a tenant has set what leads quoting astray; by sessions that begin after it. */
  const underQuirks = (work: (world: World) => Promise<void>) => async (world: World) => {
    const names = Object.keys(quirks ?? {});
    const before = await world.group('configuration').effective(names, operation());
    await configure(world, quirks ?? {});
    await world.driver.close();
    try {
      await work(world);
    } finally {
      await configure(world, before);
      await world.driver.close();
    }
  };
  const noQuirks = quirks ? undefined : 'no such settings are given';

  return liveGroup(live, 'hostile', (add) => {
    add('a database gets exactly the name that was asked for, or it is refused', noDatabases ?? databaseNames, 60_000);
    add(
      'a user gets exactly the name and password that were asked for, or it is refused',
      noUsers ?? userNames,
      60_000,
    );
    add(
      'a user gets exactly the host that was asked for, or it is refused',
      noUsers ?? (manifest.names.hosts ? hosts : 'accounts have no host'),
      60_000,
    );
    add(
      'a database gets its name also under a tenant’s quirks',
      noDatabases ?? noQuirks ?? underQuirks(databaseNames),
      60_000,
    );
    add(
      'a user gets name and password also under a tenant’s quirks',
      noUsers ?? noQuirks ?? underQuirks(userNames),
      60_000,
    );
  });
}
