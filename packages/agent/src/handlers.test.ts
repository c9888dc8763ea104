import { silentLogger } from '@coffer/core';
import { createFakeRuntime } from '@coffer/core/testing';
import { beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { type AgentParts, createAgent } from './agent.ts';
import { createDatabase, DATABASE } from './database.ts';
import { createHandlers } from './handlers.ts';
import { createLogs } from './logs.ts';
import { openReplies } from './replies.ts';
import { fakeDriver, INSTANCE, memoryState, readsItsFiles, scratch, spec } from './testing.ts';
import { createTls } from './tls.ts';

let operations = 0;
const op = (id = `op-${++operations}`) => ({ id, signal: AbortSignal.timeout(3000) });

async function stage() {
  const folder = await scratch(onTestFinished);
  const runtime = createFakeRuntime({ images: ['fakedb:1'] });
  const driver = fakeDriver();
  await runtime.create({ name: 'coffer-sandbox', image: 'fakedb:1', network: 'none' });
  await runtime.start('coffer-sandbox');
  readsItsFiles(runtime, driver);
  const state = memoryState();
  const tls = createTls(state);
  const logs = createLogs({ runtime, log: silentLogger });
  const volume = {
    ensure: async () => folder,
    freeBytes: async () => undefined,
    usage: async () => ({ usedBytes: 1, totalBytes: 2 }),
  };
  const parts: AgentParts = {
    runtime,
    state,
    tls,
    logs,
    volume,
    sandbox: { ensure: async () => {}, holds: async () => true },
    database: createDatabase({ runtime, runDir: folder, setOwner: async () => {} }),
    ensureImage: async () => 'fakedb:1',
    loadDriver: async () => driver.factory,
    log: silentLogger,
    watchMs: 5,
    startingMs: 5,
    retryMs: 5,
  };
  const { marks } = await openReplies(`${folder}/replies`);

  /** A process of the agent over this guest. */
  function begin() {
    const agent = createAgent(parts);
    const abort = new AbortController();
    const running = agent.run(abort.signal);
    const stop = async (): Promise<void> => {
      abort.abort();
      await running;
    };
    onTestFinished(stop);
    const report = async () => ({ state: agent.status().state, agentBuild: '0', protocol: 1, clockMs: 0 });
    return { agent, stop, handlers: createHandlers({ instanceId: INSTANCE, agent, tls, logs, volume, marks, report }) };
  }
  return { driver, runtime, marks, folder, state, begin, ...begin() };
}

const user = { name: 'app', password: 'secret', databases: ['shop'] };

describe('prepare', () => {
  it('ends with a serving database and its first databases and users, and may be said again', async () => {
    const { handlers, driver } = await stage();
    const order = { spec, databases: [{ name: 'shop' }], users: [user] };
    expect(await handlers.prepare(order, op())).toEqual({ state: 'healthy' });
    expect(await handlers.prepare(order, op())).toEqual({ state: 'healthy' });
    expect([...driver.databases]).toEqual(['shop']);
    expect([...driver.users.keys()]).toEqual(['app@%']);
  });

  it('joins the work in progress', async () => {
    const { handlers, driver } = await stage();
    driver.health = { state: 'starting', detail: '' };
    const both = [1, 2].map(() => handlers.prepare({ spec, databases: [], users: [] }, op()));
    driver.health = { state: 'healthy' };
    expect(await Promise.all(both)).toEqual([{ state: 'healthy' }, { state: 'healthy' }]);
    expect(driver.calls.filter((call) => call === 'initialise')).toHaveLength(1);
  });

  it('refuses what is not for this guest, and names that the manifest does not allow, before anything is done', async () => {
    const { handlers, driver } = await stage();
    const none = { databases: [], users: [] };
    await expect(handlers.prepare({ spec: { ...spec, instanceId: 'other' }, ...none }, op())).rejects.toThrow(
      /is instance 1111/,
    );
    await expect(handlers.prepare({ spec: { ...spec, datastore: 'x' }, ...none }, op())).rejects.toThrow(
      /fakedb, not x/,
    );
    await expect(handlers.prepare({ spec, databases: [{ name: 'a/b' }], users: [] }, op())).rejects.toMatchObject({
      code: 'bad_request',
    });
    await expect(handlers.prepare({ spec, databases: [], users: [{ ...user, name: 'root' }] }, op())).rejects.toThrow(
      /reserved/,
    );
    expect(driver.calls).toEqual([]);
  });
});

describe('restart', () => {
  const params = { answerWithinMs: 2000 };
  let made: Awaited<ReturnType<typeof stage>>;
  const starts = () =>
    made.runtime.calls.filter(({ method, args }) => method === 'start' && args[0] === DATABASE).length;

  beforeEach(async () => {
    made = await stage();
    await made.handlers.prepare({ spec, databases: [], users: [] }, op());
  });

  it('ends the database once under one operation id, and again under another', async () => {
    const { handlers, driver } = made;
    const first = op();
    expect(await handlers.restart(params, first)).toEqual({ state: 'healthy' });
    expect(starts()).toBe(2);
    expect(await handlers.restart(params, op(first.id))).toEqual({ state: 'healthy' });
    expect(starts()).toBe(2);
    await handlers.restart(params, op());
    expect(starts()).toBe(3);
    expect(driver.calls.filter((call) => call === 'shutdown')).toHaveLength(2);
  });

  it('is ended by the next life of an agent that died before the database did', async () => {
    const { marks, agent, stop, begin, driver } = made;
    const { id } = op();
    await marks.set(id, await agent.life());
    await stop();
    expect(await begin().handlers.restart(params, op(id))).toEqual({ state: 'healthy' });
    expect(driver.calls.filter((call) => call === 'shutdown')).toHaveLength(1);
    expect(starts()).toBe(2);
  });

  it('is not done twice by the next life of an agent that died after it', async () => {
    const { handlers, stop, begin, driver } = made;
    driver.health = { state: 'starting', detail: 'recovering' };
    const first = op();
    const death = new AbortController();
    const cutOff = handlers.restart({ answerWithinMs: 60_000 }, { ...first, signal: death.signal });
    cutOff.catch(() => {});
    await vi.waitFor(() => expect(starts()).toBe(2));
    await stop();
    death.abort();
    driver.health = { state: 'healthy' };
    expect(await begin().handlers.restart(params, op(first.id))).toEqual({ state: 'healthy' });
    expect(starts()).toBe(2);
    await expect(cutOff).rejects.toMatchObject({ code: 'not_ready' });
  });

  it('says how far it is when the database takes longer than its caller', async () => {
    const { handlers, driver } = made;
    driver.health = { state: 'starting', detail: 'recovering from its log' };
    const first = op();
    await expect(handlers.restart({ answerWithinMs: 50 }, first)).rejects.toMatchObject({
      code: 'not_ready',
      detail: 'The database is still restarting (recovering from its log).',
    });
    driver.health = { state: 'healthy' };
    expect(await handlers.restart(params, op(first.id))).toEqual({ state: 'healthy' });
    expect(starts()).toBe(2);
  });
});

describe('databases and users', () => {
  let made: Awaited<ReturnType<typeof stage>>;

  beforeEach(async () => {
    made = await stage();
    await made.handlers.prepare({ spec, databases: [], users: [] }, op());
  });

  it('refuses what exists, and knows its own repeat', async () => {
    const { handlers, driver } = made;
    const first = op();
    expect(await handlers.database_create({ databases: [{ name: 'a' }, { name: 'b' }] }, first)).toEqual({});
    expect(await handlers.database_create({ databases: [{ name: 'a' }, { name: 'b' }] }, op(first.id))).toEqual({});
    await expect(handlers.database_create({ databases: [{ name: 'c' }, { name: 'b' }] }, op())).rejects.toMatchObject({
      code: 'database_exists',
    });
    expect([...driver.databases]).toEqual(['a', 'b']);
    const second = op();
    await handlers.user_create({ users: [user] }, second);
    await handlers.user_create({ users: [user] }, op(second.id));
    await expect(handlers.user_create({ users: [{ ...user, password: 'stolen' }] }, op())).rejects.toMatchObject({
      code: 'user_exists',
    });
    expect(driver.users.get('app@%')?.password).toBe('secret');
  });

  it('checks names before the driver hears of them', async () => {
    const { handlers, driver } = made;
    const before = driver.calls.length;
    await expect(handlers.database_create({ databases: [{ name: 'system' }] }, op())).rejects.toThrow(/reserved/);
    await expect(handlers.database_drop({ name: 'system' }, op())).rejects.toThrow(/reserved/);
    await expect(handlers.user_drop({ name: 'root' }, op())).rejects.toThrow(/reserved/);
    await expect(handlers.user_create({ users: [{ ...user, host: "' or" }] }, op())).rejects.toMatchObject({
      code: 'bad_request',
    });
    expect(driver.calls.length).toBe(before);
  });

  it('tells what a drop met', async () => {
    const { handlers } = made;
    await handlers.database_create({ databases: [{ name: 'a' }] }, op());
    expect(await handlers.database_drop({ name: 'a' }, op())).toEqual({ outcome: 'dropped' });
    expect(await handlers.database_drop({ name: 'a' }, op())).toEqual({ outcome: 'missing' });
    const { id } = op();
    for (const repeat of [op(id), op(id)])
      expect(await handlers.user_drop({ name: 'nobody' }, repeat)).toEqual({ outcome: 'missing' });
  });

  it('says that it has removed what an earlier run of the same operation removed', async () => {
    const { handlers, driver, marks } = made;
    await handlers.user_create({ users: [user] }, op());
    driver.root = 'secret';
    // As after a death between the work and the storing of its answer.
    const ran = async () => {
      const { id } = op();
      await marks.set(id);
      return op(id);
    };
    const revoked = { user: { name: 'app' }, database: 'none' };
    expect(await handlers.user_revoke(revoked, await ran())).toEqual({ outcome: 'revoked' });
    expect(await handlers.user_revoke(revoked, op())).toEqual({ outcome: 'missing' });
    expect(await handlers.user_drop({ name: 'nobody' }, await ran())).toEqual({ outcome: 'dropped' });
    expect(await handlers.database_drop({ name: 'none' }, await ran())).toEqual({ outcome: 'dropped' });
    expect(await handlers.root_disable({}, op())).toEqual({ outcome: 'disabled' });
    expect(await handlers.root_disable({}, await ran())).toEqual({ outcome: 'disabled' });
    expect(await handlers.root_disable({}, op())).toEqual({ outcome: 'missing' });
  });

  it('alters all users or none, and knows its own repeat', async () => {
    const { handlers, driver } = made;
    await handlers.user_create({ users: [user, { ...user, name: 'other' }] }, op());
    const password = (name: string) => ({ user: { name }, changes: { password: 'new' } });
    await expect(handlers.user_alter({ users: [password('app'), password('nobody')] }, op())).rejects.toMatchObject({
      code: 'user_missing',
      detail: 'User "nobody"@"%" does not exist.',
    });
    expect(driver.users.get('app@%')?.password).toBe('secret');
    await handlers.user_alter({ users: [password('app'), password('other')] }, op());
    expect([...driver.users.values()].map((one) => one.password)).toEqual(['new', 'new']);

    const renamed = { users: [{ user: { name: 'app' }, changes: { name: 'next', host: '10.0.0.%' } }] };
    const first = op();
    await handlers.user_alter(renamed, first);
    await handlers.user_alter(renamed, op(first.id));
    await expect(handlers.user_alter(renamed, op())).rejects.toMatchObject({ code: 'user_missing' });
    expect(await handlers.user_get({ name: 'next', host: '10.0.0.%' }, op())).toEqual({
      user: { name: 'next', host: '10.0.0.%', databases: ['shop'] },
    });
    await handlers.user_create({ users: [user] }, op());
    await expect(
      handlers.user_alter({ users: [{ user: { name: 'app' }, changes: { name: 'other' } }] }, op()),
    ).rejects.toMatchObject({ code: 'user_exists', detail: 'User "other"@"%" exists.' });
  });

  it('grants and revokes, and finds users with any host', async () => {
    const { handlers } = made;
    await handlers.user_create({ users: [user] }, op());
    await handlers.user_grant({ user: { name: 'app' }, databases: ['more', 'shop'] }, op());
    await handlers.user_revoke({ user: { name: 'app' }, database: 'shop' }, op());
    expect((await handlers.user_get({ name: 'app' }, op())).user?.databases).toEqual(['more']);
    expect(await handlers.user_get({ name: 'app', host: 'web1.example.org' }, op())).toEqual({});
    expect(await handlers.user_drop({ name: 'app', host: "' or" }, op())).toEqual({ outcome: 'missing' });
    await expect(handlers.user_grant({ user: { name: 'nobody' }, databases: [] }, op())).rejects.toMatchObject({
      code: 'user_missing',
    });
  });

  it('checks what is new of a user before the driver hears of it', async () => {
    const { handlers, driver } = made;
    await handlers.user_create({ users: [user] }, op());
    const before = driver.calls.length;
    const app = { name: 'app' };
    const alter = (changes: object) => handlers.user_alter({ users: [{ user: app, changes }] }, op());
    await expect(alter({ name: 'root' })).rejects.toThrow(/reserved/);
    await expect(alter({ host: "' or" })).rejects.toThrow(/host/);
    await expect(alter({ password: '' })).rejects.toThrow(/password/);
    await expect(handlers.user_get({ name: 'root' }, op())).rejects.toThrow(/reserved/);
    await expect(handlers.user_grant({ user: app, databases: ['system'] }, op())).rejects.toThrow(/reserved/);
    await expect(handlers.user_revoke({ user: app, database: 'system' }, op())).rejects.toThrow(/reserved/);
    await expect(handlers.root_enable({ password: 'p\0' }, op())).rejects.toThrow(/NUL/);
    expect(driver.calls.length).toBe(before);
    expect(driver.root).toBeUndefined();
  });

  it('lets root in and out', async () => {
    const { handlers, driver } = made;
    expect(await handlers.root_status({}, op())).toEqual({ state: 'disabled' });
    expect(await handlers.root_enable({ password: 'secret' }, op())).toEqual({});
    expect(driver.root).toBe('secret');
    expect(await handlers.root_status({}, op())).toEqual({ state: 'enabled' });
    expect(await handlers.root_disable({}, op())).toEqual({ outcome: 'disabled' });
    expect(await handlers.root_status({}, op())).toEqual({ state: 'disabled' });
  });

  it('is not ready while the database does not serve', async () => {
    const { handlers } = await stage();
    await expect(handlers.database_list({ limit: 5 }, op())).rejects.toMatchObject({ code: 'not_ready' });
  });

  it('is not supported where the driver lacks the group', async () => {
    const { handlers, driver } = await stage();
    driver.without = 'users';
    await handlers.prepare({ spec, databases: [], users: [] }, op());
    await expect(handlers.user_list({ limit: 5 }, op())).rejects.toMatchObject({
      code: 'not_supported',
      detail: 'FakeDB has no operations on users.',
    });
  });
});
