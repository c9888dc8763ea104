import { Problem } from '@coffer/core';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { DATABASE } from './database.ts';
import { INSTANCE, spec } from './testing.ts';
import { count, soon, stageFor } from './testing-agent.ts';

const stage = () => stageFor(onTestFinished);

describe('the agent', () => {
  it('waits for its first spec, brings the database into service, and tells of each change', async () => {
    const { begin, driver, runtime, stored } = await stage();
    const { agent } = begin();
    const seen: string[] = [];
    agent.onChange(() => seen.push(agent.status().state));
    expect(agent.status()).toEqual({ state: 'new' });
    expect(() => agent.serving()).toThrow(/new/);
    driver.health = { state: 'starting', detail: 'recovering' };
    await agent.adopt(spec);
    await vi.waitFor(() => expect(agent.status()).toEqual({ state: 'building', detail: 'recovering' }));
    driver.health = { state: 'healthy' };
    expect(await agent.settled(1, soon())).toBe('healthy');
    expect(agent.status()).toEqual({ state: 'healthy', revision: 1 });
    expect(driver.calls).toEqual(['initialise']);
    expect(stored.spec).toEqual(spec);
    expect(runtime.created.get(DATABASE)?.network).toBe('container:coffer-sandbox');
    expect([...new Set(seen)]).toEqual(['building', 'healthy']);
    expect(agent.serving()).toBeDefined();
  });

  it('starts a database that dies again, and brings it into service again', async () => {
    const { begin, driver, runtime } = await stage();
    const { agent } = begin();
    await agent.adopt(spec);
    await agent.settled(1, soon());
    const seen: (string | undefined)[] = [];
    agent.onChange(() => seen.push(`${agent.status().state} ${agent.status().detail ?? ''}`));
    runtime.die(DATABASE, 137, { oomKilled: true });
    await vi.waitFor(() => expect(driver.calls.filter((call) => call === 'initialise')).toHaveLength(2));
    await vi.waitFor(() => expect(agent.status().state).toBe('healthy'));
    expect(seen[0]).toBe('crashed The database ended by itself: it ran out of memory.');
    expect(count(runtime, 'remove', DATABASE)).toBe(0);
  });

  it('makes a database anew whose container somebody removed, and its sandbox too', async () => {
    const { begin, driver, runtime } = await stage();
    const { agent } = begin();
    await agent.adopt(spec);
    await agent.settled(1, soon());
    await runtime.remove(DATABASE);
    await runtime.remove('coffer-sandbox');
    await vi.waitFor(() => expect(driver.calls.filter((call) => call === 'initialise')).toHaveLength(2));
    expect(await agent.settled(1, soon())).toBe('healthy');
    expect(count(runtime, 'create', 'coffer-sandbox')).toBeGreaterThan(0);
  });

  it('notices a death at once, however seldom it looks', async () => {
    const { begin, driver, runtime } = await stage();
    const { agent } = begin({ watchMs: 60_000 });
    await agent.adopt(spec);
    await agent.settled(1, soon());
    runtime.die(DATABASE, 137);
    await vi.waitFor(() => expect(driver.calls.filter((call) => call === 'initialise')).toHaveLength(2));
  });

  it('ends a database that has served and answers no more, and starts it again', async () => {
    const { begin, driver, runtime } = await stage();
    const { agent } = begin({ stuckMs: 40 });
    await agent.adopt(spec);
    await agent.settled(1, soon());
    const life = await agent.life();
    const seen: string[] = [];
    agent.onChange(() => seen.push(`${agent.status().state} ${agent.status().detail ?? ''}`.trim()));
    driver.health = { state: 'down', detail: 'no answer' };
    await vi.waitFor(async () => expect(await agent.life()).not.toBe(life));
    driver.health = { state: 'healthy' };
    await vi.waitFor(() => expect(agent.status().state).toBe('healthy'));
    expect(seen.slice(0, 2)).toEqual([
      'running no answer',
      'crashed The database did not answer for 0 s; it is started again.',
    ]);
    // Its driver is not asked: it does not answer.
    expect(driver.calls).not.toContain('shutdown');
    expect(count(runtime, 'stop', DATABASE)).toBe(1);
  });

  it('takes no frozen guest for a stuck database', async () => {
    const { begin, driver } = await stage();
    let lostMs = 0;
    const { agent } = begin({ stuckMs: 10_000, now: () => performance.now() + lostMs });
    await agent.adopt(spec);
    await agent.settled(1, soon());
    const life = await agent.life();
    let looks = 0;
    driver.probe = async () => {
      looks += 1;
      // All of the time goes by between the first two looks.
      if (looks === 2) lostMs = 60_000;
      return looks <= 2 ? { state: 'down', detail: 'no answer' } : { state: 'healthy' };
    };
    await vi.waitFor(() => expect(looks).toBeGreaterThan(4));
    expect(await agent.life()).toBe(life);
  });

  it('leaves a database alone that has not served yet: it may have long to recover', async () => {
    const { begin, driver } = await stage();
    let looks = 0;
    driver.probe = async () => {
      looks += 1;
      return { state: 'down', detail: 'no answer' };
    };
    const { agent } = begin({ stuckMs: 1 });
    await agent.adopt(spec);
    await vi.waitFor(() => expect(looks).toBeGreaterThan(6));
    expect(agent.status()).toMatchObject({ state: 'building', detail: 'no answer' });
    expect(driver.calls).toEqual([]);
  });

  it('says that the volume is full before anything else, until there is room again', async () => {
    const made = await stage();
    const { agent } = made.begin();
    await agent.adopt(spec);
    await agent.settled(1, soon());
    made.freeBytes = 1024;
    const isFull = { state: 'blocked', detail: expect.stringContaining('is full'), revision: 1 };
    await vi.waitFor(() => expect(agent.status()).toEqual(isFull));
    expect(() => agent.serving()).toThrow(/blocked: The volume of 1024 MiB is full/);
    const seen = new Set<string>();
    agent.onChange(() => seen.add(agent.status().state));
    made.runtime.die(DATABASE, 1);
    await vi.waitFor(() => expect(made.driver.calls.filter((call) => call === 'initialise')).toHaveLength(2));
    expect([...seen]).toEqual([]);
    made.freeBytes = 2 ** 29;
    await vi.waitFor(() => expect(agent.status()).toEqual({ state: 'healthy', revision: 1 }));
  });

  it('leaves the database running when it ends, and takes it over when it begins again', async () => {
    const { begin, runtime } = await stage();
    const first = begin();
    await first.agent.adopt(spec);
    await first.agent.settled(1, soon());
    await first.stop();
    expect((await runtime.inspect(DATABASE))?.state).toBe('running');
    const second = begin();
    await vi.waitFor(() => expect(second.agent.status()).toEqual({ state: 'healthy', revision: 1 }));
    expect(count(runtime, 'start', DATABASE)).toBe(1);
    expect(count(runtime, 'stop', DATABASE)).toBe(0);
  });

  it('brings everything back after the guest restarted, from the stored spec alone', async () => {
    const { begin, runtime } = await stage();
    const first = begin();
    await first.agent.adopt(spec);
    await first.agent.settled(1, soon());
    await first.stop();
    runtime.die(DATABASE, 0);
    runtime.die('coffer-sandbox', 137);
    const second = begin();
    const seen: string[] = [];
    second.agent.onChange(() => seen.push(second.agent.status().state));
    await vi.waitFor(() => expect(second.agent.status().state).toBe('healthy'));
    expect(seen).not.toContain('crashed');
  });

  it('tells whoever waits what stands in the way for good, and tries again when told again', async () => {
    const made = await stage();
    made.problems.image = new Problem('not_found', 'no such image');
    const { agent } = made.begin();
    await agent.adopt(spec);
    await expect(agent.settled(1, soon())).rejects.toMatchObject({ code: 'not_found' });
    expect(agent.status()).toEqual({ state: 'failed_to_spawn', detail: 'no such image' });
    delete made.problems.image;
    await agent.adopt(spec);
    expect(await agent.settled(1, soon())).toBe('healthy');
  });

  it('waits for what may still come, and says what for when the caller does not', async () => {
    const made = await stage();
    made.problems.volume = new Problem('unavailable', 'Volume /dev/vdb is not there yet.');
    const { agent } = made.begin();
    await agent.adopt(spec);
    await expect(agent.settled(1, AbortSignal.timeout(50))).rejects.toMatchObject({
      code: 'timeout',
      detail: expect.stringContaining('/dev/vdb'),
    });
    expect(agent.status().state).toBe('building');
    delete made.problems.volume;
    expect(await agent.settled(1, soon())).toBe('healthy');
  });

  it('keeps its peace while the engine is away', async () => {
    const { begin, runtime } = await stage();
    const { agent } = begin();
    await agent.adopt(spec);
    await agent.settled(1, soon());
    runtime.setReachable(false);
    await vi.waitFor(() =>
      expect(agent.status()).toMatchObject({ state: 'restarting', detail: expect.stringContaining('engine') }),
    );
    runtime.setReachable(true);
    await vi.waitFor(() => expect(agent.status().state).toBe('healthy'));
    expect(count(runtime, 'start', DATABASE)).toBe(1);
  });

  it('gives up on a database that dies three times before it served', async () => {
    const { begin, driver, runtime } = await stage();
    driver.health = { state: 'down', detail: 'no answer' };
    const { agent } = begin();
    agent.onChange(() => {});
    await agent.adopt(spec);
    const settled = agent.settled(1, soon());
    const killing = setInterval(() => {
      if (count(runtime, 'inspect', DATABASE) > 0 && runtime.created.has(DATABASE)) runtime.die(DATABASE, 1);
    }, 20);
    onTestFinished(() => clearInterval(killing));
    await expect(settled).rejects.toMatchObject({ code: 'guest_failed', detail: expect.stringContaining('3 times') });
  });

  it('tells a hang from a start, and a full database from both', async () => {
    const { begin, driver } = await stage();
    const { agent } = begin();
    await agent.adopt(spec);
    await agent.settled(1, soon());
    driver.health = { state: 'down', detail: 'no answer' };
    await vi.waitFor(() => expect(agent.status()).toMatchObject({ state: 'running', detail: 'no answer' }));
    driver.health = { state: 'blocked', detail: 'disk full' };
    await vi.waitFor(() => expect(agent.status()).toMatchObject({ state: 'blocked', detail: 'disk full' }));
    expect(() => agent.serving()).toThrow(/blocked: disk full/);
  });

  it('refuses an older spec', async () => {
    const { begin } = await stage();
    const { agent } = begin();
    await agent.adopt({ ...spec, revision: 3 });
    await expect(agent.adopt({ ...spec, revision: 2 })).rejects.toMatchObject({ code: 'conflict' });
  });

  it('makes the container anew for another order, the database gently ended first', async () => {
    const { begin, driver, runtime } = await stage();
    const { agent } = begin();
    await agent.adopt(spec);
    await agent.settled(1, soon());
    await agent.adopt({ ...spec, revision: 2, memoryMib: 512 });
    expect(await agent.settled(2, soon())).toBe('healthy');
    expect(runtime.created.get(DATABASE)?.memoryBytes).toBe(512 * 1024 * 1024);
    expect(driver.calls).toContain('shutdown');
    expect(runtime.created.get(DATABASE)?.labels).toMatchObject({ 'coffer.instance': INSTANCE });
  });

  it('starts the database again in the network of a new sandbox', async () => {
    const made = await stage();
    const { agent } = made.begin();
    await agent.adopt(spec);
    await agent.settled(1, soon());
    made.holds = false;
    await vi.waitFor(() => expect(count(made.runtime, 'stop', DATABASE)).toBeGreaterThan(0));
    made.holds = true;
    await vi.waitFor(() => expect(agent.status().state).toBe('healthy'));
    expect(count(made.runtime, 'remove', DATABASE)).toBe(0);
  });

  it('ends the life that is unwanted, gently, and begins another that it brings into service', async () => {
    const { begin, driver, runtime } = await stage();
    const { agent } = begin();
    await agent.adopt(spec);
    await agent.settled(1, soon());
    const seen: (string | undefined)[] = [];
    agent.onChange(() => seen.push(`${agent.status().state} ${agent.status().detail ?? ''}`.trim()));
    const life = await agent.life();
    expect(await agent.restart(life, soon())).toBe('healthy');
    expect(await agent.life()).not.toBe(life);
    expect(driver.calls).toEqual(['initialise', 'shutdown', 'initialise']);
    expect(seen).toEqual(['restarting A restart was asked for.', 'restarting', 'healthy']);
    expect(await agent.restart(life, soon())).toBe('healthy');
    expect(count(runtime, 'start', DATABASE)).toBe(2);
    expect(count(runtime, 'remove', DATABASE)).toBe(0);
  });

  it('does not take the life that is to end for the next', async () => {
    const { begin, driver } = await stage();
    const { agent } = begin();
    const initialising = Promise.withResolvers<void>();
    driver.initialise = () => initialising.promise;
    await agent.adopt(spec);
    await vi.waitFor(() => expect(driver.calls).toEqual(['initialise']));
    const life = await agent.life();
    const restarted = agent.restart(life, soon());
    initialising.resolve();
    await restarted;
    expect(await agent.life()).not.toBe(life);
  });

  it('starts a dead database at once for a restart, and says when it dies on', async () => {
    const { begin, driver, runtime } = await stage();
    const { agent } = begin({ retryMs: 60_000 });
    await agent.adopt(spec);
    await agent.settled(1, soon());
    runtime.die(DATABASE, 1);
    await vi.waitFor(() => expect(agent.status().state).toBe('crashed'));
    expect(await agent.restart(await agent.life(), soon())).toBe('healthy');
    expect(driver.calls).toEqual(['initialise', 'initialise']);

    const other = await stage();
    const { agent: second } = other.begin();
    await second.adopt(spec);
    await second.settled(1, soon());
    other.driver.health = { state: 'down', detail: 'no answer' };
    const restarting = second.restart(await second.life(), soon());
    const killing = setInterval(() => other.runtime.die(DATABASE, 2), 20);
    onTestFinished(() => clearInterval(killing));
    await expect(restarting).rejects.toMatchObject({ code: 'guest_failed', detail: expect.stringContaining('code 2') });
  });

  it('ends a restart whose database comes up and takes no connection', async () => {
    const { begin, driver } = await stage();
    const { agent } = begin();
    await agent.adopt(spec);
    await agent.settled(1, soon());
    driver.health = { state: 'blocked', detail: 'disk full' };
    expect(await agent.restart(await agent.life(), soon())).toBe('blocked');
    expect(agent.status()).toMatchObject({ state: 'blocked', detail: 'disk full' });
  });

  it('gives up on a driver that cannot bring the database into service', async () => {
    const { begin, driver } = await stage();
    driver.initialise = async () => {
      throw new Problem('guest_failed', 'no grant');
    };
    const { agent } = begin();
    await agent.adopt(spec);
    await expect(agent.settled(1, soon())).rejects.toMatchObject({ detail: 'no grant' });
  });
});
