import { Problem } from '@coffer/core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type Account, healthyInstance, startApi, type TestApi } from '../support/api.ts';
import { UNLIMITED } from '../support/quotas.ts';

let api: TestApi;
let ada: Account;
let id: string;

const ROOT = '/v1.0/{project_id}/instances/{instance_id}/root';
const HISTORY = '/v1.0/{project_id}/mgmt/instances/{instance_id}/root';

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

const at = (account = ada) => ({ client: account.client, path: { params: { path: { instance_id: id } } } });
const show = async (account = ada) => at(account).client.GET(ROOT, at().path);
const enable = async (body?: { password?: string }, account = ada) =>
  at(account).client.POST(ROOT, { ...at().path, ...(body && { body }) });
const disable = async (account = ada) => at(account).client.DELETE(ROOT, at().path);
const isEnabled = async () => (await show()).data?.rootEnabled;

describe('root', () => {
  it('is enabled with a password of ours, and disabled', async () => {
    expect(await isEnabled()).toBe(false);
    const { data, response } = await enable();
    expect(response.status).toBe(200);
    expect(data).toEqual({ user: { name: 'root', password: expect.stringMatching(/^[\w-]{36}$/) } });
    expect(await isEnabled()).toBe(true);
    expect((await enable()).data?.user.password).not.toBe(data?.user.password);
    const disabled = await disable();
    expect([disabled.response.status, disabled.response.headers.get('content-type')]).toEqual([204, null]);
    expect(await isEnabled()).toBe(false);
    expect((await disable()).error).toMatchObject({
      itemNotFound: { message: `Root is not enabled in instance ${id}.` },
    });
  });

  it('gets the password that is given, or one for an empty body', async () => {
    expect((await enable({ password: 'my own Words' })).data?.user.password).toBe('my own Words');
    expect(api.guests.calls.at(-1)).toMatchObject({ method: 'root_enable', params: { password: 'my own Words' } });
    expect((await enable({})).data?.user.password).toHaveLength(36);
  });

  it('gets no password that it could not use, and none is shown', async () => {
    for (const password of ['', 'w'.repeat(201), 'w\0w']) {
      const { error, response } = await enable({ password });
      expect(response.status).toBe(400);
      expect(JSON.stringify(error)).not.toContain('ww');
    }
    const wrong = await api.raw('POST', `/v1.0/${ada.projectId}/instances/${id}/root`, {
      token: ada.token,
      body: '{"password": 77123}',
    });
    expect([wrong.status, (await wrong.text()).includes('77123')]).toEqual([400, false]);
    expect(api.guests.calls).toEqual([]);
  });

  it('is its owner’s alone, and no administrator’s', async () => {
    for (const other of [await api.account('admin'), await api.account()]) {
      expect((await show(other)).response.status).toBe(404);
      expect((await enable(undefined, other)).response.status).toBe(404);
      expect((await disable(other)).response.status).toBe(404);
    }
    expect(api.guests.calls).toEqual([]);
  });

  it('waits for a database that takes connections', async () => {
    await api.store.instances.update(id, { serviceStatus: 'crashed' });
    for (const call of [show(), enable(), disable()]) expect((await call).response.status).toBe(422);
    expect(api.guests.calls).toEqual([]);
  });

  it('is enabled once, with one password, when the answer is lost', async () => {
    api.guests.failNext(new Problem('timeout', 'no answer'), 'lost');
    const { data } = await enable();
    const [first, second] = api.guests.calls;
    expect(api.guests.calls).toHaveLength(2);
    expect(second).toEqual(first);
    expect(first?.params).toEqual({ password: data?.user.password });
    api.guests.failNext(new Problem('timeout', 'no answer'), 'lost');
    expect((await disable()).response.status).toBe(204);
  });

  it('is no user', async () => {
    await enable();
    const { data } = await ada.client.GET('/v1.0/{project_id}/instances/{instance_id}/users', at().path);
    expect(data).toEqual({ users: [] });
  });
});

describe('who enabled root', () => {
  it('is told to administrators, also after it was disabled', async () => {
    const [admin, other] = [await api.account('admin'), await api.account()];
    const history = async (account: Account) => account.client.GET(HISTORY, at().path);
    expect((await history(admin)).data).toEqual({ root_history: { id, enabled: 'Never', user: 'Nobody' } });
    await enable();
    await disable();
    const { userId } = (await api.identity.authenticate(ada.token)) ?? {};
    expect((await history(admin)).data?.root_history).toEqual({
      id,
      enabled: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d$/),
      user: userId,
    });
    for (const account of [ada, other]) expect((await history(account)).response.status).toBe(403);
    expect((await admin.client.GET(HISTORY, { params: { path: { instance_id: 'none' } } })).response.status).toBe(404);
  });

  it('is known also when the guest never answered', async () => {
    const silence = new Problem('timeout', 'no answer');
    api.guests.failNext(silence);
    api.guests.failNext(silence);
    expect((await enable()).response.status).toBe(400);
    expect((await api.store.rootHistory.get(id))?.enabledAt).toBeInstanceOf(Date);
  });
});
