import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type Account, startApi, type TestApi } from '../support/api.ts';
import { paperInstance, registerPaper, workOn } from '../support/paper.ts';
import { UNLIMITED } from '../support/quotas.ts';

const LOG = '/v1.0/{project_id}/instances/{instance_id}/log';
const TAIL = '/v1.0/{project_id}/instances/{instance_id}/log/{log}';

let api: TestApi;
let ada: Account;
let root: Account;
let worker: ReturnType<typeof workOn>;
let id: string;

beforeAll(async () => {
  api = await startApi({ quotas: UNLIMITED });
  [ada, root] = [await api.account(), await api.account('admin')];
  await registerPaper(api);
  worker = workOn(api);
});
afterAll(async () => {
  await worker[Symbol.asyncDispose]();
  await api[Symbol.asyncDispose]();
});
beforeEach(async () => {
  id = await paperInstance(api, ada);
  api.guests.answers.clear();
});
afterEach(() => expect(api.errors).toEqual([]));

const list = async (account = ada) => account.client.GET(LOG, { params: { path: { instance_id: id } } });
const change = (body: { name: string }, account = ada) =>
  account.client.POST(LOG, { params: { path: { instance_id: id } }, body });
const tail = async (log: string, lines?: number, account = ada) =>
  account.client.GET(TAIL, {
    params: { path: { instance_id: id, log }, ...(lines !== undefined && { query: { lines } }) },
  });

describe('logs', () => {
  it('are listed as clients know them, those that are always written to administrators alone', async () => {
    const slow = {
      name: 'slow_query',
      type: 'USER',
      status: 'Disabled',
      published: 0,
      pending: 12,
      container: 'None',
      prefix: 'None',
      metafile: `${id}/paper-slow_query_metafile`,
    };
    expect((await list()).data).toEqual({ logs: [slow] });
    expect((await list(root)).data?.logs.map(({ name, type, status }) => [name, type, status])).toEqual([
      ['error', 'SYS', 'Enabled'],
      ['slow_query', 'USER', 'Disabled'],
    ]);
    expect((await change({ name: 'slow_query' })).data).toEqual({ log: slow });
  });

  it('are switched on and off by the job, and stay so', async () => {
    const turn = (how: object) => change({ name: 'slow_query', ...how });
    const enabled = await turn({ enable: 1 });
    expect([enabled.response.status, enabled.data?.log.status]).toEqual([200, 'Ready']);
    await worker.idle();
    expect(api.guests.spec(id)?.logs).toEqual(['slow_query']);
    const jobs = (await api.store.jobs.ofInstance(id)).length;
    expect((await turn({ enable: true })).data?.log.status).toBe('Ready');
    expect(await api.store.jobs.ofInstance(id)).toHaveLength(jobs);
    expect((await turn({ disable: 1, enable: 0 })).data?.log.status).toBe('Disabled');
    await worker.idle();
    expect(api.guests.spec(id)).not.toHaveProperty('logs');
    expect(await api.store.instances.get(id)).toMatchObject({ task: 'none', logs: [] });
  });

  it('are refused with the reason', async () => {
    const status = async (body: object, account = ada) =>
      (await change({ name: 'slow_query', ...body }, account)).response.status;
    expect(await status({ enable: 1, disable: 1 })).toBe(400);
    expect(await status({ name: 'none' })).toBe(400);
    expect(await status({ name: 'error' })).toBe(400);
    expect(await status({ name: 'error', enable: 1 }, root)).toBe(400);
    expect(await status({ publish: 1 })).toBe(501);
    expect(await status({ discard: 1 })).toBe(501);
    expect(await status({ enable: 'yes' })).toBe(400);
    const nameless = await api.raw('POST', `/v1.0/${ada.projectId}/instances/${id}/log`, {
      token: ada.token,
      body: '{"enable":1}',
    });
    expect(nameless.status).toBe(400);
    await api.store.instances.update(id, { task: 'rebooting' });
    expect(await status({ enable: 1 })).toBe(422);
    expect((await api.store.instances.get(id))?.logs).toEqual([]);
  });

  it('are read from their end, whichever it is', async () => {
    expect((await tail('slow_query')).data).toEqual({
      log: { name: 'slow_query', lines: ['first', 'second', 'third'], is_cut: false },
    });
    expect((await tail('error', 1)).data?.log.lines).toEqual(['third']);
    for (const lines of [0, -1, 10_001]) expect((await tail('error', lines)).response.status).toBe(400);
    expect((await tail('none')).response.status).toBe(400);
    expect((await tail('../error')).response.status).toBe(400);
  });

  it('are believed only in the shape of logs', async () => {
    for (const logs of [
      undefined,
      'x',
      [null],
      [{}],
      [{ name: 'a', isEnabled: 1, isSwitchable: true, sizeBytes: 0 }],
    ]) {
      api.guests.answers.set('log_list', { logs });
      expect((await list()).response.status).toBe(400);
    }
    api.guests.answers.clear();
    api.guests.answers.set('log_tail', { lines: [7], isCut: false });
    expect((await tail('error')).response.status).toBe(400);
  });

  it('are their owner’s, of a database that runs, where there are some', async () => {
    const bob = await api.account();
    for (const asked of [await list(bob), await change({ name: 'slow_query' }, bob), await tail('error', 1, bob)])
      expect(asked.response.status).toBe(404);
    await api.store.instances.update(id, { serviceStatus: 'crashed' });
    expect((await list()).response.status).toBe(422);
    id = await paperInstance(api, ada, 'stone');
    for (const asked of [await list(), await change({ name: 'slow_query' }), await tail('error')])
      expect(asked.response.status).toBe(501);
  });
});
