import { Problem } from '@coffer/core';
import {
  type DatastoreDriver,
  type DriverContext,
  type DriverFactory,
  type Health,
  type Operation,
  parseManifest,
} from '@coffer/core/driver';
import { mysqlDatabases } from '../_shared/mysql-databases.ts';
import { errnoOf, isConnectionLoss } from '../_shared/mysql-errors.ts';
import { createSession, type Statements } from '../_shared/mysql-session.ts';
import { secret, sql } from '../_shared/mysql-sql.ts';
import { mysqlContainer } from './container.ts';
import manifestJson from './manifest.json' with { type: 'json' };
import { mysqlRoot } from './root.ts';
import { mysqlUsers } from './users.ts';

const manifest = parseManifest(manifestJson);
const SOCKET = manifest.socket ?? '/var/run/mysqld/mysqld.sock';

/** The server knows neither this account nor password, or has the account locked. */
const LOGIN_REFUSED = [1045, 1698, 3118];
/** The account may not read or do what was asked. */
const NOT_ALLOWED = [1044, 1142, 1143, 1227];
const TOO_MANY_SESSIONS = [1040, 1203, 1226];

const isOneOf = (error: unknown, numbers: readonly number[]): boolean => numbers.includes(errnoOf(error) ?? 0);

function create(context: DriverContext): DatastoreDriver {
  const { user, password } = context.serviceAccount;
  const options = { title: manifest.title, endpoint: context.endpoint, password };
  const service = createSession({ ...options, user });
  let lastHealth: Health = { state: 'starting', detail: `${manifest.title} has not answered yet` };

  /** Runs `work` as the image's root, which exists until `initialise` has locked it. */
  async function asRoot<T>(op: Operation, work: (statements: Statements) => Promise<T>): Promise<T> {
    const root = createSession({ ...options, user: 'root' });
    try {
      return await root.use(op.signal, work);
    } finally {
      await root.close();
    }
  }

  /** The image's entrypoint runs a first server without network while it makes the data folder; nothing may be changed in that one. */
  async function isFirstBoot({ run }: Statements): Promise<boolean> {
    const [row] = await run(sql`SELECT @@GLOBAL.skip_networking`);
    return String(row?.[0]) === '1';
  }

  /** Root is locked by the last statement of `initialise`, which makes it the mark of a whole one. */
  async function isInitialised(op: Operation): Promise<boolean> {
    try {
      const rows = await service.use(op.signal, ({ run }) =>
        run(sql`SELECT account_locked FROM mysql.user WHERE User = 'root' AND Host = 'localhost'`),
      );
      return rows.every((row) => row[0] === 'Y');
    } catch (error) {
      if (isOneOf(error, [...LOGIN_REFUSED, ...NOT_ALLOWED])) return false;
      throw error;
    }
  }

  /** Not into the binary log: a replica has service accounts of its own, and these would be transactions of nobody's. */
  const unlogged = sql`SET SESSION sql_log_bin = 0`;

  async function createServiceAccount(statements: Statements): Promise<void> {
    const { run } = statements;
    if (await isFirstBoot(statements))
      throw new Problem('not_ready', `${manifest.title} is still making its data folder; ask again.`);
    await run(unlogged);
    // A client that comes by TCP is never "localhost" to a server that resolves no names.
    const hosts = 'socketPath' in context.endpoint() ? ['localhost'] : ['localhost', '%'];
    for (const host of hosts) {
      await run(sql`CREATE USER IF NOT EXISTS ${user}@${host} IDENTIFIED BY ${secret(password)}`);
      // All rights hold SYSTEM_USER too, without which a tenant with CREATE USER could set the account's password.
      await run(sql`GRANT ALL PRIVILEGES ON *.* TO ${user}@${host} WITH GRANT OPTION`);
    }
  }

  async function lockRoot({ run }: Statements): Promise<void> {
    await run(unlogged);
    await run(sql`DROP USER IF EXISTS ${'root'}@${'%'}`);
    await run(sql`ALTER USER IF EXISTS ${'root'}@${'localhost'} ACCOUNT LOCK`);
  }

  async function initialise(op: Operation): Promise<void> {
    if (await isInitialised(op)) return;
    try {
      await asRoot(op, createServiceAccount);
    } catch (error) {
      // By TCP root is gone before it is locked: then the service account is whole already.
      if (!isOneOf(error, LOGIN_REFUSED)) throw error;
    }
    // The rights that the session may have had before it was given them are those of its login.
    await service.close();
    try {
      await service.use(op.signal, lockRoot);
    } finally {
      // Its statements went by the binary log; those of the next session must not.
      await service.close();
    }
  }

  /** Before `initialise` the service account is unknown; whether the database serves, root can tell. */
  async function healthAsRoot(op: Operation): Promise<Health> {
    try {
      const isFirst = await asRoot(op, isFirstBoot);
      return isFirst
        ? { state: 'starting', detail: `${manifest.title} is making its data folder` }
        : { state: 'healthy' };
    } catch (error) {
      if (isOneOf(error, LOGIN_REFUSED))
        return { state: 'starting', detail: `${manifest.title} knows none of the service's accounts yet` };
      return healthOf(error);
    }
  }

  function healthOf(error: unknown): Health {
    const detail = error instanceof Problem ? error.detail : `${manifest.title} did not answer`;
    return { state: isOneOf(error, TOO_MANY_SESSIONS) ? 'blocked' : 'down', detail };
  }

  async function probe(op: Operation): Promise<Health> {
    // The only session is at work, so the database answered a moment ago; waiting for it would make a long call look like silence.
    if (service.isBusy) return lastHealth;
    try {
      await service.use(op.signal, ({ run }) => run(sql`SELECT 1`));
      lastHealth = { state: 'healthy' };
    } catch (error) {
      lastHealth = isOneOf(error, LOGIN_REFUSED) ? await healthAsRoot(op) : healthOf(error);
    }
    return lastHealth;
  }

  async function shutdown(op: Operation): Promise<void> {
    try {
      await service.use(op.signal, ({ run }) => run(sql`SHUTDOWN`));
    } catch (error) {
      // Gone already, or not ours to ask yet: the signal that stops the container ends it just as cleanly.
      if (!isConnectionLoss(error) && !isOneOf(error, [...LOGIN_REFUSED, 1053])) throw error;
    }
    await service.close();
  }

  return {
    container: () => mysqlContainer(context, SOCKET, manifest.port),
    initialise,
    probe,
    shutdown,
    close: () => service.close(),
    databases: mysqlDatabases(service, manifest),
    users: mysqlUsers(service, manifest),
    root: mysqlRoot(service, manifest),
  };
}

/** MySQL 9.7 and later LTS releases, by mysql2 over one session. */
const factory: DriverFactory = { manifest, create };
export default factory;
