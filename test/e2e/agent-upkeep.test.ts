import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type ContainerRuntime, silentLogger } from '@coffer/core';
import type { GuestHandlers, InstanceSpec } from '@coffer/core/rpc';
import { type Connection, createConnection } from 'mysql2/promise';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { type Agent, createAgent } from '../../packages/agent/src/agent.ts';
import { createDatabase, DATABASE } from '../../packages/agent/src/database.ts';
import { createHandlers } from '../../packages/agent/src/handlers.ts';
import { createLogs } from '../../packages/agent/src/logs.ts';
import { openReplies } from '../../packages/agent/src/replies.ts';
import { createDockerRuntime } from '../../packages/agent/src/runtime/docker.ts';
import { createAgentState, openStateFolder } from '../../packages/agent/src/state.ts';
import { createAuthority } from '../../packages/agent/src/testing-authority.ts';
import { createTls } from '../../packages/agent/src/tls.ts';
import mysql from '../../packages/drivers/src/mysql/index.ts';
import { DATABASE_IMAGE } from '../support/guest-parts.ts';
import { isRoot } from '../support/root.ts';

const SOON = { timeout: 30_000, interval: 50 };
const instanceId = randomUUID();
const name = `coffer-test-upkeep-${instanceId.slice(0, 8)}`;
const user = { name: 'app', password: `pw-${randomUUID()}` };
/** Passes the catalogue, and no machine has the address space for it. */
const KILLS_THE_START = { thread_stack: 2 ** 48 };

/** The engine of this machine as a guest's, for one container without a network. */
function runtimeOf(engine: ContainerRuntime): ContainerRuntime {
  const its = (asked: string): string => (asked === DATABASE ? name : asked);
  return {
    ...engine,
    create: (spec) => engine.create({ ...spec, name: its(spec.name), network: 'none' }),
    start: (asked) => engine.start(its(asked)),
    stop: (asked, options) => engine.stop(its(asked), options),
    kill: (asked, signal) => engine.kill(its(asked), signal),
    remove: (asked) => engine.remove(its(asked)),
    ended: (asked, signal) => engine.ended(its(asked), signal),
    inspect: (asked) => engine.inspect(its(asked)),
    exec: (asked, command, options) => engine.exec(its(asked), command, options),
    logs: (asked, options) => engine.logs(its(asked), options),
  };
}

/** The agent's own reconciler and handlers over a real MySQL. */
// The folders of its container are given to the database's account.
describe.skipIf(!isRoot)('the upkeep of a real database', () => {
  const engine = createDockerRuntime();
  const stop = new AbortController();
  let folder: string;
  let handlers: GuestHandlers;
  let agent: Agent;
  let socketPath: string;
  let running: Promise<void>;
  let order: InstanceSpec;
  let authority: Awaited<ReturnType<typeof createAuthority>>;

  const op = () => ({ id: randomUUID(), signal: AbortSignal.timeout(60_000) });
  const session = (isSecure = false): Promise<Connection> =>
    createConnection({
      socketPath,
      user: user.name,
      password: user.password,
      database: 'shop',
      ...(isSecure && { ssl: { ca: authority.ca, verifyIdentity: false } }),
    });

  async function value(query: string, connection?: Connection): Promise<string> {
    const used = connection ?? (await session());
    const [rows] = await used.query({ sql: query, rowsAsArray: true });
    if (!connection) await used.end();
    return String(Array.isArray(rows) && Array.isArray(rows[0]) ? rows[0].at(-1) : rows);
  }

  async function configure(changes: Partial<InstanceSpec>) {
    order = { ...order, ...changes, revision: order.revision + 1 };
    return (await handlers.configure({ spec: order }, op())).outcomes;
  }

  const startedAt = async () => (await engine.inspect(name))?.startedAt?.getTime();

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'coffer-upkeep-'));
    const runtime = runtimeOf(engine);
    const state = createAgentState(await openStateFolder(join(folder, 'state')));
    const { marks } = await openReplies(join(folder, 'replies'));
    const [tls, logs] = [createTls(state), createLogs({ runtime, log: silentLogger })];
    const database = createDatabase({ runtime, runDir: join(folder, 'run') });
    const volume = {
      ensure: async () => join(folder, 'data'),
      freeBytes: async () => undefined,
      usage: async () => ({ usedBytes: 1, totalBytes: 2 }),
    };
    agent = createAgent({
      runtime,
      state,
      volume,
      tls,
      logs,
      database,
      sandbox: { ensure: async () => {}, holds: async () => true },
      ensureImage: async () => DATABASE_IMAGE,
      loadDriver: async () => mysql,
      log: silentLogger,
      watchMs: 200,
      driftMs: 1000,
    });
    const report = async () => ({ ...agent.status(), agentBuild: '0', protocol: 1, clockMs: 0 });
    handlers = createHandlers({ instanceId, agent, tls, logs, volume, marks, report });
    running = agent.run(stop.signal);
    authority = await createAuthority();
    const { publicKey } = await handlers.tls_request({}, op());
    order = {
      instanceId,
      revision: 1,
      datastore: 'mysql',
      version: { name: '9.7', number: '9.7.4' },
      image: { reference: DATABASE_IMAGE },
      settings: { performance_schema: false },
      tls: { ca: authority.ca, certificate: await authority.certify(publicKey), isRequired: false },
      memoryMib: 512,
      vcpus: 1,
      volume: { device: '/dev/none', sizeGib: 1 },
      network: { address: '127.0.0.1', prefixLength: 8 },
      serverId: 1,
    };
    await handlers.prepare(
      { spec: order, databases: [{ name: 'shop' }], users: [{ ...user, databases: ['shop'] }] },
      { id: randomUUID(), signal: AbortSignal.timeout(90_000) },
    );
    const endpoint = database.endpoint(mysql.manifest, order);
    socketPath = 'socketPath' in endpoint ? endpoint.socketPath : '';
  }, 120_000);
  afterAll(async () => {
    stop.abort();
    await running;
    await engine.remove(name);
    await rm(folder, { recursive: true, force: true });
  }, 60_000);

  it('puts parameters in force without a restart where that can be, and says where not', async () => {
    const before = await startedAt();
    const kept = await session();
    expect(await configure({ settings: { ...order.settings, max_connections: 77, ft_min_word_len: 5 } })).toEqual({
      max_connections: { outcome: 'applied' },
      ft_min_word_len: { outcome: 'restart_required' },
    });
    expect(await value('SELECT @@GLOBAL.max_connections', kept)).toBe('77');
    expect(agent.status()).toMatchObject({ state: 'healthy', restartRequired: ['ft_min_word_len'] });
    expect(await startedAt()).toBe(before);
    await kept.end();
    await handlers.restart({ answerWithinMs: 60_000 }, op());
    expect(agent.status()).not.toHaveProperty('restartRequired');
    expect(
      await handlers.configuration_read({ names: ['max_connections', 'ft_min_word_len', 'no_such'] }, op()),
    ).toEqual({ values: { max_connections: 77, ft_min_word_len: 5 } });
    const { max_connections: _, ...rest } = order.settings;
    expect(await configure({ settings: rest })).toEqual({ max_connections: { outcome: 'applied' } });
    expect(Number(await value('SELECT @@GLOBAL.max_connections'))).not.toBe(77);
  }, 120_000);

  it('changes the certificate below sessions that are open', async () => {
    const before = order.tls?.certificate;
    const kept = await session(true);
    expect(await value("SHOW SESSION STATUS LIKE 'Ssl_cipher'", kept)).toMatch(/TLS/);
    const { publicKey } = await handlers.tls_request({}, op());
    const certificate = await authority.certify(publicKey);
    const first = await handlers.tls_status({}, op());
    expect(await configure({ tls: { ca: authority.ca, certificate, isRequired: true } })).toEqual({});
    const second = await handlers.tls_status({}, op());
    expect(second).toMatchObject({ isRequired: true });
    expect(second.fingerprint).not.toBe(first.fingerprint);
    expect(certificate).not.toBe(before);
    expect(await value('SELECT 1', kept)).toBe('1');
    await kept.end();
    const fresh = await session(true);
    expect(await value("SHOW SESSION STATUS LIKE 'Ssl_cipher'", fresh)).toMatch(/TLS/);
    await fresh.end();
  }, 60_000);

  it('switches a log, reads it, and sets it aside before it fills the volume, with no line lost', async () => {
    expect(await configure({ logs: ['general'] })).toEqual({ general_log: { outcome: 'applied' } });
    const list = async () => (await handlers.log_list({}, op())).logs;
    expect((await list()).find((log) => log.name === 'general')).toMatchObject({ isEnabled: true, isSwitchable: true });
    const kept = await session();
    const filler = 'x'.repeat(1_000_000);
    for (let line = 0; line < 6; line += 1) await value(`SELECT /* ${filler} */ ${line}`, kept);
    await value("SELECT 'before the next file'", kept);
    await vi.waitFor(async () => {
      expect((await list()).find((log) => log.name === 'general')?.sizeBytes).toBeLessThan(1_000_000);
    }, SOON);
    await value("SELECT 'in the next file'", kept);
    await kept.end();
    const { lines } = await handlers.log_tail({ name: 'general', lines: 200 }, op());
    const text = lines.join('\n');
    expect(text).toContain('in the next file');
    expect(text).toContain('before the next file');
    expect((await handlers.log_tail({ name: 'error', lines: 500 }, op())).lines.join('\n')).toContain(
      'ready for connections',
    );
    expect(await configure({ logs: [] })).toEqual({ general_log: { outcome: 'applied' } });
  }, 60_000);

  it('puts back what was changed by hand, and reads figures', async () => {
    expect(await configure({ settings: { ...order.settings, max_connections: 66 } })).toEqual({
      max_connections: { outcome: 'applied' },
    });
    const { driver } = agent.deployed();
    await driver.configuration?.apply({ max_connections: 99 }, op());
    await vi.waitFor(async () => expect(await value('SELECT @@GLOBAL.max_connections')).toBe('66'), SOON);
    const { database } = await handlers.metrics_read({}, op());
    expect(database.connections.limit).toBe(66);
    expect(database.uptimeSeconds).toBeGreaterThan(0);
  }, 60_000);

  it('takes back what keeps the database from its start, says so, and serves', async () => {
    expect(await configure({ settings: { ...order.settings, ...KILLS_THE_START } })).toEqual({
      thread_stack: { outcome: 'restart_required' },
    });
    expect(await handlers.restart({ answerWithinMs: 60_000 }, op())).toEqual({ state: 'healthy' });
    const { state, detail, rejected } = agent.status();
    expect({ state, detail, names: Object.keys(rejected ?? {}) }).toEqual({
      state: 'healthy',
      detail: rejected?.thread_stack,
      names: ['thread_stack'],
    });
    expect(detail).toMatch(/did not come up with thread_stack = 281474976710656.*thread_stack is its default again/);
    expect(await value('SELECT @@GLOBAL.max_connections')).toBe('66');
  }, 120_000);
});
