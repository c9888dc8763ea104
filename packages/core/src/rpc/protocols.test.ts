import { randomUUID } from 'node:crypto';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { type Logger, silentLogger } from '../log.ts';
import { createMemoryDirectory } from '../testing/memory-directory.ts';
import { createMemoryBroker } from '../testing/memory-transport.ts';
import { connectAgentLink } from './agent-link.ts';
import type { AgentLink, GuestHandlers } from './caller.ts';
import { type Message, open, seal } from './envelope.ts';
import { createGuestLink, type GuestLink } from './guest-link.ts';
import { newKeyPair } from './keys.ts';
import type { GuestReport } from './methods.ts';
import { apart, commonProtocol, type ProtocolRange, protocolsOf } from './protocols.ts';
import { createMemoryReplies } from './replies.ts';

const instanceId = '5f0c1f0e-0000-4000-8000-00000000000b';
const COMMANDS = `coffer.i.${instanceId}.req`;
const range = (min: number, max = min): ProtocolRange => ({ min, max });
const report = (detail: string): GuestReport => ({
  state: 'healthy',
  detail,
  agentBuild: 'test',
  protocol: 1,
  clockMs: 0,
});
const options = () => ({ operationId: randomUUID(), timeoutMs: 2_000 });

function recorder() {
  const lines: string[] = [];
  const log: Logger = { ...silentLogger, error: (_fields, message) => void lines.push(message), child: () => log };
  return { lines, log };
}

function setUp() {
  const broker = createMemoryBroker();
  const directory = createMemoryDirectory();
  const token = directory.add(instanceId);
  const keys = newKeyPair();
  const replies = createMemoryReplies();
  const links: { close(): Promise<void> }[] = [];
  const spoken: Message[] = [];
  let serverPublicKey: string | undefined;
  let boot = 0;
  broker.tap((address, sealed) => {
    const link = directory.row(instanceId)?.link;
    const key = address === COMMANDS ? link?.down : link?.up;
    try {
      if (key) spoken.push(open(sealed, key));
    } catch {
      // Under the token.
    }
  });

  async function server(protocols: ProtocolRange, log: Logger = silentLogger): Promise<GuestLink> {
    const link = createGuestLink({
      transport: broker.server(),
      directory,
      protocols,
      log,
      handlers: { driver_chunk: async (_instance, { offset }) => ({ base64: '', totalBytes: offset }) },
    });
    await link.start();
    links.push(link);
    return link;
  }

  /** With a life of its own; `kill` ends it as `kill -9` does: what was not settled goes back to the queue. */
  async function agent(
    protocols: ProtocolRange,
    handlers: Partial<GuestHandlers> = {},
    log: Logger = silentLogger,
  ): Promise<AgentLink & { kill(): Promise<void> }> {
    const transport = broker.agent(instanceId);
    boot += 1;
    const link = await connectAgentLink({
      transport,
      instanceId,
      keys,
      protocols,
      ...(serverPublicKey === undefined ? { token } : { serverPublicKey }),
      enrolled: async (key) => {
        serverPublicKey = key;
      },
      nextBoot: async () => boot,
      replies,
      enrolRetryMs: 20,
      handlers: { status: async () => report('asked'), ...handlers },
      log,
    });
    links.push(link);
    await vi.waitFor(() => expect(directory.row(instanceId)?.position?.boot).toBe(boot), { interval: 1 });
    return { ...link, kill: () => transport.close() };
  }

  /** Until a report was taken; those that nobody could read are sent again, as an agent sends the next one. */
  const heard = (link: AgentLink, detail: string): Promise<void> =>
    vi.waitFor(
      async () => {
        await link.report(report(detail));
        expect(directory.row(instanceId)?.lastReport?.detail).toBe(detail);
      },
      { interval: 2 },
    );

  return { broker, directory, spoken, server, agent, heard, links };
}

let world: ReturnType<typeof setUp>;
afterEach(async () => {
  for (const link of world.links.splice(0)) await link.close();
});
const versions = (type: Message['type']) => world.spoken.filter((message) => message.type === type).map(({ v }) => v);

it('a common version is the highest of both, if there is one', () => {
  world = setUp();
  expect(commonProtocol(range(1, 3), range(2, 4))).toBe(3);
  expect(commonProtocol(range(2), range(1, 2))).toBe(2);
  expect(commonProtocol(range(1), range(2, 3))).toBeUndefined();
  const message = { v: 1 } as Message;
  for (const protocols of [undefined, 7, { min: 2 }, { min: 3, max: 2 }, { min: 0, max: 1 }, { min: 1, max: 1e9 }])
    expect(protocolsOf({ ...message, body: { protocols } })).toEqual(range(1));
  expect(protocolsOf({ ...message, body: { protocols: range(2, 4) } })).toEqual(range(2, 4));
  expect(apart(range(1), range(2, 3))).toMatch(/speaks protocol 1; this server speaks 2 to 3; upgrade the agent/);
  expect(apart(range(4, 5), range(2, 3))).toMatch(
    /speaks protocol 4 to 5; this server speaks 2 to 3; upgrade the serv/,
  );
});

describe('two builds', () => {
  it.each([
    { name: 'an agent one version older', agent: range(1), server: range(1, 2), common: 1 },
    { name: 'an agent one version newer', agent: range(1, 2), server: range(1), common: 1 },
    { name: 'an agent that begins where the server ends', agent: range(2, 3), server: range(1, 2), common: 2 },
    { name: 'two that have forgotten the first', agent: range(2, 4), server: range(3, 5), common: 4 },
  ])('speak their common version: $name', async ({ agent, server, common }) => {
    world = setUp();
    const control = await world.server(server);
    const link = await world.agent(agent);
    expect(world.directory.row(instanceId)?.protocols).toEqual(agent);
    await world.heard(link, 'first');
    world.spoken.length = 0;
    await world.heard(link, 'second');
    expect(await control.call(instanceId, 'status', {}, options())).toMatchObject({ detail: 'asked' });
    await link.ask('driver_chunk', { sha256: '', offset: 1 }, { timeoutMs: 2_000 });
    for (const type of ['report', 'call', 'reply', 'ask', 'answer'] as const) expect(versions(type)).toContain(common);
    expect(new Set(world.spoken.map(({ v }) => v))).toEqual(new Set([common]));
  });

  it('that have none say so, once, and find each other when one is upgraded', async () => {
    world = setUp();
    const [server, agent] = [recorder(), recorder()];
    const control = await world.server(range(2, 3), server.log);
    const old = await world.agent(range(1), {}, agent.log);
    const why = /speaks protocol 1; this server speaks 2 to 3; upgrade the agent/;
    await expect(control.call(instanceId, 'status', {}, options())).rejects.toThrow(why);
    await expect(control.call(instanceId, 'status', {}, options())).rejects.toMatchObject({ code: 'not_ready' });
    for (const detail of ['one', 'two']) await old.report(report(detail));
    await vi.waitFor(() => expect(versions('answer')).toHaveLength(3));
    expect(world.directory.row(instanceId)?.apart).toMatch(why);
    expect(world.directory.row(instanceId)?.lastReport).toBeUndefined();
    expect(server.lines).toEqual([expect.stringMatching(why)]);
    expect(agent.lines).toContain('the control plane speaks no protocol of this agent; upgrade the older');
    await old.close();
    const upgraded = await world.agent(range(1, 2));
    await world.heard(upgraded, 'understood');
    expect(world.directory.row(instanceId)?.apart).toBeUndefined();
    expect(await control.call(instanceId, 'status', {}, options())).toMatchObject({ detail: 'asked' });
  });

  it('understand an agent of before there was a choice', async () => {
    world = setUp();
    const control = await world.server(range(1, 2));
    const link = await world.agent(range(1));
    const keys = world.directory.row(instanceId)?.link;
    if (!keys) throw new Error('not enrolled');
    const hello = {
      v: 1,
      instance: instanceId,
      dir: 'up',
      type: 'hello',
      method: '',
      op: '',
      from: 'old',
      to: '',
    } as const;
    world.broker.inject(
      `${instanceId}.event`,
      seal({ ...hello, n: 1, iat: Date.now(), exp: Date.now(), body: { boot: 9 } }, keys.up),
    );
    await vi.waitFor(() => expect(world.directory.row(instanceId)?.session).toBe('old'));
    expect(world.directory.row(instanceId)?.protocols).toEqual(range(1));
    // The present agent refuses what is for that life, and says what it speaks itself.
    expect(await control.call(instanceId, 'status', {}, options())).toMatchObject({ detail: 'asked' });
    expect(new Set(versions('call'))).toEqual(new Set([1]));
    await link.close();
  });
});

describe('an upgrade on the way', () => {
  it.each([
    { name: 'upgraded', before: range(1), after: range(2, 3) },
    { name: 'downgraded', before: range(2, 3), after: range(1) },
  ])('of the agent in the middle of a call: it is $name, and the same operation goes on', async ({ before, after }) => {
    world = setUp();
    const control = await world.server(range(1, 2));
    const began = Promise.withResolvers<void>();
    const old = await world.agent(before, {
      database_drop: (_params, op) => {
        began.resolve();
        return new Promise((_resolve, reject) =>
          op.signal.addEventListener('abort', () => reject(new Error('killed'))),
        );
      },
    });
    const asked = control.call(instanceId, 'database_drop', { name: 'd' }, options());
    await began.promise;
    await old.kill();
    await world.agent(after, { database_drop: async () => ({ outcome: 'dropped' }) });
    expect(await asked).toEqual({ outcome: 'dropped' });
    const calls = world.spoken.filter(({ type }) => type === 'call');
    expect(calls.map(({ v }) => v)).toEqual([before, after].map((one) => commonProtocol(one, range(1, 2))));
    expect(new Set(calls.map(({ op }) => op)).size).toBe(1);
  });

  it('of the agent, of which this copy has not heard: the call is sealed again in its version', async () => {
    world = setUp();
    const control = await world.server(range(1, 3));
    await world.agent(range(2));
    const { get } = world.directory;
    world.directory.get = async (id) => {
      const entry = await get(id);
      return entry && { ...entry, protocols: range(1, 3) };
    };
    expect(await control.call(instanceId, 'status', {}, options())).toMatchObject({ detail: 'asked' });
    expect(versions('call')).toEqual([3, 2]);
  });

  it('of one copy of the server after the other, and back', async () => {
    world = setUp();
    const ahead = await world.server(range(2, 3));
    const link = await world.agent(range(1, 3));
    await world.heard(link, 'by the newer alone');
    expect(versions('report').at(-1)).toBe(3);
    // The other copy is put back to the build of before; the two share the events.
    const behind = await world.server(range(1, 2));
    for (const detail of ['a', 'b', 'c', 'd']) await world.heard(link, detail);
    world.spoken.length = 0;
    for (const detail of ['e', 'f', 'g', 'h']) await world.heard(link, detail);
    expect(new Set(versions('report'))).toEqual(new Set([2]));
    const asked = await Promise.all([ahead, behind].map((copy) => copy.call(instanceId, 'status', {}, options())));
    expect(asked).toHaveLength(2);
    expect(versions('call').sort()).toEqual([2, 3]);
    await ahead.close();
    await world.heard(link, 'by the older alone');
    expect(await behind.call(instanceId, 'status', {}, options())).toMatchObject({ detail: 'asked' });
  });
});
