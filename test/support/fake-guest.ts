import { generateKeyPairSync, X509Certificate } from 'node:crypto';
import { Problem } from '@coffer/core';
import type {
  DatabaseSpec,
  Page,
  PageRequest,
  ParameterOutcome,
  Settings,
  UserInfo,
  UserName,
  UserSpec,
} from '@coffer/core/driver';
import type { CallOptions, GuestCaller, GuestMethod, GuestMethods, InstanceSpec } from '@coffer/core/rpc';

export interface GuestCall {
  instanceId: string;
  method: GuestMethod;
  params: unknown;
  operationId: string;
}

export interface FakeGuests extends GuestCaller {
  /** Every call, in order. */
  calls: GuestCall[];
  /** The next call ends like this instead; `lost` does the work first. */
  failNext(error: Error, how?: 'before' | 'lost'): void;
  /** What becomes of a parameter that changes; `applied` for all others. */
  outcomes: Map<string, ParameterOutcome>;
  /** What a method answers instead, whatever it is: a guest is hostile. An error is thrown, and nothing done. */
  answers: Map<GuestMethod, unknown>;
  /** The order that is in force in a guest. */
  spec(instanceId: string): InstanceSpec | undefined;
}

interface Contents {
  databases: Map<string, DatabaseSpec>;
  users: Map<string, UserInfo>;
  isRootEnabled: boolean;
  spec?: InstanceSpec;
  /** By operation id, as an agent keeps its answers. */
  answers: Map<string, unknown>;
}

type Methods = { [M in GuestMethod]?: (params: GuestMethods[M]['params']) => GuestMethods[M]['result'] };

const byBytes = (a: string, b: string) => Buffer.compare(Buffer.from(a), Buffer.from(b));

function pageOf<T>(entries: Map<string, T>, { limit, marker }: PageRequest): Page<T> {
  const after = [...entries.keys()].sort(byBytes).filter((key) => marker === undefined || byBytes(key, marker) > 0);
  const keys = after.slice(0, limit);
  const items = keys.flatMap((key) => entries.get(key) ?? []);
  const last = keys.at(-1);
  return after.length > limit && last !== undefined ? { items, next: last } : { items };
}

const LINES = ['first', 'second', 'third'];

function changedNames(before: Settings, after: Settings): string[] {
  const names = new Set([...Object.keys(before), ...Object.keys(after)]);
  return [...names].filter((name) => before[name] !== after[name]);
}

function methodsOf(contents: Contents, outcomes: ReadonlyMap<string, ParameterOutcome>): Methods {
  const { databases, users } = contents;
  const keyOf = (user: UserName) => `${user.name}@${user.host ?? '%'}`;
  const found = (user: UserName): UserInfo => {
    const one = users.get(keyOf(user));
    if (!one) throw new Problem('user_missing', `User "${keyOf(user)}" does not exist.`);
    return one;
  };
  return {
    restart: () => ({ state: 'healthy' }),
    prepare: ({ spec }) => {
      contents.spec = spec;
      return { state: 'healthy' };
    },
    configure: ({ spec }) => {
      const changed = changedNames(contents.spec?.settings ?? {}, spec.settings);
      contents.spec = spec;
      const found = changed.map((name): [string, ParameterOutcome] => [
        name,
        outcomes.get(name) ?? { outcome: 'applied' },
      ]);
      return { outcomes: Object.fromEntries(found) };
    },
    configuration_read: ({ names }) => {
      const settings = contents.spec?.settings ?? {};
      return { values: Object.fromEntries(Object.entries(settings).filter(([name]) => names.includes(name))) };
    },
    log_list: () => ({
      logs: [
        {
          name: 'slow_query',
          isEnabled: contents.spec?.logs?.includes('slow_query') ?? false,
          isSwitchable: true,
          sizeBytes: 12,
        },
        { name: 'error', isEnabled: true, isSwitchable: false, sizeBytes: 0 },
      ],
    }),
    log_tail: ({ lines }) => ({ lines: LINES.slice(-lines), isCut: false }),
    tls_request: () => {
      const { publicKey } = generateKeyPairSync('ec', { namedCurve: 'prime256v1' });
      return { publicKey: publicKey.export({ type: 'spki', format: 'pem' }).toString() };
    },
    tls_status: () => {
      const tls = contents.spec?.tls;
      const fingerprint = tls && new X509Certificate(tls.certificate).fingerprint256.replaceAll(':', '').toLowerCase();
      return { ...(fingerprint !== undefined && { fingerprint }), isRequired: tls?.isRequired ?? false };
    },
    metrics_read: () => ({
      database: {
        uptimeSeconds: 60,
        connections: { open: 2, limit: 100 },
        transactions: 7,
        buffer: { requests: 200, hits: 150 },
        engine: { Threads_running: 1 },
      },
      volume: { usedBytes: 1000, totalBytes: 4000 },
    }),
    database_list: (page) => pageOf(new Map([...databases].map(([name]) => [name, { name }])), page),
    database_create: ({ databases: specs }) => {
      const taken = specs.find(({ name }) => databases.has(name));
      if (taken) throw new Problem('database_exists', `Database "${taken.name}" exists; choose another name.`);
      for (const spec of specs) databases.set(spec.name, spec);
      return {};
    },
    database_drop: ({ name }) => ({ outcome: databases.delete(name) ? 'dropped' : 'missing' }),
    user_list: (page) => pageOf(users, page),
    user_create: ({ users: specs }: { users: UserSpec[] }) => {
      const taken = specs.find((user) => users.has(keyOf(user)));
      if (taken) throw new Problem('user_exists', `User "${keyOf(taken)}" exists; choose another name.`);
      for (const { name, host, databases: granted } of specs) {
        users.set(keyOf({ name, ...(host && { host }) }), { name, host: host ?? '%', databases: [...granted] });
      }
      return {};
    },
    user_get: (user) => ({ ...(users.has(keyOf(user)) && { user: found(user) }) }),
    user_alter: ({ users: alterations }) => {
      const changed = alterations.map(({ user, changes: { name, host } }) => {
        const next = { ...found(user), ...(name !== undefined && { name }), ...(host !== undefined && { host }) };
        if (keyOf(next) !== keyOf(user) && users.has(keyOf(next)))
          throw new Problem('user_exists', `User "${keyOf(next)}" exists.`);
        return { old: keyOf(user), next };
      });
      for (const { old } of changed) users.delete(old);
      for (const { next } of changed) users.set(keyOf(next), next);
      return {};
    },
    user_grant: ({ user, databases: more }) => {
      const one = found(user);
      one.databases = [...new Set([...one.databases, ...more])].sort(byBytes);
      return {};
    },
    user_revoke: ({ user, database }) => {
      const one = users.get(keyOf(user));
      if (!one?.databases.includes(database)) return { outcome: 'missing' };
      one.databases = one.databases.filter((name) => name !== database);
      return { outcome: 'revoked' };
    },
    user_drop: (user) => ({ outcome: users.delete(keyOf(user)) ? 'dropped' : 'missing' }),
    root_status: () => ({ state: contents.isRootEnabled ? 'enabled' : 'disabled' }),
    root_enable: () => {
      contents.isRootEnabled = true;
      return {};
    },
    root_disable: () => {
      const outcome = contents.isRootEnabled ? 'disabled' : 'missing';
      contents.isRootEnabled = false;
      return { outcome };
    },
  };
}

/** Guests that behave: databases and users in memory, one set an instance, repeats answered from the stored answer. */
export function createFakeGuests(): FakeGuests {
  const guests = new Map<string, Contents>();
  const failures: { error: Error; how: 'before' | 'lost' }[] = [];
  const calls: GuestCall[] = [];
  const outcomes = new Map<string, ParameterOutcome>();
  const answers = new Map<GuestMethod, unknown>();

  async function call<M extends GuestMethod>(
    instanceId: string,
    method: M,
    params: GuestMethods[M]['params'],
    { operationId }: CallOptions,
  ): Promise<GuestMethods[M]['result']> {
    calls.push({ instanceId, method, params, operationId });
    const failure = failures.shift();
    if (failure?.how === 'before') throw failure.error;
    const instead = answers.get(method);
    if (instead instanceof Error) throw instead;
    const guest = guests.get(instanceId) ?? {
      databases: new Map(),
      users: new Map(),
      isRootEnabled: false,
      answers: new Map(),
    };
    guests.set(instanceId, guest);
    const run: Methods[M] = methodsOf(guest, outcomes)[method];
    if (!run) throw new Problem('not_supported', `the fake guest has no ${method}`);
    if (!guest.answers.has(operationId)) guest.answers.set(operationId, run(params));
    if (failure) throw failure.error;
    if (answers.has(method)) return answers.get(method) as GuestMethods[M]['result'];
    return guest.answers.get(operationId) as GuestMethods[M]['result'];
  }

  return {
    calls,
    outcomes,
    answers,
    spec: (instanceId) => guests.get(instanceId)?.spec,
    failNext: (error, how = 'before') => void failures.push({ error, how }),
    call,
  };
}
