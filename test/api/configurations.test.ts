import { randomUUID } from 'node:crypto';
import { Problem } from '@coffer/core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { type Account, newInstance, startApi, type TestApi } from '../support/api.ts';
import { paperInstance, registerPaper, workOn } from '../support/paper.ts';
import { UNLIMITED } from '../support/quotas.ts';

const GROUPS = '/v1.0/{project_id}/configurations';
const GROUP = '/v1.0/{project_id}/configurations/{configuration_id}';
const MEMBERS = '/v1.0/{project_id}/configurations/{configuration_id}/instances';
const INSTANCE = '/v1.0/{project_id}/instances/{instance_id}';
const IN_FORCE = '/v1.0/{project_id}/instances/{instance_id}/parameters';
const DEFAULTS = '/v1.0/{project_id}/instances/{instance_id}/configuration';

let api: TestApi;
let ada: Account;
let bob: Account;
let root: Account;
let worker: ReturnType<typeof workOn>;

beforeAll(async () => {
  api = await startApi({ quotas: UNLIMITED });
  [ada, bob, root] = [await api.account(), await api.account(), await api.account('admin')];
  await registerPaper(api);
  worker = workOn(api);
});
afterAll(async () => {
  await worker[Symbol.asyncDispose]();
  await api[Symbol.asyncDispose]();
});
beforeEach(() => {
  api.guests.outcomes.clear();
  api.guests.calls.length = 0;
});
afterEach(() => expect(api.errors).toEqual([]));

type Values = Record<string, unknown>;
const create = (values: Values, more: object = {}, account = ada) =>
  account.client.POST(GROUPS, {
    body: { configuration: { name: 'busy', datastore: { type: 'paper' }, values, ...more } },
  });
const made = async (values: Values, account = ada): Promise<string> =>
  (await create(values, {}, account)).data?.configuration.id ?? '';
const at = (configuration_id: string) => ({ params: { path: { configuration_id } } });
const show = async (id: string, account = ada) => account.client.GET(GROUP, at(id));
const replace = (id: string, configuration: object, account = ada) =>
  account.client.PUT(GROUP, { ...at(id), body: { configuration } });
const merge = (id: string, configuration: object, account = ada) =>
  account.client.PATCH(GROUP, { ...at(id), body: { configuration } });
const remove = async (id: string, account = ada) => account.client.DELETE(GROUP, at(id));
const on = (instance_id: string) => ({ params: { path: { instance_id } } });
const update = (id: string, instance: object, account = ada) =>
  account.client.PUT(INSTANCE, { ...on(id), body: { instance } });
const attach = (id: string, configuration: string | null, account = ada) => update(id, { configuration }, account);
const instance = async (id: string) => {
  const { data } = await ada.client.GET(INSTANCE, on(id));
  if (!data) throw new Error(`instance ${id} is not there`);
  return data.instance;
};
const settings = (id: string) => api.guests.spec(id)?.settings;
const message = (error: unknown): string => {
  const [fault] = Object.values(Object(error));
  return `${Object(fault).code} ${Object(fault).message}`;
};

describe('a configuration group', () => {
  it('is made, shown, listed page by page, and deleted', async () => {
    const { data, response } = await create({ max_connections: 100, long_query_time: 1, event_scheduler: true });
    expect(response.status).toBe(200);
    const group = data?.configuration;
    expect(group).toMatchObject({
      name: 'busy',
      description: null,
      datastore_name: 'paper',
      datastore_version_name: '2',
      datastore_version_number: '2.0',
      values: { max_connections: 100, long_query_time: 1, event_scheduler: true },
      instance_count: 0,
    });
    expect((await show(group?.id ?? '')).data?.configuration).toEqual(group);
    const eve = await api.account();
    const ids = new Set([await made({}, eve), await made({}, eve), await made({}, eve)]);
    const first = await eve.client.GET(GROUPS, { params: { query: { limit: 2 } } });
    expect(first.data?.configurations).toHaveLength(2);
    expect(first.data?.configurations[0]).not.toHaveProperty('values');
    const marker = new URL(first.data?.configurations_links?.[0]?.href ?? '').searchParams.get('marker') ?? '';
    const second = await eve.client.GET(GROUPS, { params: { query: { limit: 2, marker } } });
    expect(second.data).not.toHaveProperty('links');
    const seen = [first, second].flatMap((page) => page.data?.configurations ?? []).map(({ id }) => id);
    expect(new Set(seen)).toEqual(ids);
    for (const id of ids) {
      const deleted = await remove(id, eve);
      expect([deleted.response.status, await deleted.response.text()]).toEqual([202, '']);
      expect((await show(id, eve)).response.status).toBe(404);
      expect((await remove(id, eve)).response.status).toBe(404);
    }
  });

  it('keeps the names of parameters as the datastore spells them', async () => {
    const id = await made({ MAX_Connections: 7 });
    expect((await show(id)).data?.configuration.values).toEqual({ max_connections: 7 });
    expect(message((await create({ max_connections: 7, MAX_CONNECTIONS: 8 })).error)).toMatch(/422 .*given twice/);
  });

  it('refuses every wrong value with a sentence, and converts none', async () => {
    const { error } = await create({
      max_connections: '100',
      long_query_time: '0.5',
      event_scheduler: 1,
      sql_mode: 'ANSI,FREE',
      init_connect: 'a\nb',
      back_log: 1.5,
      read_only: true,
      nothing: 1,
    });
    expect(message(error)).toBe(
      [
        '422 Parameter max_connections cannot be "100": it must be a number.',
        'Parameter long_query_time cannot be "0.5": it must be a number.',
        'Parameter event_scheduler cannot be 1: it must be true or false.',
        'Parameter sql_mode cannot be "ANSI,FREE": "FREE" is none of its entries: ANSI, STRICT_ALL_TABLES.',
        'Parameter init_connect cannot be "a\\nb": it holds a control character; leave it out.',
        'Parameter back_log cannot be 1.5: it must be a whole number.',
        'Parameter read_only can be set by the operator only.',
        'Parameter "nothing" is unknown to this version.',
      ].join(' '),
    );
    const bad: Values[] = [
      { max_connections: 0 },
      { max_connections: 1001 },
      { max_connections: true },
      { max_connections: null },
      { max_connections: [1] },
      { max_connections: {} },
      { init_connect: 'half \ud800' },
      { ['__proto__']: 1 },
      { constructor: 1 },
    ];
    for (const values of bad) expect((await create(values)).response.status, JSON.stringify(values)).toBe(422);
    expect((await create({ read_only: true }, {}, root)).response.status).toBe(200);
  });

  it('refuses what could not be kept, or is for nothing', async () => {
    const status = async (values: Values, more: object = {}) => (await create(values, more)).response.status;
    expect(await status({ init_connect: 'x'.repeat(129) })).toBe(400);
    expect(await status({ [`x${'y'.repeat(128)}`]: 1 })).toBe(400);
    expect(await status({}, { name: 'x'.repeat(65) })).toBe(400);
    expect(await status({}, { description: 'x'.repeat(257) })).toBe(400);
    expect(await status({}, { name: 'x'.repeat(64), description: 'x'.repeat(256) })).toBe(200);
    expect(await status({}, { datastore: { type: 'oracle' } })).toBe(404);
    expect(await status({}, { datastore: { type: 'paper', version: '3' } })).toBe(400);
    expect(await status({}, { datastore: { type: 'stone' } })).toBe(501);
    // For instances that are still there.
    expect(await status({}, { datastore: { type: 'paper', version: '1' } })).toBe(200);
  });

  it('is replaced as a whole, or changed in parts', async () => {
    const id = await made({ max_connections: 7, back_log: 8 });
    const replaced = await replace(id, { name: 'calm', description: 'Why', values: { back_log: 9 } });
    expect([replaced.response.status, await replaced.response.text()]).toEqual([202, '']);
    expect((await show(id)).data?.configuration).toMatchObject({
      name: 'calm',
      description: 'Why',
      values: { back_log: 9 },
    });
    const merged = await merge(id, { name: 'ignored', values: { max_connections: 5 } });
    expect([merged.response.status, await merged.response.text()]).toEqual([200, '']);
    expect((await show(id)).data?.configuration).toMatchObject({
      name: 'calm',
      values: { back_log: 9, max_connections: 5 },
    });
    expect((await merge(id, { values: { back_log: 0 } })).response.status).toBe(422);
    expect((await replace(id, { values: { none: 0 } })).response.status).toBe(422);
    expect((await show(id)).data?.configuration.values).toEqual({ back_log: 9, max_connections: 5 });
    expect((await replace(id, {})).response.status).toBe(202);
    expect((await show(id)).data?.configuration).toMatchObject({ name: 'calm', values: {} });
  });

  it('is its project’s alone, and nobody else learns of it', async () => {
    const id = await made({});
    const never = randomUUID();
    for (const ask of [show, remove, (one: string, by: Account) => replace(one, {}, by)]) {
      const [theirs, none] = [await ask(id, bob), await ask(never, bob)];
      expect(theirs.response.status).toBe(404);
      expect(message(theirs.error).replace(id, never)).toBe(message(none.error));
    }
    expect((await bob.client.GET(MEMBERS, at(id))).response.status).toBe(404);
    expect((await merge(id, { values: {} }, bob)).response.status).toBe(404);
    expect((await show('none')).response.status).toBe(404);
    expect((await show(id, root)).response.status).toBe(200);
    const { data } = await root.client.GET(GROUPS);
    expect(data?.configurations.length).toBeGreaterThan(0);
    expect((await bob.client.GET(GROUPS)).data?.configurations).toEqual([]);
    expect((await ada.client.GET(GROUPS, { params: { query: { marker: 'x' } } })).response.status).toBe(400);
  });
});

describe('an instance with a configuration group', () => {
  it('gets its values over the flavor’s, and the flavor’s back', async () => {
    const [id, group] = [await paperInstance(api, ada), await made({ max_connections: 17, back_log: 99 })];
    expect((await ada.client.GET(DEFAULTS, on(id))).data).toEqual({
      instance: { configuration: { max_connections: expect.any(Number) } },
    });
    const { response } = await attach(id, group);
    expect([response.status, await response.text()]).toEqual([202, '']);
    expect(await instance(id)).toMatchObject({ status: 'ACTIVE', operating_status: '', configuration: { id: group } });
    await worker.idle();
    expect(settings(id)).toEqual({ max_connections: 17, back_log: 99 });
    expect(await instance(id)).toMatchObject({
      status: 'ACTIVE',
      operating_status: 'HEALTHY',
      configuration: { id: group, name: 'busy', links: expect.anything() },
    });
    expect((await show(group)).data?.configuration.instance_count).toBe(1);
    expect((await ada.client.GET(MEMBERS, at(group))).data?.instances).toEqual([{ id, name: 'orders' }]);
    expect(message((await remove(group)).error)).toMatch(/400 .*attached to an instance; detach it first/);
    expect(message((await attach(id, group)).error)).toMatch(/400 .*detach it first/);

    expect((await update(id, {})).response.status).toBe(202);
    await worker.idle();
    expect(Object.keys(settings(id) ?? {})).toEqual(['max_connections']);
    expect(await instance(id)).not.toHaveProperty('configuration');
    expect((await remove(group)).response.status).toBe(202);
    // There is nothing to do.
    const jobs = (await api.store.jobs.ofInstance(id)).length;
    expect((await attach(id, null)).response.status).toBe(202);
    expect(await api.store.jobs.ofInstance(id)).toHaveLength(jobs);
  });

  it('is detached and attached again at once, as Terraform does it', async () => {
    const [id, one, other] = [await paperInstance(api, ada), await made({ back_log: 1 }), await made({ back_log: 2 })];
    expect((await attach(id, one)).response.status).toBe(202);
    expect((await update(id, {})).response.status).toBe(202);
    expect(
      (await ada.client.PATCH(INSTANCE, { ...on(id), body: { instance: { configuration: other } } })).response.status,
    ).toBe(202);
    await worker.idle();
    expect(settings(id)).toMatchObject({ back_log: 2 });
    expect(await instance(id)).toMatchObject({ operating_status: 'HEALTHY', configuration: { id: other } });
  });

  it('takes each change of the group, with a higher revision each time', async () => {
    const [id, group] = [await paperInstance(api, ada), await made({ back_log: 1 })];
    await attach(id, group);
    await worker.idle();
    const before = api.guests.spec(id)?.revision ?? 0;
    expect((await merge(group, { values: { back_log: 2 } })).response.status).toBe(200);
    await worker.idle();
    expect(settings(id)).toMatchObject({ back_log: 2 });
    expect(api.guests.spec(id)?.revision).toBe(before + 1);
    await Promise.all([3, 4, 5, 6].map((back_log) => merge(group, { values: { back_log } })));
    await worker.idle();
    expect(settings(id)?.back_log).toBe((await show(group)).data?.configuration.values.back_log);
    expect(await instance(id)).toMatchObject({ operating_status: 'HEALTHY' });
  });

  it('shows where its database has something else than is wanted', async () => {
    const [id, group] = [
      await paperInstance(api, ada),
      await made({ sql_mode: 'ANSI,STRICT_ALL_TABLES', back_log: 5 }),
    ];
    await attach(id, group);
    await worker.idle();
    const list = async () => (await ada.client.GET(IN_FORCE, on(id))).data?.parameters;
    const sized = { name: 'max_connections', set_by: 'flavor', wanted: 128, in_force: 128, differs: false };
    const backLog = { name: 'back_log', set_by: 'configuration', wanted: 5 };
    const sqlMode = { name: 'sql_mode', set_by: 'configuration', wanted: 'ANSI,STRICT_ALL_TABLES' };
    expect(await list()).toEqual([
      { ...backLog, in_force: 5, differs: false },
      sized,
      { ...sqlMode, in_force: sqlMode.wanted, differs: false },
    ]);
    // The engine tells the same list in another order, and another value that somebody set by hand.
    const values = { max_connections: 128, sql_mode: 'strict_all_tables,ANSI', back_log: 6 };
    api.guests.answers.set('configuration_read', { values });
    expect(await list()).toEqual([
      { ...backLog, in_force: 6, differs: true },
      sized,
      { ...sqlMode, in_force: values.sql_mode, differs: false },
    ]);
    for (const said of [{}, { values: 'x' }, { values: { back_log: { a: 1 } } }]) {
      api.guests.answers.set('configuration_read', said);
      expect((await list())?.[0]).toEqual({ ...backLog, in_force: null, differs: true });
    }
    api.guests.answers.clear();
    expect((await bob.client.GET(IN_FORCE, on(id))).response.status).toBe(404);
    const stone = await paperInstance(api, ada, 'stone');
    expect((await ada.client.GET(IN_FORCE, on(stone))).response.status).toBe(501);
    await api.store.instances.update(id, { serviceStatus: 'crashed' });
    expect((await ada.client.GET(IN_FORCE, on(id))).response.status).toBe(422);
  });

  it('waits for a restart where the database says so, and is restarted out of it', async () => {
    const [id, group] = [await paperInstance(api, ada), await made({ back_log: 1 })];
    api.guests.outcomes.set('back_log', { outcome: 'restart_required' });
    await attach(id, group);
    await worker.idle();
    expect(await instance(id)).toMatchObject({ status: 'RESTART_REQUIRED', operating_status: '' });
    expect(message((await attach(id, null)).error)).toMatch(/400 .*RESTART_REQUIRED/);
    const why = await ada.client.GET('/v1.0/{project_id}/instances/{instance_id}/why', on(id));
    expect(why.data?.why.reasons).toContainEqual(
      expect.objectContaining({ code: 'restart_required', message: expect.stringContaining('back_log') }),
    );
    const restart = await ada.client.POST('/v1.0/{project_id}/instances/{instance_id}/action', {
      ...on(id),
      body: { restart: {} },
    });
    expect(restart.response.status).toBe(202);
    await worker.idle();
    expect(await instance(id)).toMatchObject({ status: 'ACTIVE', operating_status: 'HEALTHY' });
  });

  it('shows what the database did not take, until it takes it', async () => {
    const [id, group] = [await paperInstance(api, ada), await made({ back_log: 1 })];
    api.guests.outcomes.set('back_log', { outcome: 'rejected', reason: 'it is too late.' });
    await attach(id, group);
    await worker.idle();
    const text = 'The database did not take a parameter: back_log: it is too late.';
    expect(await instance(id)).toMatchObject({ status: 'ACTIVE', fault: { message: text, details: null } });
    const why = await ada.client.GET('/v1.0/{project_id}/instances/{instance_id}/why', on(id));
    expect(why.data?.why.reasons).toContainEqual(
      expect.objectContaining({ code: 'parameters_rejected', message: text }),
    );
    api.guests.outcomes.clear();
    await merge(group, { values: { back_log: 2 } });
    await worker.idle();
    expect(await instance(id)).not.toHaveProperty('fault');
  });

  it('is told why a value is too large for its flavor, also when the group changes later', async () => {
    const [id, large, small] = [
      await paperInstance(api, ada),
      await made({ max_connections: 900 }),
      await made({ max_connections: 5 }),
    ];
    expect(message((await attach(id, large)).error)).toMatch(
      /^422 Instance .*: Parameter max_connections cannot be 900: the greatest is \d+ with this flavor\.$/,
    );
    await attach(id, small);
    await worker.idle();
    expect(message((await merge(small, { values: { max_connections: 900 } })).error)).toContain(`Instance ${id} has`);
    expect(settings(id)).toEqual({ max_connections: 5 });
    const body = { instance: newInstance({ datastore: { type: 'paper' }, configuration: large }) };
    expect((await ada.client.POST('/v1.0/{project_id}/instances', { body })).response.status).toBe(422);
  });

  it('may be made with one, by id or URL, of its own version', async () => {
    const group = await made({ back_log: 3 });
    const create = (configuration: string, datastore: object = { type: 'paper' }) =>
      ada.client.POST('/v1.0/{project_id}/instances', {
        body: { instance: { ...newInstance(), datastore, configuration } },
      });
    const { data } = await create(`http://db.test/v1.0/p/configurations/${group}`);
    expect(data?.instance.configuration).toMatchObject({ id: group });
    expect((await create(randomUUID())).response.status).toBe(404);
    const old = (await create(group, { type: 'mysql' })).error;
    expect(message(old)).toMatch(/400|501/);
    const foreign = await made({}, bob);
    expect((await create(foreign)).response.status).toBe(404);
  });

  it('is refused a group that is another’s, another version’s, or none', async () => {
    const id = await paperInstance(api, ada);
    expect((await attach(id, randomUUID())).response.status).toBe(404);
    expect((await attach(id, await made({}, bob))).response.status).toBe(404);
    const old = (await create({}, { datastore: { type: 'paper', version: '1' } })).data?.configuration.id ?? '';
    expect(message((await attach(id, old)).error)).toMatch(/400 .*is for paper 1/);
    expect((await attach(id, await made({}), bob)).response.status).toBe(404);
    expect((await attach(await paperInstance(api, ada, 'stone'), await made({}))).response.status).toBe(501);
  });

  it('is not touched where it is not at rest', async () => {
    const [id, group] = [await paperInstance(api, ada), await made({})];
    await api.store.instances.update(id, { task: 'rebooting' });
    expect((await attach(id, group)).response.status).toBe(400);
    await api.store.instances.update(id, { task: 'none', serverStatus: 'SHUTOFF' });
    expect((await attach(id, group)).response.status).toBe(400);
    await api.store.instances.update(id, { serverStatus: 'missing' });
    expect((await attach(id, group)).response.status).toBe(422);
    expect((await ada.client.GET(DEFAULTS, on(id))).response.status).toBe(422);
    expect(api.guests.calls).toEqual([]);
  });

  it('gets one of two that are attached at once, and never one that is deleted at once', async () => {
    for (let round = 0; round < 5; round += 1) {
      const id = await paperInstance(api, ada);
      const groups = [await made({ back_log: 1 }), await made({ back_log: 2 })];
      const both = await Promise.all(groups.map((group) => attach(id, group)));
      expect(both.map(({ response }) => response.status).sort()).toEqual([202, 400]);
      await worker.idle();
      await update(id, {});
      await worker.idle();
      const [group = ''] = groups;
      const [attached, deleted] = await Promise.all([attach(id, group), remove(group)]);
      expect([
        [202, 400],
        [404, 202],
      ]).toContainEqual([attached.response.status, deleted.response.status]);
      await worker.idle();
    }
  });

  it('lets go of it when it is deleted', async () => {
    const [id, group] = [await paperInstance(api, ada), await made({})];
    await attach(id, group);
    await worker.idle();
    await worker[Symbol.asyncDispose]();
    expect((await ada.client.DELETE(INSTANCE, on(id))).response.status).toBe(202);
    expect((await remove(group)).response.status).toBe(202);
    await api.store.db
      .updateTable('jobs')
      .set({ state: 'failed', endedAt: new Date() })
      .where('instanceId', '=', id)
      .execute();
    worker = workOn(api);
  });

  it('waits for a guest that does not answer, and says so', async () => {
    const [id, group] = [await paperInstance(api, ada), await made({ back_log: 4 })];
    api.guests.failNext(new Problem('timeout', 'no answer'));
    await attach(id, group);
    await worker.idle();
    const row = await api.store.instances.get(id);
    expect(row).toMatchObject({ task: 'none', changeWaitsSince: expect.any(Date), configurationId: group });
    expect(await instance(id)).toMatchObject({
      status: 'ACTIVE',
      fault: { message: expect.stringContaining('waits') },
    });
  });

  it('comes to rest with the reason when the guest refuses', async () => {
    const [id, group] = [await paperInstance(api, ada), await made({ back_log: 4 })];
    await attach(id, group);
    await worker.idle();
    api.guests.failNext(new Problem('guest_failed', 'it would not start'));
    await merge(group, { values: { back_log: 5 } });
    await worker.idle();
    expect(await instance(id)).toMatchObject({
      operating_status: 'HEALTHY',
      fault: { message: 'The change was not made: it would not start' },
    });
    await vi.waitFor(async () => expect((await api.store.instances.get(id))?.changeWaitsSince).toBeNull());
  });
});

describe('an update of an instance', () => {
  it('renames it, and has one more thing to do at most', async () => {
    const id = await paperInstance(api, ada);
    expect((await update(id, { name: 'new name' })).response.status).toBe(202);
    expect((await instance(id)).name).toBe('new name');
    const group = await made({});
    expect(message((await update(id, { configuration: group, replica_of: '' })).error)).toMatch(/^400 .*several/);
    expect((await update(id, { name: 'both', configuration: group })).response.status).toBe(202);
    expect(await instance(id)).toMatchObject({ name: 'both', configuration: { id: group } });
    await worker.idle();
    for (const body of [{ colour: 'red' }, { name: '' }, { configuration: 'x' }, { slave_of: '' }])
      expect((await update(id, body)).response.status, JSON.stringify(body)).toBe(400);
    expect((await update(id, { name: 'x' }, bob)).response.status).toBe(404);
  });

  it('says what is not built yet, after everything else', async () => {
    const id = await paperInstance(api, ada);
    expect((await update(id, { access: { is_public: false } })).response.status).toBe(501);
    expect((await update(id, { datastore_version: '2' })).response.status).toBe(501);
    expect((await update(id, { datastore_version: '9' })).response.status).toBe(400);
    expect((await update(id, { replica_of: null })).response.status).toBe(400);
    await api.store.instances.update(id, { task: 'rebooting' });
    expect((await update(id, { datastore_version: '2' })).response.status).toBe(422);
  });
});
