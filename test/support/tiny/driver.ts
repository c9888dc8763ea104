import { Problem, type ProblemCode } from '@coffer/core';
import {
  checkDatabaseName,
  checkHost,
  checkNamedUser,
  checkPassword,
  checkUserName,
  type DatastoreDriver,
  type DriverContext,
  type DriverFactory,
  type DriverManifest,
  type Operation,
  type Page,
  type PageRequest,
  type ParameterOutcome,
  type ParameterValue,
  parseManifest,
  type UserInfo,
  type UserName,
} from '@coffer/core/driver';
import { type Line, openLine, quoted, Refusal } from './protocol.ts';
import { LOG } from './server.ts';

export const manifest: DriverManifest = parseManifest({
  api: 1,
  datastore: 'tiny',
  title: 'Tiny',
  versions: [
    {
      name: '1',
      number: '1.0.0',
      image: 'tiny:1',
      active: true,
      default: true,
      parameters: [
        { name: 'max_connections', type: 'integer', min: 1, max: 1000, restartRequired: false },
        { name: 'slow_ratio', type: 'float', min: 0, max: 1, restartRequired: false },
        { name: 'motd', type: 'string', restartRequired: false },
        { name: 'strict', type: 'boolean', restartRequired: false },
        { name: 'workers', type: 'integer', min: 1, max: 8, restartRequired: true },
        { name: 'log_general', type: 'boolean', restartRequired: false, operatorOnly: true },
      ],
    },
  ],
  port: 4_444,
  socket: '/run/tiny/tiny.sock',
  groups: ['databases', 'users', 'root', 'configuration', 'logs', 'tls', 'metrics'],
  minMemoryMib: 64,
  names: {
    database: { maxCharacters: 64 },
    user: { maxCharacters: 32 },
    password: { minBytes: 1, maxBytes: 200 },
    hosts: true,
  },
  reserved: { databases: ['system'], users: ['os_admin', 'root', 'boot'] },
  charsets: {},
  sizing: [{ parameter: 'max_connections', value: { div: ['memoryMib', 2] } }],
});

const MEANINGS: Readonly<Record<string, ProblemCode>> = {
  starting: 'unavailable',
  login: 'not_ready',
  full: 'guest_failed',
  material: 'guest_failed',
};

const byBytes = (left: string, right: string): number => Buffer.compare(Buffer.from(left), Buffer.from(right));

function pageOf<T>(all: readonly T[], idOf: (item: T) => string, { limit, marker }: PageRequest): Page<T> {
  const sorted = all.toSorted((left, right) => byBytes(idOf(left), idOf(right)));
  const rest = marker === undefined ? sorted : sorted.filter((item) => byBytes(idOf(item), marker) > 0);
  const items = rest.slice(0, limit);
  const last = items.at(-1);
  return last !== undefined && rest.length > limit ? { items, next: idOf(last) } : { items };
}

/** What a driver may be told to do wrongly, where a wrapper around it could not. */
export interface Flaws {
  quote?(text: string): string;
  /** Messages of `initialise`, in another order or fewer. */
  initialise?(messages: readonly string[]): readonly string[];
  /** Commands that are taken for done and never sent. */
  skips?: RegExp;
  /** Whether signals are listened to. */
  isDeaf?: boolean;
}

function create(context: DriverContext, flaws: Flaws): DatastoreDriver {
  const { quote = quoted } = flaws;
  const { password } = context.serviceAccount;
  const isLocal = 'socketPath' in context.endpoint();
  let line: Line | undefined;

  async function abortable<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
    const { promise, reject } = Promise.withResolvers<never>();
    const abort = (): void => {
      line?.end();
      line = undefined;
      reject(new Problem('timeout', 'The call was ended before Tiny had answered; it may be repeated.'));
    };
    if (signal.aborted && !flaws.isDeaf) abort();
    if (!flaws.isDeaf) signal.addEventListener('abort', abort, { once: true });
    try {
      return await Promise.race([work, promise]);
    } finally {
      signal.removeEventListener('abort', abort);
    }
  }

  const problemOf = (error: unknown): unknown => {
    if (error instanceof Problem) return error;
    if (!(error instanceof Refusal)) return new Problem('unavailable', 'Tiny does not answer; ask again.');
    return new Problem(MEANINGS[error.code] ?? 'guest_failed', `Tiny refused: ${error.message}.`);
  };

  async function lineAs(name: string): Promise<Line> {
    const opened = await openLine(context.endpoint());
    try {
      await opened.ask(`LOGIN ${quoted(name)} ${quoted(password)}`);
      return opened;
    } catch (error) {
      opened.end();
      throw error;
    }
  }

  async function ask(op: Operation, command: string): Promise<string[][]> {
    if (flaws.skips?.test(command)) return [];
    const run = async (): Promise<string[][]> => {
      if (line === undefined || line.isLost) line = await lineAs('os_admin');
      return line.ask(command);
    };
    try {
      return await abortable(run(), op.signal);
    } catch (error) {
      throw problemOf(error);
    }
  }

  const idOf = ({ name, host }: { name: string; host: string }): string => `${name}@${host}`;
  const at = ({ name, host = '%' }: UserName): string => `${quote(name)} ${quote(host)}`;

  async function databases(op: Operation): Promise<string[]> {
    return (await ask(op, 'DATABASES')).map(([name = '']) => name);
  }

  async function users(op: Operation): Promise<UserInfo[]> {
    const rows = await ask(op, 'USERS');
    return rows.map(([name = '', host = '', ...granted]) => ({ name, host, databases: granted.toSorted(byBytes) }));
  }

  async function find({ name, host = '%' }: UserName, op: Operation): Promise<UserInfo | undefined> {
    return (await users(op)).find((user) => user.name === name && user.host === host);
  }

  async function give(user: UserName, names: readonly string[], op: Operation): Promise<void> {
    for (const name of names) await ask(op, `GRANT ${at(user)} ${quote(name)}`);
  }

  const rendered = (name: string, value: ParameterValue): string => {
    const isText = typeof value === 'string';
    if (!/^[a-z_]+$/.test(name) || (isText && [...value].some((character) => character < ' ')))
      throw new Problem('bad_request', `parameter ${JSON.stringify(name)} cannot be written into a file`);
    return JSON.stringify(value);
  };

  async function applyOne(name: string, value: ParameterValue | null, op: Operation): Promise<ParameterOutcome> {
    try {
      await ask(
        op,
        value === null ? `DEFAULT ${quoted(name)}` : `CHANGE ${quoted(name)} ${quoted(JSON.stringify(value))}`,
      );
      return { outcome: 'applied' };
    } catch (error) {
      if (!(error instanceof Problem) || error.mayRetry) throw error;
      if (error.detail.includes('restart')) return { outcome: 'restart_required' };
      return { outcome: 'rejected', reason: error.detail };
    }
  }

  async function isInitialised(op: Operation): Promise<boolean> {
    try {
      line = await abortable(lineAs('os_admin'), op.signal);
      for (const message of flaws.initialise?.(['BOOT-LOCK']) ?? ['BOOT-LOCK']) await line.ask(message);
      return true;
    } catch (error) {
      if (error instanceof Refusal && error.code === 'login') return false;
      throw problemOf(error);
    }
  }

  return {
    container: () => ({
      image: context.image,
      args: ['tiny'],
      env: {},
      files: [{ path: '/run/secrets/boot', content: password, mode: 0o400 }],
      mounts: [
        { kind: 'data', folder: 'tiny', target: '/data' },
        { kind: 'run', target: '/run/tiny' },
      ],
      capabilities: [],
      readOnlyRoot: true,
      stopSignal: 'SIGTERM',
      stopTimeoutMs: 10_000,
    }),

    async initialise(op) {
      if (await isInitialised(op)) return;
      const from = isLocal ? 'local' : 'anywhere';
      const messages = [`SERVICE-PASSWORD ${quoted(password)}`, `SERVICE-OPEN ${from}`, 'BOOT-LOCK'];
      try {
        const boot = await abortable(lineAs('boot'), op.signal);
        try {
          for (const message of flaws.initialise?.(messages) ?? messages) await abortable(boot.ask(message), op.signal);
        } finally {
          boot.end();
        }
      } catch (error) {
        throw problemOf(error);
      }
    },

    async probe(op) {
      try {
        await ask(op, 'PING');
        return { state: 'healthy' };
      } catch (error) {
        if (!(error instanceof Problem)) throw error;
        if (error.detail.includes('not up yet')) return { state: 'starting', detail: error.detail };
        if (error.code !== 'not_ready') return { state: 'down', detail: error.detail };
        // Nobody knows the service's account yet.
        const boot = await abortable(lineAs('boot'), op.signal).catch(() => undefined);
        boot?.end();
        return boot ? { state: 'healthy' } : { state: 'starting', detail: 'Tiny is not initialised' };
      }
    },

    async shutdown(op) {
      await ask(op, 'SHUTDOWN').catch((error: unknown) => {
        if (!(error instanceof Problem) || error.code !== 'unavailable') throw error;
      });
      line = undefined;
    },

    async close() {
      line?.end();
      line = undefined;
    },

    databases: {
      list: async (page, op) => {
        const found = pageOf(await databases(op), (name) => name, page);
        return { ...found, items: found.items.map((name) => ({ name })) };
      },
      async create({ name, characterSet }, op) {
        checkDatabaseName(manifest, name);
        if (characterSet !== undefined) throw new Problem('bad_request', 'Tiny has no character sets to choose.');
        const [[outcome] = []] = await ask(op, `MAKE-DATABASE ${quote(name)}`);
        return outcome === 'exists' ? 'exists' : 'created';
      },
      async drop(name, op) {
        checkDatabaseName(manifest, name);
        const [[outcome] = []] = await ask(op, `DROP-DATABASE ${quote(name)}`);
        return outcome === 'dropped' ? 'dropped' : 'missing';
      },
    },

    users: {
      list: async (page, op) => pageOf(await users(op), idOf, page),
      get: find,
      async create(user, op) {
        checkUserName(manifest, user.name);
        checkHost(manifest, user.host ?? '%');
        checkPassword(manifest, user.password);
        for (const name of user.databases) checkDatabaseName(manifest, name);
        const [[outcome] = []] = await ask(op, `MAKE-USER ${at(user)}`);
        await ask(op, `PASSWORD ${at(user)} ${quote(user.password)}`);
        await give(user, user.databases, op);
        return outcome === 'exists' ? 'exists' : 'created';
      },
      async alter(user, changes, op) {
        checkNamedUser(manifest, user);
        if (changes.name !== undefined) checkUserName(manifest, changes.name);
        if (changes.host !== undefined) checkHost(manifest, changes.host);
        if (changes.password !== undefined) checkPassword(manifest, changes.password);
        const next = { name: changes.name ?? user.name, host: changes.host ?? user.host ?? '%' };
        const isMoved = idOf(next) !== idOf({ host: '%', ...user });
        const [found, other] = [await find(user, op), isMoved ? await find(next, op) : undefined];
        if (found && other) return 'exists';
        if (!found && !other) return 'missing';
        const now = found ?? next;
        if (changes.password !== undefined) await ask(op, `PASSWORD ${at(now)} ${quote(changes.password)}`);
        if (found && isMoved) await ask(op, `RENAME ${at(found)} ${at(next)}`);
        if (isMoved) await ask(op, `KILL ${quote(user.name)}`);
        return 'altered';
      },
      async grant(user, names, op) {
        checkNamedUser(manifest, user);
        for (const name of names) checkDatabaseName(manifest, name);
        if (!(await find(user, op))) return 'missing';
        await give(user, names, op);
        return 'granted';
      },
      async revoke(user, database, op) {
        checkNamedUser(manifest, user);
        checkDatabaseName(manifest, database);
        const found = await find(user, op);
        await ask(op, `KILL ${quote(user.name)} ${quote(database)}`);
        if (!found?.databases.includes(database)) return 'missing';
        await ask(op, `REVOKE ${at(user)} ${quote(database)}`);
        await ask(op, `KILL ${quote(user.name)} ${quote(database)}`);
        return 'revoked';
      },
      async drop(user, op) {
        checkNamedUser(manifest, user);
        const [[outcome] = []] = await ask(op, `DROP-USER ${at(user)}`);
        await ask(op, `KILL ${quote(user.name)}`);
        return outcome === 'dropped' ? 'dropped' : 'missing';
      },
    },

    root: {
      status: async (op) => ((await ask(op, 'ROOT'))[0]?.[0] === 'open' ? 'enabled' : 'disabled'),
      async enable(given, op) {
        checkPassword(manifest, given);
        await ask(op, `ROOT-OPEN ${quote(given)}`);
      },
      async disable(op) {
        const [row] = await ask(op, 'ROOT');
        await ask(op, 'ROOT-SHUT');
        await ask(op, 'KILL "root"');
        return row?.[0] === 'open' ? 'disabled' : 'missing';
      },
    },

    configuration: {
      render: (settings) => [
        {
          path: '/etc/tiny/tiny.conf',
          content: Object.entries(settings)
            .map(([name, value]) => `${name} = ${rendered(name, value)}\n`)
            .join(''),
        },
      ],
      async apply(changes, op) {
        const outcomes: Record<string, ParameterOutcome> = {};
        for (const [name, value] of Object.entries(changes)) outcomes[name] = await applyOne(name, value, op);
        return outcomes;
      },
      async effective(names, op) {
        const rows = await ask(op, 'PARAMETERS');
        const known = rows.filter(([name = '']) => names.includes(name));
        return Object.fromEntries(
          known.map(([name = '', value = '']): [string, ParameterValue] => [name, JSON.parse(value)]),
        );
      },
    },

    logs: {
      sources: () => [
        { name: 'error' },
        { name: 'general', path: LOG, switch: { on: { log_general: true }, off: { log_general: false } } },
      ],
      reopen: async (op) => void (await ask(op, 'REOPEN')),
    },

    tls: {
      files: ({ certificate, key, isRequired }) => [
        { path: '/etc/tiny/tls/certificate.pem', content: certificate },
        { path: '/etc/tiny/tls/key.pem', content: key, mode: 0o400 },
        { path: '/etc/tiny/tls/required', content: isRequired ? 'yes' : 'no' },
      ],
      apply: async (_, op) => void (await ask(op, 'TLS-RELOAD')),
      async status(op) {
        const [[fingerprint = '', isRequired] = []] = await ask(op, 'TLS');
        return { isRequired: isRequired === 'yes', ...(fingerprint !== '' && { fingerprint }) };
      },
    },

    metrics: {
      async read(op) {
        const [[uptime, open, commands] = []] = await ask(op, 'STATUS');
        return {
          uptimeSeconds: Number(uptime),
          connections: { open: Number(open), limit: 100 },
          transactions: Number(commands),
          engine: { Commands: Number(commands) },
        };
      },
    },
  };
}

/** A driver of every group, as right as can be; @param flaws what it is to do wrongly */
export const tinyDriver = (flaws: Flaws = {}): DriverFactory => ({
  manifest,
  create: (context) => create(context, flaws),
});
