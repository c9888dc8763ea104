import { createHash } from 'node:crypto';
import { Problem } from '@coffer/core';
import * as coffer from '@coffer/core/driver';
import manifestJson from './manifest.json' with { type: 'json' };
import { createSession, type Session } from './session.ts';

const manifest = coffer.parseManifest(manifestJson);
const UID = 999;
const CONFIGURATION = '/etc/valkey/coffer.conf';
/** Of a tenant: all keys and channels, and no command that is the operator's. */
const RIGHTS = ['~*', '&*', '+@all', '-@admin', '-@dangerous', '+info', '+keys', '+sort'];
const SAVE = ['ACL', 'SAVE'];

/** Passwords never leave this file: the server is given what it would make of them. */
const hashOf = (password: string): string => `#${createHash('sha256').update(password).digest('hex')}`;

/** A name or number of an answer. */
const text = (value: unknown): string => String(value);

/** Answers that are a list of names and values by turns. */
function pairs(answer: unknown): Map<string, unknown> {
  const list = Array.isArray(answer) ? answer : [];
  return new Map(list.flatMap((name, index) => (index % 2 === 0 ? [[text(name), list[index + 1]]] : [])));
}

function users(session: Session): coffer.UsersGroup {
  const info = (name: string): coffer.UserInfo => ({ name, host: '%', databases: [] });
  const isTenant = (name: string): boolean => !manifest.reserved.users.includes(name.toLowerCase());
  const idOf = (name: string): Buffer => Buffer.from(`${name}@%`);

  async function hashes(name: string, op: coffer.Operation): Promise<string[] | undefined> {
    const [found] = await session.ask(op, ['ACL', 'GETUSER', name]);
    const list = found === null ? undefined : pairs(found).get('passwords');
    return Array.isArray(list) ? list.map((hash) => `#${text(hash)}`) : undefined;
  }

  return {
    async list({ limit, marker }, op) {
      const [names] = await session.ask(op, ['ACL', 'USERS']);
      const all = (Array.isArray(names) ? names.map(text) : []).filter(isTenant);
      const sorted = all.toSorted((left, right) => Buffer.compare(idOf(left), idOf(right)));
      const rest = sorted.filter((name) => marker === undefined || Buffer.compare(idOf(name), Buffer.from(marker)) > 0);
      const [items, last] = [rest.slice(0, limit).map(info), rest[limit - 1]];
      return last !== undefined && rest.length > limit ? { items, next: text(idOf(last)) } : { items };
    },
    async get({ name }, op) {
      return isTenant(name) && (await hashes(name, op)) ? info(name) : undefined;
    },
    async create({ name, password }, op) {
      coffer.checkUserName(manifest, name);
      coffer.checkPassword(manifest, password);
      const make = ['ACL', 'SETUSER', name, 'reset', 'on', hashOf(password), ...RIGHTS];
      const [before] = await session.ask(op, ['ACL', 'GETUSER', name], make, SAVE);
      return before === null ? 'created' : 'exists';
    },
    async alter({ name }, changes, op) {
      const next = changes.name ?? name;
      for (const one of [name, next]) coffer.checkUserName(manifest, one);
      if (changes.password !== undefined) coffer.checkPassword(manifest, changes.password);
      const now = await hashes(name, op);
      const other = next === name ? undefined : await hashes(next, op);
      if (now && other) return 'exists';
      if (!now && !other) return 'missing';
      const secrets = changes.password === undefined ? (now ?? other ?? []) : [hashOf(changes.password)];
      const make = ['ACL', 'SETUSER', next, 'resetpass', 'on', ...secrets, ...RIGHTS];
      // Whose name is gone has to log in again: that ends the sessions.
      await session.ask(op, make, ...(next === name ? [] : [['ACL', 'DELUSER', name]]), SAVE);
      return 'altered';
    },
    async drop({ name }, op) {
      coffer.checkUserName(manifest, name);
      const [count] = await session.ask(op, ['ACL', 'DELUSER', name], SAVE);
      return count === 1 ? 'dropped' : 'missing';
    },
    grant: async () => Promise.reject(new Problem('not_supported', 'Valkey has no databases with names.')),
    revoke: async () => Promise.reject(new Problem('not_supported', 'Valkey has no databases with names.')),
  };
}

function configuration(session: Session, catalogue: readonly coffer.ManifestParameter[]): coffer.ConfigurationGroup {
  const known = new Map(catalogue.map((parameter) => [parameter.name, parameter]));
  const told = (value: coffer.ParameterValue): string =>
    typeof value === 'boolean' ? (value ? 'yes' : 'no') : text(value);

  function line([name, value]: [string, coffer.ParameterValue]): string {
    const said = told(value);
    if (!/^[a-z][a-z-]*$/.test(name) || [...said].some((character) => character < ' '))
      throw new Problem(
        'bad_request',
        `parameter ${JSON.stringify(name)} does not fit on a line of its own; leave out control characters`,
      );
    return `${name} "${said.replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"\n`;
  }

  async function set(
    name: string,
    value: coffer.ParameterValue | null,
    op: coffer.Operation,
  ): Promise<coffer.ParameterOutcome> {
    const parameter = known.get(name);
    if (!parameter) return { outcome: 'rejected', reason: 'this version has no such parameter' };
    if (parameter.restartRequired) return { outcome: 'restart_required' };
    try {
      await session.ask(op, ['CONFIG', 'SET', name, told(value ?? parameter.default ?? 0)]);
      return { outcome: 'applied' };
    } catch (error) {
      if (error instanceof Problem && !error.mayRetry) return { outcome: 'rejected', reason: error.detail };
      throw error;
    }
  }

  return {
    render: (settings) => [
      {
        path: CONFIGURATION,
        content: [
          ...Object.entries(settings).map(line),
          'port 6379\nbind * -::*\nprotected-mode no\nunixsocket /run/valkey/valkey.sock\nunixsocketperm 777\n',
          'dir /data\naclfile /data/users.acl\nappendonly yes\ndaemonize no\nlogfile ""\n',
        ].join(''),
      },
    ],
    async apply(changes, op) {
      const outcomes: Record<string, coffer.ParameterOutcome> = {};
      for (const [name, value] of Object.entries(changes)) outcomes[name] = await set(name, value, op);
      return outcomes;
    },
    async effective(names, op) {
      // The server would take a name for a pattern.
      const wanted = names.filter((name) => known.has(name));
      if (wanted.length === 0) return session.ask(op, ['PING']).then(() => ({}));
      const [answer] = await session.ask(op, ['CONFIG', 'GET', ...wanted]);
      const values = [...pairs(answer)].map(([name, value]): [string, coffer.ParameterValue] => {
        const { type } = known.get(name) ?? { type: 'string' };
        return [name, type === 'integer' ? Number(value) : type === 'boolean' ? value === 'yes' : text(value)];
      });
      return Object.fromEntries(values);
    },
  };
}

async function metrics(session: Session, op: coffer.Operation): Promise<coffer.DatabaseMetrics> {
  const [info] = await session.ask(op, ['INFO', 'everything']);
  const figures = new Map(
    text(info)
      .split('\r\n')
      .map((each): [string, number] => {
        const [name = '', value] = each.split(':');
        return [name, Number(value)];
      }),
  );
  const figure = (name: string): number => figures.get(name) ?? 0;
  const [hits, misses] = [figure('keyspace_hits'), figure('keyspace_misses')];
  const engine = [
    'used_memory',
    'evicted_keys',
    'expired_keys',
    'total_commands_processed',
    'blocked_clients',
    'mem_fragmentation_ratio',
  ];
  return {
    uptimeSeconds: figure('uptime_in_seconds'),
    connections: { open: figure('connected_clients'), limit: figure('maxclients') },
    buffer: { requests: hits + misses, hits },
    engine: Object.fromEntries(engine.map((name) => [name, figure(name)])),
  };
}

function create(context: coffer.DriverContext): coffer.DatastoreDriver {
  const session = createSession(context);
  const { user, password } = context.serviceAccount;
  const first = `user default off resetpass\nuser ${user} on ${hashOf(password)} ~* &* +@all\n`;
  return {
    container: () => ({
      image: context.image,
      args: [CONFIGURATION],
      env: {},
      files: [{ path: '/run/coffer/first.acl', content: first, mode: 0o400, uid: UID }],
      mounts: [
        { kind: 'data', folder: 'valkey', target: '/data', uid: UID },
        { kind: 'run', target: '/run/valkey', uid: UID },
      ],
      capabilities: [],
      readOnlyRoot: true,
      stopSignal: 'SIGTERM',
      stopTimeoutMs: 60_000,
    }),
    // Its accounts were there before its first breath; what is left is to see that the service is let in.
    initialise: async (op) => void (await session.ask(op, ['ACL', 'WHOAMI'])),
    async probe(op) {
      try {
        await session.ask(op, ['PING']);
        return { state: 'healthy' };
      } catch (error) {
        const { code, detail } = error instanceof Problem ? error : new Problem('internal', 'the probe failed');
        return { state: code === 'not_ready' ? 'starting' : code === 'guest_failed' ? 'blocked' : 'down', detail };
      }
    },
    async shutdown(op) {
      await session.ask(op, ['SHUTDOWN']).catch((error: unknown) => {
        // It does not answer because it ends, or had ended.
        if (!(error instanceof Problem) || error.code !== 'unavailable') throw error;
      });
    },
    close: async () => session.close(),
    users: users(session),
    configuration: configuration(session, coffer.ofVersion(manifest, context.version.name).version.parameters),
    // The container prints it, so there is no file to open anew.
    logs: { sources: () => [{ name: 'error' }], reopen: async (op) => void (await session.ask(op, ['PING'])) },
    metrics: { read: (op) => metrics(session, op) },
  };
}

export default { manifest, create } satisfies coffer.DriverFactory;
