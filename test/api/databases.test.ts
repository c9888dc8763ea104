import { Problem } from '@coffer/core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type Account, healthyInstance, startApi, type TestApi } from '../support/api.ts';
import { UNLIMITED } from '../support/quotas.ts';

let api: TestApi;
let ada: Account;
let id: string;

const LIST = '/v1.0/{project_id}/instances/{instance_id}/databases';
const ONE = '/v1.0/{project_id}/instances/{instance_id}/databases/{database}';

beforeAll(async () => {
  api = await startApi({ quotas: UNLIMITED });
  ada = await api.account();
});
beforeEach(async () => {
  id = await healthyInstance(api, ada);
  api.guests.calls.length = 0;
});
afterAll(() => api[Symbol.asyncDispose]());
afterEach(() => expect(api.errors).toEqual([]));

const path = () => ({ instance_id: id });
const create = (...databases: { name: string; character_set?: string; collate?: string }[]) =>
  ada.client.POST(LIST, { params: { path: path() }, body: { databases } });
const remove = (database: string) => ada.client.DELETE(ONE, { params: { path: { ...path(), database } } });

describe('databases', () => {
  it('are made, listed and dropped, with dots in their names', async () => {
    expect((await create({ name: 'my.db', character_set: 'utf8mb4' }, { name: 'shop' })).response.status).toBe(202);
    const { data } = await ada.client.GET(LIST, { params: { path: path() } });
    expect(data).toEqual({ databases: [{ name: 'my.db' }, { name: 'shop' }] });
    const dropped = await api.raw('DELETE', `/v1.0/${ada.projectId}/instances/${id}/databases/my%2Edb`, {
      token: ada.token,
    });
    expect([dropped.status, await dropped.text(), dropped.headers.get('content-type')]).toEqual([
      202,
      '',
      'application/json',
    ]);
    expect((await ada.client.GET(LIST, { params: { path: path() } })).data?.databases).toEqual([{ name: 'shop' }]);
  });

  it('are paged by name, with the marker encoded for each client', async () => {
    await create(...Array.from({ length: 25 }, (_, index) => ({ name: `d%${String(index).padStart(2, '0')}` })));
    const first = await ada.client.GET(LIST, { params: { path: path() } });
    expect(first.data?.databases).toHaveLength(20);
    // The Python client decodes once and pastes the rest; Go clients follow the other link as it is.
    expect(first.data?.links?.[0]?.href).toMatch(/marker=d%252519$/);
    expect(first.data?.databases_links?.[0]?.href).toMatch(/marker=d%2519$/);
    const second = await ada.client.GET(LIST, { params: { path: path(), query: { marker: 'd%19' } } });
    expect(second.data?.databases.map(({ name }) => name)).toEqual(['d%20', 'd%21', 'd%22', 'd%23', 'd%24']);
    expect(second.data).not.toHaveProperty('links');
  });

  it('are told as the guest tells them', async () => {
    await create({ name: 'shop' });
    expect((await create({ name: 'new' }, { name: 'shop' })).error).toMatchObject({
      badRequest: { message: expect.stringContaining('shop') },
    });
    expect((await remove('none')).error).toMatchObject({ itemNotFound: { message: expect.stringContaining('none') } });
    expect((await remove('mysql')).response.status).toBe(400);
    expect((await create()).response.status).toBe(202);
  });

  it('are not shown one by one', async () => {
    const { error } = await ada.client.GET(ONE, { params: { path: { ...path(), database: 'shop' } } });
    expect(error).toMatchObject({ notImplemented: { code: 501 } });
  });

  it('wait for a database that takes connections', async () => {
    await api.store.instances.update(id, { serviceStatus: 'crashed' });
    expect((await create({ name: 'shop' })).error).toMatchObject({
      unprocessableEntity: { message: expect.stringContaining('ACTIVE, SHUTDOWN') },
    });
    expect((await ada.client.GET(ONE, { params: { path: { ...path(), database: 'shop' } } })).response.status).toBe(
      422,
    );
    expect(api.guests.calls).toEqual([]);
  });
});

describe('a guest', () => {
  it('is asked again once, under the same id, when its answer is lost', async () => {
    api.guests.failNext(new Problem('timeout', 'no answer'), 'lost');
    expect((await create({ name: 'shop' })).response.status).toBe(202);
    const [first, second] = api.guests.calls;
    expect(api.guests.calls).toHaveLength(2);
    expect(second?.operationId).toBe(first?.operationId);
  });

  it('that stays silent is a 400 that says so', async () => {
    api.guests.failNext(new Problem('timeout', 'no answer'));
    api.guests.failNext(new Problem('timeout', 'no answer'));
    expect((await create({ name: 'shop' })).error).toMatchObject({
      badRequest: { message: expect.stringContaining('did not answer in time') },
    });
  });

  it('never speaks through us, except to refuse', async () => {
    api.guests.failNext(new Problem('internal', 'SELECT * FROM mysql.user failed'));
    expect((await create({ name: 'shop' })).error).toEqual({
      badRequest: { code: 400, message: 'The guest could not do it.' },
    });
    api.guests.failNext(new Problem('unauthorized', 'you are logged out'));
    expect((await create({ name: 'shop' })).response.status).toBe(400);
    api.guests.failNext(new Problem('unavailable', 'The broker does not answer.'));
    expect((await create({ name: 'shop' })).response.status).toBe(503);
  });
});
