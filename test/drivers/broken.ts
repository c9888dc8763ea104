import { Problem } from '@coffer/core';
import type { DatastoreDriver, DriverContext, DriverFactory, TlsMaterial } from '@coffer/core/driver';
import { fingerprintOf } from '../support/fingerprint.ts';
import { type Flaws, tinyDriver } from '../support/tiny/driver.ts';

/** A driver with one thing wrong, and what the suite must say of it. */
export interface Broken {
  what: string;
  factory: DriverFactory;
  /** Groups of checks that are run, or checks. */
  groups: readonly string[];
  /** Those of them that fail, and no others: `group: name`. */
  caught: readonly string[];
}

type Break = (driver: DatastoreDriver, context: DriverContext) => Partial<DatastoreDriver>;

/** The right driver, with some of its parts replaced. */
function broken(change: Break): DriverFactory {
  const right = tinyDriver();
  return {
    ...right,
    create(context) {
      const driver = right.create(context);
      return { ...driver, ...change(driver, context) };
    },
  };
}

const flawed = (flaws: Flaws): DriverFactory => tinyDriver(flaws);

/** A group of the right driver. */
function part<K extends keyof DatastoreDriver>(driver: DatastoreDriver, name: K): NonNullable<DatastoreDriver[K]> {
  const found = driver[name];
  if (found === undefined) throw new Error(`the tiny driver has no ${name}`);
  return found;
}

/** The factory with another group in its place. */
function brokenGroup<K extends 'databases' | 'users' | 'root' | 'configuration' | 'logs' | 'tls' | 'metrics'>(
  name: K,
  change: (group: NonNullable<DatastoreDriver[K]>, context: DriverContext) => Partial<NonNullable<DatastoreDriver[K]>>,
): DriverFactory {
  return broken((driver, context) => {
    const group = part(driver, name);
    return { [name]: { ...group, ...change(group, context) } };
  });
}

function isWhole({ certificate }: TlsMaterial): boolean {
  try {
    return fingerprintOf(certificate) !== '';
  } catch {
    return false;
  }
}

export const BROKEN: readonly Broken[] = [
  {
    what: 'quotes wrongly',
    factory: flawed({ quote: (text) => `"${text}"` }),
    groups: ['databases', 'hostile'],
    caught: [
      'databases: a name is kept as it was written, whatever is in it',
      'databases: they are listed in byte order, page by page, none twice and none left out',
      'hostile: a database gets exactly the name that was asked for, or it is refused',
      'hostile: a user gets exactly the name and password that were asked for, or it is refused',
      'hostile: a database gets its name also under a tenant’s quirks',
      'hostile: a user gets name and password also under a tenant’s quirks',
    ],
  },
  {
    what: 'puts the password into an argument',
    factory: broken((driver, { serviceAccount }) => ({
      container: () => ({ ...driver.container(), args: ['tiny', `--password=${serviceAccount.password}`] }),
    })),
    groups: ['contract', 'secrets'],
    caught: [
      'contract: no secret is where an inspection shows it',
      'secrets: none is in the inspection of the container or the arguments of its processes',
    ],
  },
  {
    what: 'puts the password into the environment',
    factory: broken((driver, { serviceAccount }) => ({
      container: () => ({ ...driver.container(), env: { TINY_PASSWORD: serviceAccount.password } }),
    })),
    groups: ['contract', 'secrets'],
    caught: [
      'contract: no secret is where an inspection shows it',
      'secrets: none is in the inspection of the container or the arguments of its processes',
    ],
  },
  {
    what: 'lets everybody read the file with the password',
    factory: broken((driver) => ({
      container: () => {
        const spec = driver.container();
        return { ...spec, files: spec.files.map(({ path, content }) => ({ path, content })) };
      },
    })),
    groups: ['contract'],
    caught: ['contract: no secret is in a file that others can read'],
  },
  {
    what: 'writes passwords into its log',
    factory: brokenGroup('users', (users, { log }) => ({
      create(user, op) {
        log.info({ user }, 'a user is made');
        return users.create(user, op);
      },
    })),
    groups: ['users', 'secrets'],
    caught: ['secrets: none is in the log of the driver'],
  },
  {
    what: 'tells a password in an error',
    factory: brokenGroup('users', (users) => ({
      create: (user, op) =>
        users.create(user, op).catch((cause: unknown) => {
          throw cause instanceof Problem
            ? new Problem(cause.code, `user ${JSON.stringify(user)}: ${cause.detail}`)
            : cause;
        }),
    })),
    groups: ['users', 'secrets'],
    caught: ['secrets: none is in an error'],
  },
  {
    what: 'runs a command with a password in its arguments',
    factory: brokenGroup('users', (users, { exec }) => ({
      async create(user, op) {
        await exec(['tiny-user', user.name, user.password]);
        return users.create(user, op);
      },
    })),
    groups: ['users', 'secrets'],
    caught: ['secrets: none is in the commands that were run in the container'],
  },
  {
    what: 'makes another container each time',
    factory: broken((driver) => ({
      container: () => ({ ...driver.container(), env: { NONCE: String(Math.random()) } }),
    })),
    groups: ['contract'],
    caught: ['contract: the same context gives the same container'],
  },
  {
    what: 'has a group that its manifest does not declare',
    factory: {
      ...tinyDriver(),
      manifest: {
        ...tinyDriver().manifest,
        groups: tinyDriver().manifest.groups.filter((group) => group !== 'metrics'),
      },
    },
    groups: ['contract', 'metrics'],
    caught: ['contract: the group metrics is there if, and only if, the manifest declares it'],
  },
  {
    what: 'throws in a probe',
    factory: broken((driver) => ({
      async probe(op) {
        const health = await driver.probe(op);
        if (health.state === 'down') throw new Problem('unavailable', 'it is down');
        return health;
      },
    })),
    groups: ['contract'],
    caught: [
      'contract: a database that is not there is down, and nothing is thrown',
      'contract: a probe that is given up before it began throws nothing',
      'contract: a connection that is taken and closed again is told at once',
    ],
  },
  {
    what: 'takes every database for a healthy one',
    factory: broken(() => ({ probe: async () => ({ state: 'healthy' }) })),
    groups: ['contract', 'restart'],
    caught: [
      'contract: a database that is not there is down, and nothing is thrown',
      'contract: a probe that is given up before it began throws nothing',
      'contract: a connection that is taken and closed again is told at once',
      'restart: a clean end keeps data and accounts, and shutdown may be asked again',
      'restart: kill -9 is seen as down, and keeps data and accounts',
    ],
  },
  {
    what: 'does not take an end that is asked for twice',
    factory: broken((driver) => ({
      async shutdown(op) {
        if ((await driver.probe(op)).state === 'down') throw new Problem('not_ready', 'it does not run');
        return driver.shutdown(op);
      },
    })),
    groups: ['contract', 'restart'],
    caught: [
      'contract: shutdown and close are done when nothing runs, twice',
      'restart: a clean end keeps data and accounts, and shutdown may be asked again',
      'restart: kill -9 is seen as down, and keeps data and accounts',
    ],
  },
  {
    what: 'initialises in an order that a crash leaves half done',
    factory: flawed({ initialise: (messages) => messages.toReversed() }),
    groups: ['life'],
    caught: [
      'life: it is initialised once and for all, whatever message a crash comes before',
      'life: it is initialised again without a change',
      'life: a probe in the middle of other calls is answered',
      'life: a session that was lost is made anew',
      'life: a driver that was closed can be used again',
      'life: a probe returns within its deadline when the database does not answer',
      'life: a probe returns within its deadline while the container is paused, and is healthy afterwards',
      'life: two drivers over one database do not disturb each other',
    ],
  },
  {
    what: 'leaves the account of the image open',
    factory: flawed({ initialise: (messages) => messages.filter((message) => message !== 'BOOT-LOCK') }),
    groups: ['life'],
    caught: ['life: no account of its own can come in from outside'],
  },
  {
    what: 'refuses a database that exists',
    factory: brokenGroup('databases', (databases) => ({
      async create(database, op) {
        const outcome = await databases.create(database, op);
        if (outcome === 'exists') throw new Problem('conflict', 'it exists');
        return outcome;
      },
    })),
    groups: ['databases', 'repeats'],
    caught: [
      'databases: create says whether it was there',
      'databases: calls that come at the same time are all served',
      'repeats: databases.create leaves the same when it is called twice',
      'repeats: databases.create is mended by its repeat, whatever message a crash comes before',
    ],
  },
  {
    what: 'fails to drop what is not there',
    factory: brokenGroup('users', (users) => ({
      async drop(user, op) {
        const outcome = await users.drop(user, op);
        if (outcome === 'missing') throw new Problem('user_missing', 'there is no such user');
        return outcome;
      },
    })),
    groups: ['users', 'repeats'],
    caught: [
      'users: drop says whether it was there, and shuts the user out',
      'repeats: users.drop leaves the same when it is called twice',
      'repeats: users.drop is mended by its repeat, whatever message a crash comes before',
    ],
  },
  {
    what: 'leaves out the first entry of each further page',
    factory: brokenGroup('databases', (databases) => ({
      async list(page, op) {
        const { items, next } = await databases.list({ ...page, limit: page.limit + 1 }, op);
        const shown = page.marker === undefined ? items.slice(0, page.limit) : items.slice(1);
        const last = shown.at(-1)?.name;
        return { items: shown, ...(next !== undefined && last !== undefined && { next: last }) };
      },
    })),
    groups: ['databases'],
    caught: [
      'databases: they are listed in byte order, page by page, none twice and none left out',
      'databases: a marker that is gone still marks its place',
    ],
  },
  {
    what: 'lists by the order of creation',
    factory: brokenGroup('users', (users) => ({
      async list(page, op) {
        const { items } = await users.list({ limit: 1000 }, op);
        return { items: items.toReversed().slice(0, page.limit) };
      },
    })),
    groups: ['users'],
    caught: [
      'users: they are listed in byte order, page by page, none twice and none left out',
      'users: the same name with another host is another user',
    ],
  },
  {
    what: 'lists a reserved account',
    factory: brokenGroup('users', (users) => ({
      async list(page, op) {
        const found = await users.list(page, op);
        const service = { name: 'os_admin', host: '%', databases: [] };
        return page.marker === undefined ? { ...found, items: [service, ...found.items] } : found;
      },
    })),
    groups: ['users'],
    caught: [
      'users: there is none of a tenant at first',
      'users: create says whether it was there, and lets the user in',
      'users: a new name keeps the password, and ends the sessions',
      'users: a name and a password are kept as they were written, whatever is in them',
      'users: they are listed in byte order, page by page, none twice and none left out',
      'users: names and passwords that would not be kept are refused',
      'users: reserved accounts are neither listed nor shown nor touched',
      'users: the same name with another host is another user',
      'users: a host that is none is refused',
    ],
  },
  {
    what: 'keeps the password of an existing user when it is created again',
    factory: brokenGroup('users', (users) => ({
      async create(user, op) {
        if (!(await users.get(user, op))) return users.create(user, op);
        await users.grant(user, user.databases, op);
        return 'exists';
      },
    })),
    groups: ['users', 'repeats'],
    caught: [
      'users: an existing user gets the password of the second create',
      'repeats: users.create is mended by its repeat, whatever message a crash comes before',
      'repeats: users.create of one who is there leaves the same when it is called twice',
      'repeats: users.create of one who is there is mended by its repeat, whatever message a crash comes before',
      'repeats: users.create of one who is there ends soon after its signal when nobody answers, and is mended by its repeat',
    ],
  },
  {
    what: 'leaves sessions alive',
    factory: flawed({ skips: /^KILL/ }),
    groups: ['users', 'access', 'root'],
    caught: [
      'users: drop ends the sessions that are open, and no others',
      'users: a new name keeps the password, and ends the sessions',
      'users: a user is moved to another host, with its password',
      'root: it manages what is the tenant’s, and cannot leave the database, touch the service, or give itself more',
      'root: it is shut out when it is disabled, open sessions too, and says whether it was',
    ],
  },
  {
    what: 'revokes nothing',
    factory: flawed({ skips: /^REVOKE/ }),
    groups: ['access', 'repeats'],
    caught: [
      'access: revoke takes one away, and says whether it was there',
      'access: a grant is on the database of exactly that name',
      'repeats: users.revoke leaves the same when it is called twice',
      'repeats: users.revoke is mended by its repeat, whatever message a crash comes before',
      'repeats: users.revoke ends soon after its signal when nobody answers, and is mended by its repeat',
    ],
  },
  {
    what: 'grants by a pattern',
    factory: brokenGroup('users', (users) => ({
      grant: (user, databases, op) =>
        users.grant(
          user,
          databases.flatMap((name) => [name, name.replaceAll('_', 'x')]),
          op,
        ),
      create: (user, op) =>
        users.create({ ...user, databases: user.databases.flatMap((name) => [name, name.replaceAll('_', 'x')]) }, op),
    })),
    groups: ['access'],
    caught: [
      'access: a user may use the databases that are granted, and no others',
      'access: a grant is on the database of exactly that name',
      'access: grants are kept with a new password and with a new name',
    ],
  },
  {
    what: 'loses the grants of a user who gets another name',
    factory: brokenGroup('users', (users) => ({
      async alter(user, changes, op) {
        const outcome = await users.alter(user, changes, op);
        const now = { ...user, ...changes };
        if (changes.name !== undefined && outcome === 'altered')
          for (const name of (await users.get(now, op))?.databases ?? []) await users.revoke(now, name, op);
        return outcome;
      },
    })),
    groups: ['users', 'access'],
    caught: [
      'users: a new name keeps the password, and ends the sessions',
      'users: name and password are altered together',
      'access: grants are kept with a new password and with a new name',
      'access: nothing is left behind for who takes the name next',
    ],
  },
  {
    what: 'checks no names',
    factory: brokenGroup('databases', (databases) => ({
      create: (database, op) =>
        databases.create(database, op).catch((error: unknown) => {
          if (error instanceof Problem && error.code === 'bad_request') return 'created';
          throw error;
        }),
    })),
    groups: ['databases', 'hostile'],
    caught: [
      'databases: a character set that is none is refused',
      'databases: names that would not be kept are refused',
      'databases: reserved databases are neither listed nor touched',
      'hostile: a database gets exactly the name that was asked for, or it is refused',
      'hostile: a database gets its name also under a tenant’s quirks',
    ],
  },
  {
    what: 'goes on when a call is given up',
    factory: flawed({ isDeaf: true }),
    groups: ['contract', 'repeats: databases.create'],
    caught: ['repeats: databases.create ends soon after its signal when nobody answers, and is mended by its repeat'],
  },
  {
    what: 'closes the door of root and leaves it a way back',
    factory: brokenGroup('root', (root) => {
      let password = '';
      return {
        async enable(given, op) {
          password = given;
          await root.enable(given, op);
        },
        async disable(op) {
          const outcome = await root.disable(op);
          if (outcome === 'disabled') await root.enable(password, op);
          return outcome;
        },
      };
    }),
    groups: ['root'],
    caught: [
      'root: it manages what is the tenant’s, and cannot leave the database, touch the service, or give itself more',
      'root: it is shut out when it is disabled, open sessions too, and says whether it was',
    ],
  },
  {
    what: 'takes the first password of root for the last',
    factory: brokenGroup('root', (root) => ({
      async enable(password, op) {
        if ((await root.status(op)) === 'disabled') await root.enable(password, op);
      },
    })),
    groups: ['root', 'repeats'],
    caught: [
      'root: the password of the last call counts',
      'root: it takes every password that the manifest allows, and no other',
      'repeats: root.enable leaves the same when it is called twice',
      'repeats: root.enable is mended by its repeat, whatever message a crash comes before',
      'repeats: root.enable ends soon after its signal when nobody answers, and is mended by its repeat',
    ],
  },
  {
    what: 'renders something else each time',
    factory: brokenGroup('configuration', (configuration) => {
      let count = 0;
      return {
        render(settings) {
          count += 1;
          return configuration.render(settings).map((file) => ({ ...file, content: `# ${count}\n${file.content}` }));
        },
      };
    }),
    groups: ['configuration'],
    caught: ['configuration: render is pure'],
  },
  {
    what: 'renders what it has not looked at',
    factory: brokenGroup('configuration', (configuration) => ({
      render: (settings) =>
        configuration.render({}).map((file) => ({
          ...file,
          content: Object.entries(settings)
            .map(([name, value]) => `${name} = ${typeof value === 'string' ? `"${value}"` : value}\n`)
            .join(''),
        })),
    })),
    groups: ['configuration'],
    caught: ['configuration: a value that would say more than one parameter is refused'],
  },
  {
    what: 'says applied and does nothing',
    factory: brokenGroup('configuration', () => ({
      apply: async (changes) =>
        Object.fromEntries(Object.keys(changes).map((name) => [name, { outcome: 'applied' } as const])),
    })),
    groups: ['configuration', 'repeats'],
    caught: [
      'configuration: what is applied is in force, twice, and each has its outcome',
      'configuration: what is in force is read from the database, also by another driver and after a change by another',
      'configuration: what needs a restart says so, and the running database keeps what it has',
      'configuration: a value that the database refuses is rejected, with a reason, and keeps none of the others back',
      'configuration: a name that the database does not know is rejected',
      'configuration: a hostile value is taken as one value, or rejected',
      'configuration: a database that is away is told as a problem, not as an outcome',
      'repeats: configuration.apply leaves the same when it is called twice',
      'repeats: configuration.apply is mended by its repeat, whatever message a crash comes before',
      'repeats: configuration.apply ends soon after its signal when nobody answers, and is mended by its repeat',
    ],
  },
  {
    what: 'tells what is in force from memory',
    factory: brokenGroup('configuration', (configuration) => {
      const remembered: Record<string, string | number | boolean> = {};
      return {
        async apply(changes, op) {
          const outcomes = await configuration.apply(changes, op);
          for (const [name, value] of Object.entries(changes))
            if (value !== null && outcomes[name]?.outcome === 'applied') remembered[name] = value;
            else delete remembered[name];
          return outcomes;
        },
        async effective(names, op) {
          const real = await configuration.effective(names, op);
          return {
            ...real,
            ...Object.fromEntries(Object.entries(remembered).filter(([name]) => names.includes(name))),
          };
        },
      };
    }),
    groups: ['configuration', 'restart'],
    caught: [
      'configuration: what is in force is read from the database, also by another driver and after a change by another',
      'restart: a clean end keeps data and accounts, and shutdown may be asked again',
    ],
  },
  {
    what: 'lets one refused parameter keep the others back',
    factory: brokenGroup('configuration', (configuration) => ({
      async apply(changes, op) {
        const outcomes: Awaited<ReturnType<typeof configuration.apply>> = {};
        let isRefused = false;
        for (const [name, value] of Object.entries(changes)) {
          if (!isRefused) Object.assign(outcomes, await configuration.apply({ [name]: value }, op));
          else outcomes[name] = { outcome: 'rejected', reason: 'another one was refused' };
          isRefused ||= outcomes[name]?.outcome === 'rejected';
        }
        return outcomes;
      },
    })),
    groups: ['configuration'],
    caught: [
      'configuration: a value that the database refuses is rejected, with a reason, and keeps none of the others back',
    ],
  },
  {
    what: 'has a switch that switches no log',
    factory: brokenGroup('logs', (logs) => ({
      sources: () =>
        logs
          .sources()
          .map((source) =>
            source.switch ? { ...source, switch: { on: { strict: true }, off: { strict: false } } } : source,
          ),
    })),
    groups: ['logs'],
    caught: [
      'logs: general is written while it is on, and only then',
      'logs: general goes on in a new file after reopen, and no line is lost',
    ],
  },
  {
    what: 'goes on in the old log',
    factory: brokenGroup('logs', () => ({ reopen: async () => {} })),
    groups: ['logs'],
    caught: ['logs: general goes on in a new file after reopen, and no line is lost'],
  },
  {
    what: 'tells the state of TLS from what was given to it',
    factory: brokenGroup('tls', (tls) => {
      let last: TlsMaterial | undefined;
      return {
        files(material) {
          last = isWhole(material) ? material : last;
          return tls.files(material);
        },
        async status(op) {
          const real = await tls.status(op);
          return last ? { ...real, fingerprint: fingerprintOf(last.certificate) } : real;
        },
      };
    }),
    groups: ['tls'],
    caught: ['tls: the status is that of the running database, not of the files'],
  },
  {
    what: 'drops sessions when a certificate is renewed',
    factory: broken((driver) => {
      const tls = part(driver, 'tls');
      return {
        tls: {
          ...tls,
          async apply(material, op) {
            await tls.apply(material, op);
            const users = part(driver, 'users');
            const { items } = await users.list({ limit: 1000 }, op);
            // Another name and back: both end the sessions.
            for (const { name, host } of items) {
              await users.alter({ name, host }, { name: `${name}2` }, op);
              await users.alter({ name: `${name}2`, host }, { name }, op);
            }
          },
        },
      };
    }),
    groups: ['tls'],
    caught: ['tls: a new certificate ends no session, and is what clients meet'],
  },
  {
    what: 'requires TLS of nobody',
    factory: brokenGroup('tls', (tls) => ({ files: (material) => tls.files({ ...material, isRequired: false }) })),
    groups: ['tls'],
    caught: [
      'tls: without TLS one comes in, unless it is required',
      'tls: the service comes in while TLS is required, with a new session',
    ],
  },
  {
    what: 'takes broken material without a word',
    factory: brokenGroup('tls', (tls) => ({ apply: (material, op) => tls.apply(material, op).catch(() => {}) })),
    groups: ['tls'],
    caught: ['tls: material that is broken is refused, and what there was goes on'],
  },
  {
    what: 'measures nothing',
    factory: brokenGroup('metrics', () => ({
      read: async () => ({
        uptimeSeconds: 1,
        connections: { open: 1, limit: 100 },
        transactions: 1,
        engine: { Commands: 1 },
      }),
    })),
    groups: ['metrics'],
    caught: [
      'metrics: the uptime goes up',
      'metrics: an open session counts, and counts no more when it has ended',
      'metrics: transactions are counted',
    ],
  },
];
