import { silentLogger } from '@coffer/core';
import { createFakeRuntime } from '@coffer/core/testing';
import { beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { createAgent } from './agent.ts';
import { createDatabase } from './database.ts';
import { createHandlers } from './handlers.ts';
import { openReplies } from './replies.ts';
import { fakeDriver, INSTANCE, scratch, spec } from './testing.ts';

let operations = 0;
const op = (id = `op-${++operations}`) => ({ id, signal: AbortSignal.timeout(3000) });

async function stage() {
  const folder = await scratch(onTestFinished);
  const runtime = createFakeRuntime({ images: ['fakedb:1'] });
  const driver = fakeDriver();
  await runtime.create({ name: 'coffer-sandbox', image: 'fakedb:1', network: 'none' });
  await runtime.start('coffer-sandbox');
  const agent = createAgent({
    runtime,
    state: { spec: async () => undefined, saveSpec: async () => {}, servicePassword: async () => 'pw' },
    volume: { ensure: async () => folder, usage: async () => undefined },
    sandbox: { ensure: async () => {}, holds: async () => true },
    database: createDatabase({ runtime, runDir: folder, setOwner: async () => {} }),
    ensureImage: async () => 'fakedb:1',
    loadDriver: async () => driver.factory,
    log: silentLogger,
    watchMs: 5,
    startingMs: 5,
    retryMs: 5,
  });
  const abort = new AbortController();
  const running = agent.run(abort.signal);
  onTestFinished(async () => {
    abort.abort();
    await running;
  });
  const { marks } = await openReplies(`${folder}/replies`);
  const report = async () => ({ state: agent.status().state, agentBuild: '0', protocol: 1, clockMs: 0 });
  return { driver, handlers: createHandlers({ instanceId: INSTANCE, agent, marks, report }) };
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
    expect(await handlers.user_drop({ name: 'nobody' }, op())).toEqual({ outcome: 'missing' });
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
