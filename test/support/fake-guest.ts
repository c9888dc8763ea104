import { Problem } from '@coffer/core';
import type { DatabaseSpec, Page, PageRequest, UserInfo, UserName, UserSpec } from '@coffer/core/driver';
import type { CallOptions, GuestCaller, GuestMethod, GuestMethods } from '@coffer/core/rpc';

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
}

interface Contents {
  databases: Map<string, DatabaseSpec>;
  users: Map<string, UserInfo>;
  isRootEnabled: boolean;
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

function methodsOf(contents: Contents): Methods {
  const { databases, users } = contents;
  const keyOf = (user: UserName) => `${user.name}@${user.host ?? '%'}`;
  const found = (user: UserName): UserInfo => {
    const one = users.get(keyOf(user));
    if (!one) throw new Problem('user_missing', `User "${keyOf(user)}" does not exist.`);
    return one;
  };
  return {
    restart: () => ({ state: 'healthy' }),
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

  async function call<M extends GuestMethod>(
    instanceId: string,
    method: M,
    params: GuestMethods[M]['params'],
    { operationId }: CallOptions,
  ): Promise<GuestMethods[M]['result']> {
    calls.push({ instanceId, method, params, operationId });
    const failure = failures.shift();
    if (failure?.how === 'before') throw failure.error;
    const guest = guests.get(instanceId) ?? {
      databases: new Map(),
      users: new Map(),
      isRootEnabled: false,
      answers: new Map(),
    };
    guests.set(instanceId, guest);
    const run: Methods[M] = methodsOf(guest)[method];
    if (!run) throw new Problem('not_supported', `the fake guest has no ${method}`);
    if (!guest.answers.has(operationId)) guest.answers.set(operationId, run(params));
    if (failure) throw failure.error;
    return guest.answers.get(operationId) as GuestMethods[M]['result'];
  }

  return {
    calls,
    failNext: (error, how = 'before') => void failures.push({ error, how }),
    call,
  };
}
