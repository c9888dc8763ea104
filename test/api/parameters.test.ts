import { randomUUID } from 'node:crypto';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type Account, startApi, type TestApi } from '../support/api.ts';
import { registerPaper } from '../support/paper.ts';

const LIST = '/v1.0/{project_id}/datastores/{datastore}/versions/{version}/parameters';
const SHOW = '/v1.0/{project_id}/datastores/{datastore}/versions/{version}/parameters/{parameter}';
const LIST_BY_ID = '/v1.0/{project_id}/datastores/versions/{version_id}/parameters';
const SHOW_BY_ID = '/v1.0/{project_id}/datastores/versions/{version_id}/parameters/{parameter}';

let api: TestApi;
let ada: Account;
let root: Account;
let versionId: string;

beforeAll(async () => {
  api = await startApi();
  [ada, root] = [await api.account(), await api.account('admin')];
  await registerPaper(api);
  versionId = (await api.store.datastores.find('paper'))?.defaultVersionId ?? '';
});
afterAll(() => api[Symbol.asyncDispose]());
afterEach(() => expect(api.errors).toEqual([]));

const list = async (datastore: string, version: string, account = ada) =>
  account.client.GET(LIST, { params: { path: { datastore, version } } });
const listById = async (version_id: string) => ada.client.GET(LIST_BY_ID, { params: { path: { version_id } } });

describe('parameters of a version', () => {
  it('are listed by name, in Trove’s words, those for operators to operators alone', async () => {
    const { data } = await list('paper', '2');
    const parameters = data?.['configuration-parameters'] ?? [];
    expect(parameters.map(({ name }) => name)).toEqual([
      'back_log',
      'event_scheduler',
      'init_connect',
      'long_query_time',
      'max_connections',
      'sql_mode',
    ]);
    expect(parameters[0]).toEqual({
      name: 'back_log',
      datastore_version_id: versionId,
      restart_required: true,
      type: 'integer',
      min: 1,
      max: 65_535,
    });
    expect(parameters[1]).not.toHaveProperty('max');
    const all = await list('paper', '2', root);
    expect(all.data?.['configuration-parameters'].map(({ name }) => name)).toContain('read_only');
    expect((await listById(versionId)).data).toEqual(data);
    // Of an inactive version too.
    expect((await list('paper', '1.0')).response.status).toBe(200);
  });

  it('are shown one by one without a wrapper, in any letter case', async () => {
    const path = { datastore: 'paper', version: '2', parameter: 'Max_Connections' };
    const { data } = await ada.client.GET(SHOW, { params: { path } });
    expect(data).toEqual({
      name: 'max_connections',
      datastore_version_id: versionId,
      restart_required: false,
      type: 'integer',
      min: 1,
      max: 1000,
    });
    const byId = await ada.client.GET(SHOW_BY_ID, {
      params: { path: { version_id: versionId, parameter: 'max_connections' } },
    });
    expect(byId.data).toEqual(data);
  });

  it('are missed as clients expect', async () => {
    const status = async (version: string, datastore = 'paper') => (await list(datastore, version)).response.status;
    expect(await status('2', 'oracle')).toBe(404);
    expect(await status(randomUUID())).toBe(404);
    expect(await status('none')).toBe(400);
    expect((await listById(randomUUID())).response.status).toBe(400);
    for (const parameter of ['none', 'read_only', 'a\0b', '__proto__']) {
      const { error, response } = await ada.client.GET(SHOW_BY_ID, {
        params: { path: { version_id: versionId, parameter } },
      });
      expect([response.status, error]).toEqual([
        404,
        { itemNotFound: { code: 404, message: expect.stringContaining(JSON.stringify(parameter)) } },
      ]);
    }
  });
});
