import { randomUUID } from 'node:crypto';
import fc from 'fast-check';
import { expect, it, vi } from 'vitest';
import { Problem } from '../problem.ts';
import { createMemoryDirectory } from '../testing/memory-directory.ts';
import { createMemoryBroker } from '../testing/memory-transport.ts';
import { connectAgentLink } from './agent-link.ts';
import type { AgentLink, GuestHandlers } from './caller.ts';
import { createGuestLink, type GuestLink } from './guest-link.ts';
import { newKeyPair } from './keys.ts';
import type { GuestReport } from './methods.ts';
import { createMemoryReplies, REPLY_LIFETIME_MS } from './replies.ts';
import type { AgentTransport } from './transport.ts';

/*
 * Two copies of the control plane, one guest, and an attacker who sees all that the broker carries and puts it back as, where and
 * as often as he likes, over any number of restarts. Whatever the order of these: only a call that is asked runs, it runs once for
 * as long as its result is kept, its asker gets its own answer, and no report is taken twice or late.
 */

const instanceId = '5f0c1f0e-0000-4000-8000-00000000000a';
const COMMANDS = `coffer.i.${instanceId}.req`;
const EVENTS = `${instanceId}.event`;

/** What the handler of a call does, told by its parameter. */
const OUTCOMES = ['done', 'may pass', 'final'] as const;
type Outcome = (typeof OUTCOMES)[number];

type Action =
  | { kind: 'call'; copy: number; operation: number; outcome: Outcome; replays: number }
  | { kind: 'crash in a call'; copy: number }
  | { kind: 'report' }
  | { kind: 'ask' }
  | { kind: 'restart agent'; keepsReplies: boolean }
  | { kind: 'restart copy'; copy: number }
  | { kind: 'results expire' }
  | { kind: 'replay'; picks: number[] }
  | { kind: 'replay all'; isReversed: boolean }
  | { kind: 'send elsewhere'; pick: number }
  | { kind: 'tamper'; pick: number; at: number; bit: number }
  | { kind: 'garbage'; bytes: Uint8Array };

const copy = fc.nat({ max: 1 });
const action: fc.Arbitrary<Action> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant('call' as const),
      copy,
      operation: fc.nat({ max: 5 }),
      outcome: fc.constantFrom(...OUTCOMES),
      replays: fc.nat({ max: 2 }),
    }),
  },
  fc.record({ kind: fc.constant('crash in a call' as const), copy }),
  fc.record({ kind: fc.constant('report' as const) }),
  fc.record({ kind: fc.constant('ask' as const) }),
  fc.record({ kind: fc.constant('restart agent' as const), keepsReplies: fc.boolean() }),
  fc.record({ kind: fc.constant('restart copy' as const), copy }),
  fc.record({ kind: fc.constant('results expire' as const) }),
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant('replay' as const),
      picks: fc.array(fc.nat(), { minLength: 1, maxLength: 5 }),
    }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('replay all' as const), isReversed: fc.boolean() }) },
  fc.record({ kind: fc.constant('send elsewhere' as const), pick: fc.nat() }),
  fc.record({ kind: fc.constant('tamper' as const), pick: fc.nat(), at: fc.nat(), bit: fc.nat({ max: 7 }) }),
  fc.record({ kind: fc.constant('garbage' as const), bytes: fc.uint8Array({ maxLength: 200 }) }),
);

async function world() {
  const broker = createMemoryBroker();
  const directory = createMemoryDirectory();
  const token = directory.add(instanceId);
  const keys = newKeyPair();
  const seen: { address: string; sealed: Uint8Array }[] = [];
  broker.tap((address, sealed) => seen.push({ address, sealed }));
  let nowMs = Date.now();
  let replies = createMemoryReplies(() => nowMs);
  let serverPublicKey: string | undefined;
  let boot = 0;
  const reports: number[] = [];
  const state = { runs: 0, gate: Promise.resolve(), never: false };

  const handlers = {
    status: async (): Promise<GuestReport> => ({ state: 'healthy', agentBuild: 'm', protocol: 1, clockMs: 0 }),
    // The name that is dropped says what becomes of it, and the number of the run comes back in the answer.
    async database_drop({ name }: { name: string }) {
      state.runs += 1;
      if (state.never) return new Promise<never>(() => undefined);
      await state.gate;
      if (name === 'may pass') throw new Problem('unavailable', 'not now');
      if (name === 'final') throw new Problem('database_missing', 'never');
      return { outcome: 'dropped' as const };
    },
  } as unknown as GuestHandlers;

  const copies: GuestLink[] = [];
  async function startCopy(index: number) {
    await copies[index]?.close();
    const link = createGuestLink({
      transport: broker.server(),
      directory,
      handlers: { driver_chunk: async (_id, { offset }) => ({ base64: '', totalBytes: offset + 1 }) },
      onReport: async (_id, { clockMs }) => void reports.push(clockMs),
    });
    await link.start();
    copies[index] = link;
  }

  let agent: AgentLink;
  let transport: AgentTransport;
  async function startAgent() {
    transport = broker.agent(instanceId);
    boot += 1;
    agent = await connectAgentLink({
      transport,
      instanceId,
      keys,
      ...(serverPublicKey === undefined ? { token } : { serverPublicKey }),
      enrolled: async (key) => {
        serverPublicKey = key;
      },
      nextBoot: async () => boot,
      replies,
      handlers,
      enrolRetryMs: 20,
    });
    await vi.waitFor(() => expect(directory.row(instanceId)?.position?.boot).toBe(boot), { interval: 1 });
  }
  await startCopy(0);
  await startCopy(1);
  await startAgent();

  const link = (index: number): GuestLink => {
    const found = copies[index];
    if (!found) throw new Error('no such copy');
    return found;
  };
  return {
    broker,
    directory,
    seen,
    state,
    reports,
    link,
    startCopy,
    agent: () => agent,
    replies: () => replies,
    async restartAgent(keepsReplies: boolean) {
      await agent.close();
      if (!keepsReplies) replies = createMemoryReplies(() => nowMs);
      await startAgent();
    },
    /** As `kill -9`: what was not settled goes back to the queue. */
    async crashAgent() {
      await transport.close();
      await startAgent();
    },
    expireReplies() {
      nowMs += REPLY_LIFETIME_MS + 1;
    },
    /** Both queues are in order: once these are answered, everything that lay before them was looked at. */
    async settle() {
      for (const index of [0, 1])
        await link(index).call(instanceId, 'status', {}, { operationId: randomUUID(), timeoutMs: 5_000 });
      await agent.ask('driver_chunk', { sha256: '', offset: 0 }, { timeoutMs: 5_000 });
      await new Promise((resolve) => setImmediate(resolve));
    },
    async close() {
      await agent.close();
      for (const one of copies) await one.close();
    },
  };
}

async function check(actions: readonly Action[]): Promise<void> {
  const at = await world();
  const operations = Array.from({ length: 6 }, () => randomUUID());
  /** Operations whose result the guest keeps, and what it is. */
  const kept = new Map<string, Outcome>();
  let sentReports = 0;
  const pick = (number: number) => at.seen[number % at.seen.length] ?? { address: EVENTS, sealed: new Uint8Array() };
  const position = () => {
    const { boot = 0, number = 0 } = at.directory.row(instanceId)?.position ?? {};
    return boot * 1e9 + number;
  };

  async function call(copyIndex: number, operationId: string, outcome: Outcome): Promise<Outcome> {
    const asked = at
      .link(copyIndex)
      .call(instanceId, 'database_drop', { name: outcome }, { operationId, timeoutMs: 5_000 });
    return asked.then(
      () => 'done',
      (error: unknown) => {
        if (error instanceof Problem && error.code === 'unavailable') return 'may pass';
        if (error instanceof Problem && error.code === 'database_missing') return 'final';
        throw error;
      },
    );
  }

  try {
    for (const one of actions) {
      const before = { runs: at.state.runs, position: position() };
      let runs = 0;
      switch (one.kind) {
        case 'call': {
          const operationId = operations[one.operation] ?? '';
          const stored = kept.get(operationId);
          const gate = Promise.withResolvers<void>();
          at.state.gate = gate.promise;
          const sentBefore = at.seen.length;
          const asked = call(one.copy, operationId, one.outcome);
          await vi.waitFor(() => expect(at.seen.length).toBeGreaterThan(sentBefore), { interval: 1 });
          // The very same bytes while it runs, as a broker that delivers again would bring them.
          for (const { address, sealed } of at.seen.slice(sentBefore))
            for (let i = 0; i < one.replays; i += 1) at.broker.inject(address, sealed);
          gate.resolve();
          const got = await asked;
          expect(got).toBe(stored ?? one.outcome);
          runs = stored === undefined ? 1 : 0;
          if (stored === undefined && one.outcome !== 'may pass') kept.set(operationId, one.outcome);
          break;
        }
        case 'crash in a call': {
          at.state.never = true;
          const asked = call(one.copy, randomUUID(), 'done');
          await vi.waitFor(() => expect(at.state.runs).toBe(before.runs + 1), { interval: 1 });
          at.state.never = false;
          at.state.gate = Promise.resolve();
          await at.crashAgent();
          expect(await asked).toBe('done');
          runs = 2;
          break;
        }
        case 'report':
          sentReports += 1;
          await at.agent().report({ state: 'healthy', agentBuild: 'm', protocol: 1, clockMs: sentReports });
          break;
        case 'ask':
          expect(await at.agent().ask('driver_chunk', { sha256: '', offset: 7 }, { timeoutMs: 5_000 })).toMatchObject({
            totalBytes: 8,
          });
          break;
        case 'restart agent':
          await at.restartAgent(one.keepsReplies);
          if (!one.keepsReplies) kept.clear();
          break;
        case 'restart copy':
          await at.startCopy(one.copy);
          break;
        case 'results expire':
          at.expireReplies();
          kept.clear();
          break;
        case 'replay':
          for (const number of one.picks) {
            const { address, sealed } = pick(number);
            at.broker.inject(address, sealed);
          }
          break;
        case 'replay all': {
          const all = at.seen.slice();
          if (one.isReversed) all.reverse();
          for (const { address, sealed } of all) at.broker.inject(address, sealed);
          break;
        }
        case 'send elsewhere': {
          const { address, sealed } = pick(one.pick);
          at.broker.inject(address === COMMANDS ? EVENTS : COMMANDS, sealed);
          break;
        }
        case 'tamper': {
          const { address, sealed } = pick(one.pick);
          const changed = Uint8Array.from(sealed);
          const index = one.at % Math.max(1, changed.length);
          changed[index] = (changed[index] ?? 0) ^ (1 << one.bit);
          at.broker.inject(address, changed);
          break;
        }
        case 'garbage':
          for (const address of [COMMANDS, EVENTS]) at.broker.inject(address, one.bytes);
          break;
      }
      await at.settle();
      expect(at.state.runs - before.runs, one.kind).toBe(runs);
      expect(position(), one.kind).toBeGreaterThanOrEqual(before.position);
      expect(at.reports, one.kind).toEqual(Array.from({ length: sentReports }, (_, i) => i + 1));
    }
  } finally {
    await at.close();
  }
}

it('a call runs once, a report is taken once, whatever the broker does and whoever restarts', async () => {
  await fc.assert(fc.asyncProperty(fc.array(action, { minLength: 3, maxLength: 14 }), check), { numRuns: 60 });
}, 120_000);
