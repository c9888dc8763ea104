import { Problem } from '@coffer/core';
import type { InstanceSpec } from '@coffer/core/rpc';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { DATABASE } from './database.ts';
import { spec } from './testing.ts';
import { count, soon, stageFor } from './testing-agent.ts';

const stage = () => stageFor(onTestFinished);

let operations = 0;
const op = (id = `op-${++operations}`) => ({ id, signal: soon() });

const next = (revision: number, changes: Partial<InstanceSpec>): InstanceSpec => ({ ...spec, revision, ...changes });

/** A guest whose database serves. */
async function serving(first: Partial<InstanceSpec> = {}, timing: Parameters<Stage['begin']>[0] = {}) {
  const made = await stage();
  const process = made.begin(timing);
  await process.handlers.prepare({ spec: { ...spec, ...first }, databases: [], users: [] }, op());
  return { ...made, ...process };
}
type Stage = Awaited<ReturnType<typeof stage>>;

const applies = ({ driver }: Pick<Stage, 'driver'>): string[] =>
  driver.calls.filter((call) => call.startsWith('apply {'));

describe('configure', () => {
  it('puts parameters into the running database and into its files, and makes no container and no session anew', async () => {
    const { handlers, driver, runtime, file, agent } = await serving();
    const settings = { size: 60, mode: 'fast' };
    expect(await handlers.configure({ spec: next(2, { settings, logs: ['slow_query'] }) }, op())).toEqual({
      outcomes: { size: { outcome: 'applied' }, mode: { outcome: 'applied' }, slow_log: { outcome: 'applied' } },
    });
    const inForce = { ...settings, slow_log: true };
    expect(driver.parameters).toEqual(inForce);
    expect(JSON.parse(await file('/etc/fakedb/parameters.json'))).toEqual(inForce);
    expect(agent.status()).toEqual({ state: 'healthy', revision: 2 });
    expect(count(runtime, 'create', DATABASE)).toBe(1);
    expect(count(runtime, 'start', DATABASE)).toBe(1);
    expect(driver.calls).not.toContain('close');
  });

  it('takes back what is set no more: by the sizing, or to the database’s own default', async () => {
    const made = await serving({ settings: { size: 60, mode: 'fast' }, logs: ['slow_query'] });
    expect(made.driver.parameters).toEqual({ size: 60, mode: 'fast', slow_log: true });
    const { outcomes } = await made.handlers.configure({ spec: next(2, { settings: {} }) }, op());
    expect(outcomes).toEqual({
      size: { outcome: 'applied' },
      mode: { outcome: 'applied' },
      slow_log: { outcome: 'applied' },
    });
    expect(applies(made)).toEqual(['apply {"size":20,"slow_log":false,"mode":null}']);
    expect(made.stored.configuration?.given.toSorted()).toEqual(['size', 'slow_log']);
  });

  it('takes back what was set before the agent died', async () => {
    const { begin, driver, stop, handlers } = await serving();
    await handlers.configure({ spec: next(2, { settings: { mode: 'fast' } }) }, op());
    await stop();
    const second = begin();
    await second.handlers.configure({ spec: next(3, { settings: {} }) }, op());
    expect(driver.parameters).not.toHaveProperty('mode');
  });

  it('says what waits for a restart, until there was one', async () => {
    const made = await serving();
    const { outcomes } = await made.handlers.configure({ spec: next(2, { settings: { workers: 8 } }) }, op());
    expect(outcomes).toEqual({ workers: { outcome: 'restart_required' } });
    expect(made.agent.status()).toEqual({ state: 'healthy', revision: 2, restartRequired: ['workers'] });
    await made.agent.restart(await made.agent.life(), soon());
    expect(made.driver.parameters.workers).toBe(8);
    expect(made.agent.status()).toEqual({ state: 'healthy', revision: 2 });
    // Gone from the files, it needs another start, and no more than that.
    const removed = await made.handlers.configure({ spec: next(3, { settings: {} }) }, op());
    expect(removed.outcomes).toEqual({ workers: { outcome: 'restart_required' } });
    await made.agent.restart(await made.agent.life(), soon());
    expect(made.agent.status()).toEqual({ state: 'healthy', revision: 3 });
  });

  it('says what the database refuses, and leaves the rest alone and in force', async () => {
    const made = await serving({}, { driftMs: 5 });
    made.driver.apply = (name) => (name === 'mode' ? { outcome: 'rejected', reason: 'no such mode here' } : undefined);
    const settings = { mode: 'fast', size: 60 };
    expect(await made.handlers.configure({ spec: next(2, { settings }) }, op())).toEqual({
      outcomes: { mode: { outcome: 'rejected', reason: 'no such mode here' }, size: { outcome: 'applied' } },
    });
    const looks = made.driver.counts.looks;
    await vi.waitFor(() => expect(made.driver.counts.looks).toBeGreaterThan(looks + 3));
    // It is told again after ten looks, and not with each.
    expect(applies(made).length).toBeLessThan(3);
    expect(made.agent.status()).toMatchObject({ state: 'healthy', rejected: { mode: 'no such mode here' } });
    await vi.waitFor(() => expect(applies(made).length).toBeGreaterThan(1));
    made.driver.apply = () => undefined;
    await vi.waitFor(() => expect(made.agent.status()).toEqual({ state: 'healthy', revision: 2 }));
  });

  it('tries what was refused again at once for whoever asks anew', async () => {
    const made = await serving();
    made.driver.apply = () => ({ outcome: 'rejected', reason: 'busy' });
    const settings = { size: 60 };
    await made.handlers.configure({ spec: next(2, { settings }) }, op());
    expect(made.agent.status().rejected).toEqual({ size: 'busy' });
    made.driver.apply = () => undefined;
    await made.handlers.configure({ spec: next(3, { settings }) }, op());
    expect(made.agent.status()).toEqual({ state: 'healthy', revision: 3 });
    expect(made.driver.parameters.size).toBe(60);
  });

  it('does not ask for a restart that would change nothing', async () => {
    const made = await serving({ settings: { workers: 8 } });
    made.driver.parameters.workers = 7;
    const { outcomes } = await made.handlers.configure({ spec: next(2, { settings: { workers: 8, size: 60 } }) }, op());
    expect(outcomes).toEqual({ size: { outcome: 'applied' } });
    expect(made.agent.status().rejected).toEqual({ workers: 'The database made 7 of workers = 8.' });
  });

  it('puts back what somebody changed by hand, now and then, and not what means the same', async () => {
    const made = await serving({ settings: { size: 60, mode: 'fast' } }, { driftMs: 30 });
    made.driver.parameters.size = 61;
    made.driver.parameters.mode = 'FAST';
    const looks = made.driver.counts.looks;
    await vi.waitFor(() => expect(made.driver.counts.looks).toBeGreaterThan(looks + 1));
    expect(applies(made)).toEqual([]);
    made.driver.parameters.size = 10;
    await vi.waitFor(() => expect(made.driver.parameters.size).toBe(60));
    expect(applies(made)).toEqual(['apply {"size":60}']);
  });

  it('leaves drift alone between two looks', async () => {
    const made = await serving({ settings: { size: 60 } }, { driftMs: 60_000 });
    const looks = made.driver.counts.looks;
    const probe = vi.spyOn(made.driver, 'probe');
    await vi.waitFor(() => expect(probe.mock.calls.length).toBeGreaterThan(5));
    expect(made.driver.counts.looks).toBe(looks);
  });

  it('refuses everything that is no configuration of this database', async () => {
    const { handlers, agent } = await serving();
    const refused = async (wrong: InstanceSpec, why: RegExp, code = 'bad_request') =>
      expect(handlers.configure({ spec: wrong }, op())).rejects.toMatchObject({
        code,
        detail: expect.stringMatching(why),
      });
    await refused(next(2, { memoryMib: 512 }), /alone/, 'conflict');
    await refused(next(2, { instanceId: 'other' }), /is instance/);
    await refused(next(1, { settings: { size: 60 } }), /send the next one/, 'conflict');
    await refused(next(2, { settings: { size: 'much' } }), /whole number|must be a number/);
    await refused(next(2, { settings: { size: 80 } }), /the greatest is 64 with this flavor/);
    await refused(next(2, { settings: { speed: 1 } }), /unknown/);
    await refused(next(2, { logs: ['slow', 'error'] }), /no log slow; known: error, slow_query/);
    expect(agent.status()).toEqual({ state: 'healthy', revision: 1 });
    expect((await agent.wanted())?.revision).toBe(1);
  });

  it('may be repeated, and answers the same after the agent died in its middle', async () => {
    const { handlers, begin, stop } = await serving();
    const { id } = op();
    const order = { spec: next(2, { settings: { mode: 'fast', workers: 8 } }) };
    const outcomes = { mode: { outcome: 'applied' }, workers: { outcome: 'restart_required' } };
    expect(await handlers.configure(order, op(id))).toEqual({ outcomes });
    expect(await handlers.configure(order, op(id))).toEqual({ outcomes });
    await stop();
    expect(await begin().handlers.configure(order, op(id))).toEqual({ outcomes });
  });

  it('tells when the database does not answer for its parameters, and goes on trying', async () => {
    const made = await serving();
    const { apply } = made.driver;
    made.driver.apply = () => {
      throw new Error('secret of a client library');
    };
    const order = { spec: next(2, { settings: { size: 60 } }) };
    await expect(made.handlers.configure(order, op())).rejects.toMatchObject({ code: 'internal' });
    expect(made.agent.status()).toMatchObject({ state: 'healthy', revision: 1, detail: expect.any(String) });
    made.driver.apply = apply;
    await vi.waitFor(() => expect(made.agent.status()).toEqual({ state: 'healthy', revision: 2 }));
  });

  it('is not supported by a driver without parameters', async () => {
    const made = await stage();
    made.driver.without = 'configuration';
    const { handlers } = made.begin();
    await handlers.prepare({ spec, databases: [], users: [] }, op());
    await expect(handlers.configure({ spec: next(2, { settings: { size: 60 } }) }, op())).rejects.toMatchObject({
      code: 'not_supported',
    });
    await expect(handlers.configuration_read({ names: ['size'] }, op())).rejects.toMatchObject({
      code: 'not_supported',
    });
  });

  it('reads what is in force', async () => {
    const { handlers } = await serving({ settings: { size: 60 } });
    expect(await handlers.configuration_read({ names: ['size', 'workers', 'unheard'] }, op())).toEqual({
      values: { size: 60, workers: 4 },
    });
  });
});

describe('a configuration with which the database does not come up', () => {
  const REASON = /did not come up with broken = true: it ended 3 times .* exit code 1; broken is its default again/;

  it('is taken back, and the database serves with what it had', async () => {
    const made = await serving({ settings: { mode: 'safe' } });
    const { handlers, agent, driver } = made;
    const settings = { mode: 'fast', broken: true };
    await handlers.configure({ spec: next(2, { settings }) }, op());
    expect(await agent.restart(await agent.life(), soon())).toBe('healthy');
    // The mode had been in force before the restart: it is not to blame.
    const rejected = { broken: expect.stringMatching(REASON) };
    expect(agent.status()).toEqual({
      state: 'healthy',
      revision: 2,
      detail: expect.stringMatching(/did not come up/),
      rejected,
    });
    expect(driver.parameters).toEqual({ size: 20, mode: 'fast', slow_log: false });
    // Neither another agent nor a longer list is taken in by it.
    await made.stop();
    const second = made.begin();
    const { outcomes } = await second.handlers.configure(
      { spec: next(3, { settings: { ...settings, size: 60 } }) },
      op(),
    );
    expect(outcomes).toEqual({ size: { outcome: 'applied' } });
    expect(second.agent.status()).toMatchObject({ state: 'healthy', revision: 3, rejected });
    // Whoever sets another value is through with it.
    await second.handlers.configure({ spec: next(4, { settings: { mode: 'safe', size: 60 } }) }, op());
    expect(second.agent.status()).toEqual({ state: 'healthy', revision: 4 });
  });

  it('is told to whoever configures it, when the running database dies of it', async () => {
    const { handlers, driver, runtime, agent } = await serving({ settings: { size: 40 } });
    driver.apply = (name, value) => {
      if (name !== 'size' || value !== 60) return undefined;
      runtime.die(DATABASE, 137, { oomKilled: true });
      throw new Problem('unavailable', 'The connection was lost.');
    };
    const { start } = runtime;
    runtime.start = async (name) => {
      await start(name);
      if (driver.parameters.size === 60) runtime.die(DATABASE, 137, { oomKilled: true });
    };
    const { outcomes } = await handlers.configure({ spec: next(2, { settings: { size: 60 } }) }, op());
    expect(outcomes).toEqual({
      size: {
        outcome: 'rejected',
        reason:
          'The database did not come up with size = 60: it ended 3 times before it served, the last time because it ran out of memory; size is 40 again.',
      },
    });
    expect(agent.status().state).toBe('healthy');
    expect(driver.parameters.size).toBe(40);
  });

  it('is taken back when it comes up and dies again before it is steady', async () => {
    const { handlers, driver, runtime, agent } = await serving({ settings: { size: 40 } });
    await handlers.configure({ spec: next(2, { settings: { size: 60 } }) }, op());
    const probes = vi.spyOn(driver, 'probe');
    let served = 0;
    driver.probe = async () => {
      // It answers, takes its work, and runs out of memory.
      if (driver.parameters.size === 60 && served++ % 2 === 1) runtime.die(DATABASE, 137, { oomKilled: true });
      return { state: 'healthy' };
    };
    await vi.waitFor(() => expect(driver.parameters.size).toBe(40), 3000);
    await vi.waitFor(() => expect(agent.status()).toMatchObject({ state: 'healthy', revision: 2 }));
    expect(agent.status().rejected).toEqual({
      size: expect.stringContaining('it ran out of memory; size is 40 again'),
    });
    probes.mockRestore();
  });

  it('is taken back when the database does not serve before its deadline', async () => {
    const { handlers, driver, agent } = await serving({}, { startDeadlineMs: 60 });
    await handlers.configure({ spec: next(2, { settings: { workers: 64 } }) }, op());
    driver.probe = async () =>
      driver.parameters.workers === 64 ? { state: 'starting', detail: 'making workers' } : { state: 'healthy' };
    expect(await agent.restart(await agent.life(), soon())).toBe('healthy');
    expect(agent.status().rejected?.workers).toMatch(/did not serve within 0 s \(making workers\)/);
  });

  it('is taken back when the service cannot work with it', async () => {
    const { handlers, driver, agent } = await serving();
    await handlers.configure({ spec: next(2, { settings: { workers: 64 } }) }, op());
    driver.initialise = async () => {
      if (driver.parameters.workers === 64) throw new Error('read only');
    };
    expect(await agent.restart(await agent.life(), soon())).toBe('healthy');
    expect(Object.keys(agent.status().rejected ?? {})).toEqual(['workers']);
  });

  it('is taken back as far as it takes: what was in force while it served may still keep it from its start', async () => {
    const { handlers, driver, runtime, agent } = await serving({ settings: { size: 40 } });
    await handlers.configure({ spec: next(2, { settings: { size: 60, workers: 8 } }) }, op());
    const { start } = runtime;
    runtime.start = async (name) => {
      await start(name);
      if (driver.parameters.size === 60) runtime.die(DATABASE, 1);
    };
    expect(await agent.restart(await agent.life(), soon())).toBe('healthy');
    expect(driver.parameters).toEqual({ size: 40, slow_log: false });
    expect(Object.keys(agent.status().rejected ?? {}).sort()).toEqual(['size', 'workers']);
  });

  it('is tried again with another flavor', async () => {
    const made = await serving();
    await made.handlers.configure({ spec: next(2, { settings: { broken: true } }) }, op());
    await made.agent.restart(await made.agent.life(), soon());
    expect(made.agent.status().rejected).toHaveProperty('broken');
    const starts = count(made.runtime, 'start', DATABASE);
    await made.agent.adopt(next(3, { settings: { broken: true }, memoryMib: 512 }));
    await vi.waitFor(() => expect(made.agent.status()).toMatchObject({ state: 'healthy', revision: 3 }));
    expect(count(made.runtime, 'start', DATABASE)).toBe(starts + 4);
  });

  it('fails as it is when there is nothing to go back to', async () => {
    const { begin } = await stage();
    const { handlers } = begin();
    const order = { spec: next(1, { settings: { broken: true } }), databases: [], users: [] };
    await expect(handlers.prepare(order, op())).rejects.toMatchObject({
      code: 'guest_failed',
      detail: expect.stringContaining('3 times'),
    });
  });
});
