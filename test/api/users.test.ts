import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type Account, healthyInstance, startApi, type TestApi } from '../support/api.ts';

let api: TestApi;
let ada: Account;
let id: string;

const LIST = '/v1.0/{project_id}/instances/{instance_id}/users';
const ONE = '/v1.0/{project_id}/instances/{instance_id}/users/{user}';

beforeAll(async () => {
  api = await startApi({ quotas: { instances: -1, ram: -1, volumes: -1, backups: -1 } });
  ada = await api.account();
});
beforeEach(async () => {
  id = await healthyInstance(api, ada);
});
afterAll(() => api[Symbol.asyncDispose]());
afterEach(() => expect(api.errors).toEqual([]));

interface Wanted {
  name: string;
  password?: string;
  host?: string;
  databases?: { name: string }[];
}
const create = (...users: Wanted[]) =>
  ada.client.POST(LIST, {
    params: { path: { instance_id: id } },
    body: { users: users.map((user) => ({ password: 's3cret-Words', ...user })) },
  });
const list = async () => (await ada.client.GET(LIST, { params: { path: { instance_id: id } } })).data?.users;
const remove = (user: string) => ada.client.DELETE(ONE, { params: { path: { instance_id: id, user } } });

describe('users', () => {
  it('are made, listed without passwords, and deleted', async () => {
    expect(
      (await create({ name: 'app', databases: [{ name: 'shop' }] }, { name: 'app', host: '10.0.0.%' })).response.status,
    ).toBe(202);
    expect(await list()).toEqual([
      { name: 'app', host: '%', databases: [{ name: 'shop' }] },
      { name: 'app', host: '10.0.0.%', databases: [] },
    ]);
    expect((await remove('app')).response.status).toBe(202);
    expect((await remove('app@10.0.0.%')).response.status).toBe(202);
    expect(await list()).toEqual([]);
  });

  it('are named by the whole segment, split at its last @', async () => {
    await create({ name: 'joe@home' }, { name: 'a.b' });
    expect((await remove('joe@home')).response.status).toBe(404);
    expect((await remove('joe@home@')).response.status).toBe(202);
    const encoded = await api.raw('DELETE', `/v1.0/${ada.projectId}/instances/${id}/users/a%2eb`, { token: ada.token });
    expect(encoded.status).toBe(202);
    expect(await list()).toEqual([]);
  });

  it('are refused when reserved, twice, taken or from nowhere', async () => {
    await create({ name: 'app' });
    const message = async (...users: Wanted[]) => {
      const { error } = await create(...users);
      return error && 'badRequest' in error ? error.badRequest.message : undefined;
    };
    expect(await message({ name: 'app' })).toMatch(/app/);
    expect(await message({ name: 'root' })).toMatch(/users\[0\]\.name "root"/);
    expect(await message({ name: 'a' }, { name: 'a' })).toMatch(/users\[1\]\.name/);
    expect(await message({ name: 'a', host: 'not_an_address' })).toMatch(/users\[0\]\.host/);
    expect(await message({ name: 'a', password: `${'x'.repeat(201)}` })).toMatch(/users\[0\]\.password/);
    expect(await message({ name: 'a', password: `${'x'.repeat(201)}` })).not.toContain('xx');
    expect((await remove('root')).response.status).toBe(400);
    expect((await remove('nobody')).response.status).toBe(404);
    expect(await list()).toEqual([{ name: 'app', host: '%', databases: [] }]);
  });
});
