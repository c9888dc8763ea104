import { randomUUID } from 'node:crypto';
import { Problem } from '@coffer/core';
import type { GuestMethod, GuestMethods } from '@coffer/core/rpc';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { type AgentWorld, type DistantGuest, startAgentWorld } from '../support/crash/agent-world.ts';

const SOON = { timeout: 30_000, interval: 20 };
const shop = { name: 'shop' };
const app = { name: 'app', password: 'first', databases: ['shop'] };

/** One call, to a guest that has the database `shop`, the user `app`, and root enabled. */
interface Call {
  name: string;
  method: GuestMethod;
  params(guest: DistantGuest): GuestMethods[GuestMethod]['params'];
}

/** Of each method; one without does not compile. */
const examples: { [M in GuestMethod]: (guest: DistantGuest) => GuestMethods[M]['params'] } = {
  prepare: ({ spec }) => ({ spec, databases: [shop], users: [app] }),
  status: () => ({}),
  restart: () => ({ answerWithinMs: 20_000 }),
  configure: ({ spec }) => ({
    spec: { ...spec, revision: 2, settings: { size: 60, mode: 'fast', workers: 8 }, logs: ['slow_query'] },
  }),
  configuration_read: () => ({ names: ['size', 'mode', 'workers'] }),
  log_list: () => ({}),
  log_tail: () => ({ name: 'error', lines: 10 }),
  tls_request: () => ({}),
  tls_status: () => ({}),
  metrics_read: () => ({}),
  database_list: () => ({ limit: 10 }),
  database_create: () => ({ databases: [{ name: 'more' }] }),
  database_drop: () => shop,
  user_list: () => ({ limit: 10 }),
  user_create: () => ({ users: [{ ...app, name: 'other' }] }),
  user_get: () => ({ name: 'app' }),
  user_alter: () => ({ users: [{ user: { name: 'app' }, changes: { name: 'renamed', password: 'second' } }] }),
  user_grant: () => ({ user: { name: 'app' }, databases: ['more'] }),
  user_revoke: () => ({ user: { name: 'app' }, database: 'shop' }),
  user_drop: () => ({ name: 'app' }),
  root_status: () => ({}),
  root_enable: () => ({ password: 'second' }),
  root_disable: () => ({}),
};
const isMethod = (name: string): name is GuestMethod => Object.hasOwn(examples, name);
const methods = Object.keys(examples).filter(isMethod);

const refused = <M extends GuestMethod>(method: M, params: GuestMethods[M]['params']): Call => ({
  name: `${method} in vain`,
  method,
  params: () => params,
});
/** What is there already, or is not there: a repeat must not take the first run's words for something else. */
const refusals: Call[] = [
  refused('database_create', { databases: [shop] }),
  refused('log_tail', { name: 'nothing', lines: 10 }),
  refused('database_drop', { name: 'nothing' }),
  refused('user_create', { users: [app] }),
  refused('user_alter', { users: [{ user: { name: 'nobody' }, changes: { password: 'second' } }] }),
  refused('user_grant', { user: { name: 'nobody' }, databases: ['shop'] }),
  refused('user_revoke', { user: { name: 'app' }, database: 'more' }),
  refused('user_drop', { name: 'nobody' }),
];
const calls: Call[] = [
  ...methods.map((method): Call => ({ name: method, method, params: examples[method] })),
  ...refusals,
];

/** What of an answer is the same whenever it is given. */
function lasting(method: GuestMethod, answer: unknown): unknown {
  const { state, database, publicKey } = Object(answer);
  if (method === 'status') return state;
  if (method === 'metrics_read') return database;
  return method === 'tls_request' ? typeof publicKey : answer;
}

/** What a call came to: its answer, what it changed, what is there. */
interface Outcome {
  answer: unknown;
  effects: string[];
  content: string;
}

describe('agents killed in the middle of each method', () => {
  let world: AgentWorld;
  const places = new Map<Call, readonly string[]>();
  const undisturbed = new Map<Call, Outcome>();

  async function ask(call: Pick<Call, 'method' | 'params'>, guest: DistantGuest, id: string): Promise<unknown> {
    const options = { operationId: id, timeoutMs: 30_000 };
    try {
      return await world.plane.call(guest.spec.instanceId, call.method, call.params(guest), options);
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      return { problem: error.code };
    }
  }

  /** As whoever asked does it: a guest that is on its way up is asked again, under the same id. */
  async function insist(call: Call, guest: DistantGuest, id: string, asked?: Promise<unknown>): Promise<unknown> {
    const deadline = performance.now() + SOON.timeout;
    let answer = await (asked ?? ask(call, guest, id));
    while (Object(answer).problem === 'not_ready' && performance.now() < deadline) answer = await ask(call, guest, id);
    return answer;
  }

  async function outcome({ method }: Call, guest: DistantGuest, answer: unknown): Promise<Outcome> {
    return { answer: lasting(method, answer), effects: guest.effects.toSorted(), content: await guest.content() };
  }

  /** Serving, with all that the calls are about, unless the method itself brings it there. */
  async function makeReady({ method }: Call, guest: DistantGuest): Promise<void> {
    if (method === 'prepare') return;
    await ask({ method: 'prepare', params: examples.prepare }, guest, randomUUID());
    await ask({ method: 'root_enable', params: () => ({ password: 'first' }) }, guest, randomUUID());
    await vi.waitFor(() => expect(guest.passed).toContain('after the reply #2'), SOON);
  }

  beforeAll(async () => {
    world = await startAgentWorld();
  });
  afterAll(() => world?.[Symbol.asyncDispose]());

  it('finds the places by calls that nobody disturbs', async () => {
    const guests = await Promise.all(calls.map(async (call) => ({ call, guest: await world.addGuest() })));
    await world.start();
    await Promise.all(
      guests.map(async ({ call, guest }) => {
        await makeReady(call, guest);
        guest.watch();
        const answer = await ask(call, guest, randomUUID());
        // The last place comes after the answer is here.
        await vi.waitFor(() => expect(guest.passed).toContain('after the reply #1'), SOON);
        places.set(call, guest.passed);
        undisturbed.set(call, await outcome(call, guest, answer));
      }),
    );
    await world.kill();
    for (const call of calls) {
      expect(places.get(call)?.length, call.name).toBeGreaterThanOrEqual(2);
      const { answer, effects } = undisturbed.get(call) ?? {};
      if (refusals.includes(call)) expect(effects, call.name).toEqual([]);
      else expect(Object(answer).problem, call.name).toBeUndefined();
    }
  }, 60_000);

  it('answers each as if nothing had happened, and does nothing twice', async () => {
    const cuts = await Promise.all(
      [...places].flatMap(([call, its]) =>
        its.map(async (place) => ({ call, place, guest: await world.addGuest(), id: randomUUID() })),
      ),
    );
    await world.start();
    const answers = await Promise.all(
      cuts.map(async ({ call, place, guest, id }) => {
        await makeReady(call, guest);
        guest.watch(place);
        const answer = ask(call, guest, id);
        await vi.waitFor(() => expect(guest.isHeld, `${call.name}: ${place}`).toBe(true), SOON);
        return { answer };
      }),
    );
    await world.kill();
    await world.start();
    await Promise.all(
      cuts.map(async ({ call, place, guest, id }, index) => {
        const what = `${call.name}, killed ${place}`;
        const answer = await insist(call, guest, id, answers[index]?.answer);
        expect(await outcome(call, guest, answer), what).toEqual(undisturbed.get(call));
        const again = await ask(call, guest, id);
        expect(await outcome(call, guest, again), `${what}, asked again`).toEqual(undisturbed.get(call));
      }),
    );
    console.log(`crash matrix: agents killed at ${cuts.length} places in calls of ${methods.length} methods`);
  }, 120_000);
});
