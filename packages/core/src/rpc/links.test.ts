import { randomUUID } from 'node:crypto';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { Problem } from '../problem.ts';
import { createMemoryDirectory } from '../testing/memory-directory.ts';
import { createMemoryBroker } from '../testing/memory-transport.ts';
import { type AgentLinkOptions, connectAgentLink } from './agent-link.ts';
import type { AgentLink, GuestHandlers } from './caller.ts';
import { seal } from './envelope.ts';
import { createGuestLink, type GuestLink } from './guest-link.ts';
import { deriveLinkKeys, type KeyPair, newKeyPair } from './keys.ts';
import type { GuestReport } from './methods.ts';
import { PROTOCOLS } from './protocols.ts';
import { createMemoryReplies } from './replies.ts';

const instanceId = '5f0c1f0e-0000-4000-8000-000000000001';
const report: GuestReport = { state: 'healthy', agentBuild: 'test', protocol: 1, clockMs: 0 };

/** A guest's disk, and whatever it is told to do. */
function guestState() {
  const disk: { keys: KeyPair; server?: string; boot: number } = { keys: newKeyPair(), boot: 0 };
  return disk;
}

function setUp() {
  const broker = createMemoryBroker();
  const directory = createMemoryDirectory();
  const token = directory.add(instanceId);
  const disk = guestState();
  const replies = createMemoryReplies();
  const open: { close(): Promise<void> }[] = [];
  const seen: { address: string; sealed: Uint8Array }[] = [];
  broker.tap((address, sealed) => seen.push({ address, sealed }));

  async function server(): Promise<GuestLink> {
    const link = createGuestLink({
      transport: broker.server(),
      directory,
      handlers: { driver_chunk: async (_instance, { offset }) => ({ base64: 'AAAA', totalBytes: offset + 3 }) },
    });
    await link.start();
    open.push(link);
    return link;
  }

  async function agent(
    handlers: Partial<GuestHandlers> = {},
    overrides: Partial<AgentLinkOptions> = {},
  ): Promise<AgentLink> {
    const link = await connectAgentLink({
      transport: broker.agent(instanceId),
      instanceId,
      keys: disk.keys,
      ...(disk.server ? { serverPublicKey: disk.server } : { token }),
      enrolled: async (key) => {
        disk.server = key;
      },
      nextBoot: async () => {
        disk.boot += 1;
        return disk.boot;
      },
      replies,
      enrolRetryMs: 20,
      signal: AbortSignal.timeout(5_000),
      handlers: { status: async () => report, ...handlers },
      ...overrides,
    });
    open.push(link);
    await vi.waitFor(() => expect(directory.row(instanceId)?.position?.boot).toBe(disk.boot));
    return link;
  }
  return { broker, directory, disk, token, seen, server, agent, open };
}

let world: ReturnType<typeof setUp>;
afterEach(async () => {
  for (const link of world.open.splice(0)) await link.close();
});
const options = () => ({ operationId: randomUUID(), timeoutMs: 2_000 });

describe('enrolment', () => {
  it('makes the token worthless once the agent has spoken under its own keys', async () => {
    world = setUp();
    await world.server();
    await world.agent();
    await vi.waitFor(() => expect(world.directory.row(instanceId)?.token).toBeUndefined());
    const thief = guestState();
    await expect(
      connectAgentLink({
        transport: world.broker.agent(instanceId),
        instanceId,
        keys: thief.keys,
        token: world.token,
        enrolled: async () => undefined,
        nextBoot: async () => 1,
        replies: createMemoryReplies(),
        handlers: {},
        enrolRetryMs: 10,
        signal: AbortSignal.timeout(150),
      }),
    ).rejects.toThrow();
    expect(world.directory.row(instanceId)?.agentPublicKey).toBe(world.disk.keys.publicKey);
  });

  it('is given up with the signal, also while the broker does not let the guest in', async () => {
    world = setUp();
    const transport = { ...world.broker.agent(instanceId), start: () => new Promise<void>(() => {}) };
    const stop = new AbortController();
    const connecting = world.agent({}, { transport, signal: stop.signal });
    stop.abort(new Error('stopped'));
    await expect(connecting).rejects.toThrow('stopped');
  });

  it('is given to the first key alone, and again to the same one', async () => {
    world = setUp();
    await world.server();
    const first = await world.directory.enrol(instanceId, world.disk.keys.publicKey);
    expect(await world.directory.enrol(instanceId, newKeyPair().publicKey)).toBeUndefined();
    await world.agent();
    expect(world.disk.server).toBe(first?.serverPublicKey);
  });

  it('waits for a control plane that starts later', async () => {
    world = setUp();
    const connecting = world.agent();
    await world.server();
    await connecting;
    expect(world.disk.server).toBeDefined();
  });
});

describe('calls', () => {
  it('are answered with the result, and with the guest’s own problem', async () => {
    world = setUp();
    const server = await world.server();
    await world.agent({
      database_drop: async ({ name }) => {
        throw new Problem('database_missing', `there is no database ${name}`);
      },
    });
    expect(await server.call(instanceId, 'status', {}, options())).toEqual(report);
    await expect(server.call(instanceId, 'database_drop', { name: 'nope' }, options())).rejects.toMatchObject({
      code: 'database_missing',
      detail: 'there is no database nope',
    });
  });

  it('say that a guest has not enrolled, or is not there', async () => {
    world = setUp();
    const server = await world.server();
    await expect(server.call(instanceId, 'status', {}, options())).rejects.toMatchObject({ code: 'not_ready' });
    await expect(server.call(randomUUID(), 'status', {}, options())).rejects.toMatchObject({ code: 'not_found' });
  });

  it('run once per operation id: joined while running, answered from the stored result afterwards, by two copies too', async () => {
    world = setUp();
    const [one, two] = [await world.server(), await world.server()];
    let runs = 0;
    const gate = Promise.withResolvers<void>();
    await world.agent({
      database_create: async () => {
        runs += 1;
        await gate.promise;
        return {};
      },
    });
    const repeat = options();
    const both = [
      one.call(instanceId, 'database_create', { databases: [] }, repeat),
      two.call(instanceId, 'database_create', { databases: [] }, repeat),
    ];
    await vi.waitFor(() =>
      expect(world.seen.filter(({ address }) => address.startsWith('coffer.i.')).length).toBeGreaterThanOrEqual(3),
    );
    gate.resolve();
    await Promise.all(both);
    await one.call(instanceId, 'database_create', { databases: [] }, repeat);
    expect(runs).toBe(1);
    await one.call(instanceId, 'database_create', { databases: [] }, options());
    expect(runs).toBe(2);
  });

  it('run again after a failure that may pass, never after one that is final', async () => {
    world = setUp();
    const server = await world.server();
    const codes = ['unavailable', 'guest_failed'] as const;
    let runs = 0;
    await world.agent({
      database_create: async () => {
        const code = codes[runs++];
        if (code) throw new Problem(code, 'no');
        return {};
      },
    });
    const repeat = options();
    for (const code of ['unavailable', 'guest_failed', 'guest_failed']) {
      await expect(server.call(instanceId, 'database_create', { databases: [] }, repeat)).rejects.toMatchObject({
        code,
      });
    }
    expect(runs).toBe(2);
  });

  it('end at their deadline on both sides', async () => {
    world = setUp();
    const server = await world.server();
    const aborted = Promise.withResolvers<void>();
    await world.agent({
      user_create: (_params, op) =>
        new Promise((_resolve, reject) => {
          op.signal.addEventListener('abort', () => {
            aborted.resolve();
            reject(new Problem('timeout', 'given up'));
          });
        }),
    });
    await expect(
      server.call(instanceId, 'user_create', { users: [] }, { operationId: randomUUID(), timeoutMs: 60 }),
    ).rejects.toMatchObject({ code: 'timeout' });
    await aborted.promise;
  });

  it('go to the agent’s present life: a call sealed for an earlier one is sealed again under the same id', async () => {
    world = setUp();
    const server = await world.server();
    const first = await world.agent();
    const stale = world.directory.row(instanceId)?.session;
    await first.close();
    await world.agent();
    const row = world.directory.row(instanceId);
    expect(row?.session).not.toBe(stale);
    // As if this copy had not yet seen the hello.
    const { get } = world.directory;
    let reads = 0;
    world.directory.get = async (id) => {
      const entry = await get(id);
      reads += 1;
      return entry && stale ? { ...entry, session: stale } : entry;
    };
    expect(await server.call(instanceId, 'status', {}, options())).toEqual(report);
    expect(reads).toBe(1);
  });
});

describe.each([
  { word: 'ahead', offMs: 3_600_000 },
  { word: 'behind', offMs: -3_600_000 },
])('guests whose clock is an hour $word', ({ offMs }) => {
  let runs = 0;
  const status = async () => {
    runs += 1;
    return report;
  };
  const now = () => Date.now() + offMs;

  it('work, in their first life and in later ones, and are shown with it', async () => {
    world = setUp();
    const server = await world.server();
    const first = await world.agent({ status }, { now });
    expect(await server.call(instanceId, 'status', {}, options())).toEqual(report);
    await first.close();
    // This life has asked nothing yet, so it knows its own clock alone.
    await world.agent({ status }, { now });
    expect(await server.call(instanceId, 'status', {}, options())).toEqual(report);
    expect(world.directory.row(instanceId)?.clockSkewMs).toBeCloseTo(offMs, -5);
  });

  it('do not begin what came too late, whatever their clock says', async () => {
    world = setUp();
    const server = await world.server();
    let gate = Promise.resolve();
    const transport = world.broker.agent(instanceId);
    const { start } = transport;
    transport.start = (onCommand) =>
      start(async (sealed) => {
        await gate;
        await onCommand(sealed);
      });
    await world.agent({ status }, { now, transport });
    const open = Promise.withResolvers<void>();
    gate = open.promise;
    await expect(server.call(instanceId, 'status', {}, { ...options(), timeoutMs: 20 })).rejects.toThrow('within 20');
    runs = 0;
    open.resolve();
    await server.call(instanceId, 'status', {}, options());
    await vi.waitFor(() => expect(world.seen.filter(({ address }) => address.startsWith('reply.'))).toHaveLength(2));
    expect(runs).toBe(1);
  });
});

describe('an attacker at the broker', () => {
  it('runs nothing twice by replaying commands, to this life or a later one', async () => {
    world = setUp();
    const server = await world.server();
    let runs = 0;
    const handlers: Partial<GuestHandlers> = {
      database_create: async () => {
        runs += 1;
        return {};
      },
    };
    const first = await world.agent(handlers);
    await server.call(instanceId, 'database_create', { databases: [] }, options());
    const commands = world.seen
      .filter(({ address }) => address === `coffer.i.${instanceId}.req`)
      .map(({ sealed }) => sealed);
    for (const sealed of commands) world.broker.inject(`coffer.i.${instanceId}.req`, sealed);
    await server.call(instanceId, 'status', {}, options()); // the queue is in order: the replays are through
    await first.close();
    await world.agent(handlers);
    for (const sealed of commands) world.broker.inject(`coffer.i.${instanceId}.req`, sealed);
    await server.call(instanceId, 'status', {}, options());
    expect(runs).toBe(1);
  });

  it('cannot bring back an old report, hello or reply', async () => {
    world = setUp();
    const server = await world.server();
    const first = await world.agent();
    await first.report({ ...report, state: 'building' });
    await server.call(instanceId, 'status', {}, options());
    await first.close();
    const old = world.seen.slice();
    const second = await world.agent();
    await second.report(report);
    await vi.waitFor(() => expect(world.directory.row(instanceId)?.lastReport?.state).toBe('healthy'));
    const position = world.directory.row(instanceId)?.position;
    for (const { address, sealed } of old) if (!address.startsWith('coffer.i.')) world.broker.inject(address, sealed);
    expect(await server.call(instanceId, 'status', {}, options())).toEqual(report);
    expect(world.directory.row(instanceId)?.position).toEqual(position);
    expect(world.directory.row(instanceId)?.lastReport?.state).toBe('healthy');
  });

  it('cannot have a question answered twice, nor one of an earlier life', async () => {
    world = setUp();
    const server = await world.server();
    const first = await world.agent();
    await first.ask('driver_chunk', { sha256: 'x', offset: 1 }, { timeoutMs: 2_000 });
    await server.call(instanceId, 'status', {}, options());
    const asked = world.seen.filter(({ address }) => address === `${instanceId}.event`).map(({ sealed }) => sealed);
    const answers = () => world.seen.filter(({ address }) => address === `coffer.i.${instanceId}.req`).length;
    let before = answers();
    for (const sealed of asked) world.broker.inject(`${instanceId}.event`, sealed);
    await server.call(instanceId, 'status', {}, options());
    expect(answers()).toBe(before + 1);
    await first.close();
    await world.server(); // a copy that has not seen any of it
    await world.agent();
    before = answers();
    for (const sealed of asked) for (const _copy of [1, 2]) world.broker.inject(`${instanceId}.event`, sealed);
    await server.call(instanceId, 'status', {}, options());
    expect(answers()).toBe(before + 1);
  });

  it('cannot use up the numbers of another guest by naming its session', async () => {
    world = setUp();
    const server = await world.server();
    await world.agent();
    await server.call(instanceId, 'status', {}, options());
    const session = world.directory.row(instanceId)?.session ?? '';
    const hostile = '5f0c1f0e-0000-4000-8000-000000000003';
    world.directory.add(hostile);
    const own = newKeyPair();
    const granted = await world.directory.enrol(hostile, own.publicKey);
    const keys = deriveLinkKeys(own, { publicKey: granted?.serverPublicKey ?? '' }, hostile, 0);
    const copy = world.seen.find(({ address }) => address.startsWith('reply.'))?.address ?? '';
    for (let n = 1; n <= 50; n += 1) {
      const message = {
        v: PROTOCOLS.max,
        instance: hostile,
        dir: 'up',
        type: 'reply',
        method: 'status',
        op: 'x',
      } as const;
      const to = copy.slice('reply.'.length);
      world.broker.inject(copy, seal({ ...message, from: session, to, n, iat: 0, exp: 0, body: {} }, keys.up));
    }
    expect(await server.call(instanceId, 'status', {}, options())).toEqual(report);
  });

  it('cannot reflect a message or move it to another guest', async () => {
    world = setUp();
    const server = await world.server();
    const link = await world.agent();
    const other = '5f0c1f0e-0000-4000-8000-000000000002';
    world.directory.add(other);
    await link.report(report);
    await server.call(instanceId, 'status', {}, options());
    const position = world.directory.row(instanceId)?.position;
    for (const { address, sealed } of world.seen.slice()) {
      world.broker.inject(`${other}.event`, sealed); // under another guest's key: whose it is says the seal alone
      if (address.startsWith('coffer.i.')) world.broker.inject(`${instanceId}.event`, sealed);
      else world.broker.inject(`coffer.i.${instanceId}.req`, sealed);
    }
    expect(await server.call(instanceId, 'status', {}, options())).toEqual(report);
    expect(world.directory.row(other)?.position).toBeUndefined();
    expect(world.directory.row(instanceId)?.position).toEqual(position);
  });
});

describe('questions of a guest', () => {
  it('are answered, with a problem too', async () => {
    world = setUp();
    await world.server();
    const link = await world.agent();
    expect(await link.ask('driver_chunk', { sha256: 'x', offset: 4 }, { timeoutMs: 2_000 })).toEqual({
      base64: 'AAAA',
      totalBytes: 7,
    });
    await expect(link.ask('driver_chunk', JSON.parse('{"sha256":5}'), { timeoutMs: 2_000 })).rejects.toMatchObject({
      code: 'bad_request',
    });
  });
});

describe('a hostile guest', () => {
  it('says nothing that a column could not hold', async () => {
    world = setUp();
    await world.server();
    const link = await world.agent();
    const detail = `a\0${'b'.repeat(5_000)}`;
    await link.report({
      ...report,
      detail,
      driver: 'd\0',
      volume: { usedBytes: 0.5, totalBytes: 1 },
      revision: 2 ** 40,
    });
    await vi.waitFor(() => expect(world.directory.row(instanceId)?.lastReport).toBeDefined());
    const taken = world.directory.row(instanceId)?.lastReport;
    expect(taken).toEqual({ ...report, detail: `a${'b'.repeat(1_023)}`, driver: 'd' });
    await link.report({ ...report, protocol: 1e10 });
    await link.report({ ...report, detail: 'last' });
    await vi.waitFor(() => expect(world.directory.row(instanceId)?.lastReport?.detail).toBe('last'));
  });

  it('cannot make its event come again for ever; a store that is away can', async () => {
    world = setUp();
    const server = await world.server();
    const link = await world.agent();
    const { accept } = world.directory;
    let tries = 0;
    let trouble: Error = new Error('value out of range');
    world.directory.accept = async (...args) => {
      tries += 1;
      if (tries < 3) throw trouble;
      return accept(...args);
    };
    await link.report(report);
    await server.call(instanceId, 'status', {}, options());
    expect(tries).toBe(1);
    tries = 0;
    trouble = new Problem('unavailable', 'the store is away');
    await link.report({ ...report, detail: 'kept' });
    await vi.waitFor(() => expect(world.directory.row(instanceId)?.lastReport?.detail).toBe('kept'));
    expect(tries).toBe(3);
  });
});
