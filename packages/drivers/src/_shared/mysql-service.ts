import { Problem } from '@coffer/core';
import type { DatastoreDriver, DriverContext, Health, Operation } from '@coffer/core/driver';
import { hostsOf } from './mysql-accounts.ts';
import type { Dialect } from './mysql-dialect.ts';
import { errnoOf, isConnectionLoss } from './mysql-errors.ts';
import { createSession, type Session, type Statements } from './mysql-session.ts';
import { sql } from './mysql-sql.ts';

/** The account may not read or do what was asked. */
const NOT_ALLOWED = [1044, 1142, 1143, 1227];
const TOO_MANY_SESSIONS = [1040, 1203, 1226];
const SHUTTING_DOWN = 1053;

const isOneOf = (error: unknown, numbers: readonly number[]): boolean => numbers.includes(errnoOf(error) ?? 0);

export interface ServiceParts {
  /** Display name of the database, for messages. */
  title: string;
  context: DriverContext;
  dialect: Dialect;
  /** Accounts that the image may have made besides root's; they are dropped. */
  imageAccounts?: readonly { name: string; host: string }[];
  /** What each new session of the service begins with. */
  opened?(statements: Statements): Promise<void>;
  /** Why the server cannot serve, though it answers; undefined when it can. Default: it can. */
  blockedBy?(statements: Statements): Promise<string | undefined>;
}

export type Service = Pick<DatastoreDriver, 'initialise' | 'probe' | 'shutdown' | 'close'> & { session: Session };

/** The service's own account in MySQL and MariaDB: how it comes to be the only way in, and what is done by it alone. */
export function mysqlService(parts: ServiceParts): Service {
  const { title, context, dialect, imageAccounts = [] } = parts;
  const { user, password } = context.serviceAccount;
  const options = { title, endpoint: context.endpoint, password };
  const session = createSession({ ...options, user, ...(parts.opened && { opened: parts.opened }) });
  const isRefusedLogin = (error: unknown): boolean => isOneOf(error, dialect.loginRefused);
  let lastHealth: Health = { state: 'starting', detail: `${title} has not answered yet` };

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
      const hosts = await session.use(op.signal, (statements) => hostsOf(statements, dialect, 'root'));
      return hosts.every(({ host, isLocked }) => host !== 'localhost' || isLocked);
    } catch (error) {
      if (isRefusedLogin(error) || isOneOf(error, NOT_ALLOWED)) return false;
      throw error;
    }
  }

  /** Not into the binary log: a replica has service accounts of its own, and these would be transactions of nobody's. */
  const unlogged = sql`SET SESSION sql_log_bin = 0`;

  async function createServiceAccount(statements: Statements): Promise<void> {
    const { run } = statements;
    if (await isFirstBoot(statements))
      throw new Problem('not_ready', `${title} is still making its data folder; ask again.`);
    await run(unlogged);
    // A client that comes by TCP is never "localhost" to a server that resolves no names.
    const hosts = 'socketPath' in context.endpoint() ? ['localhost'] : ['localhost', '%'];
    for (const host of hosts) {
      await run(sql`CREATE USER IF NOT EXISTS ${user}@${host} ${dialect.identified(password)}`);
      // Where there is SYSTEM_USER, it is among them: without it, a tenant with CREATE USER could set the account's password.
      await run(sql`GRANT ALL PRIVILEGES ON *.* TO ${user}@${host} WITH GRANT OPTION`);
    }
  }

  async function lockRoot(statements: Statements): Promise<void> {
    const { run } = statements;
    await run(unlogged);
    for (const { name, host } of imageAccounts) await run(sql`DROP USER IF EXISTS ${name}@${host}`);
    // No tenant has a root yet: whatever else there is was made by the image, some of it without a password.
    for (const { host } of await hostsOf(statements, dialect, 'root'))
      if (host !== 'localhost') await run(sql`DROP USER IF EXISTS ${'root'}@${host}`);
    await run(sql`ALTER USER IF EXISTS ${'root'}@${'localhost'} ACCOUNT LOCK`);
  }

  async function initialise(op: Operation): Promise<void> {
    if (await isInitialised(op)) return;
    try {
      await asRoot(op, createServiceAccount);
    } catch (error) {
      // By TCP root is gone before it is locked: then the service account is whole already.
      if (!isRefusedLogin(error)) throw error;
    }
    // The rights that the session may have had before it was given them are those of its login.
    await session.close();
    try {
      await session.use(op.signal, lockRoot);
    } finally {
      // Its statements went by the binary log; those of the next session must not.
      await session.close();
    }
  }

  function healthOf(error: unknown): Health {
    const detail = error instanceof Problem ? error.detail : `${title} did not answer`;
    return { state: isOneOf(error, TOO_MANY_SESSIONS) ? 'blocked' : 'down', detail };
  }

  /** Before `initialise` the service account is unknown; whether the database serves, root can tell. */
  async function healthAsRoot(op: Operation): Promise<Health> {
    try {
      const isFirst = await asRoot(op, isFirstBoot);
      return isFirst ? { state: 'starting', detail: `${title} is making its data folder` } : { state: 'healthy' };
    } catch (error) {
      if (isRefusedLogin(error))
        return { state: 'starting', detail: `${title} knows none of the service's accounts yet` };
      return healthOf(error);
    }
  }

  return {
    session,
    initialise,

    async probe(op) {
      // The only session is at work, so the database answered a moment ago; waiting for it would make a long call look like silence.
      if (session.isBusy) return lastHealth;
      try {
        const detail = await session.use(op.signal, async (statements) => {
          await statements.run(sql`SELECT 1`);
          return parts.blockedBy?.(statements);
        });
        lastHealth = detail === undefined ? { state: 'healthy' } : { state: 'blocked', detail };
      } catch (error) {
        lastHealth = isRefusedLogin(error) ? await healthAsRoot(op) : healthOf(error);
      }
      return lastHealth;
    },

    async shutdown(op) {
      try {
        await session.use(op.signal, ({ run }) => run(sql`SHUTDOWN`));
      } catch (error) {
        // Gone already, or not ours to ask yet: the signal that stops the container ends it just as cleanly.
        if (!isConnectionLoss(error) && !isRefusedLogin(error) && !isOneOf(error, [SHUTTING_DOWN])) throw error;
      }
      await session.close();
    },

    close: () => session.close(),
  };
}
