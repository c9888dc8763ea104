import { Problem } from '@coffer/core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type Account, healthyInstance, startApi, type TestApi } from '../support/api.ts';
import { UNLIMITED } from '../support/quotas.ts';

let api: TestApi;
let ada: Account;
let id: string;

const LIST = '/v1.0/{project_id}/instances/{instance_id}/users';
const ONE = '/v1.0/{project_id}/instances/{instance_id}/users/{user}';
const GRANTS = '/v1.0/{project_id}/instances/{instance_id}/users/{user}/databases';
const GRANT = '/v1.0/{project_id}/instances/{instance_id}/users/{user}/databases/{database}';

beforeAll(async () => {
  api = await startApi({ quotas: UNLIMITED });
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
const one = (user: string) => ({ params: { path: { instance_id: id, user } } });
const show = (user: string) => ada.client.GET(ONE, one(user));
const update = (user: string, changes: { name?: string; host?: string; password?: string }) =>
  ada.client.PUT(ONE, { ...one(user), body: { user: changes } });
const passwords = (...users: { name: string; host?: string; password: string }[]) =>
  ada.client.PUT(LIST, { params: { path: { instance_id: id } }, body: { users } });
const grants = async (user: string) =>
  (await ada.client.GET(GRANTS, one(user))).data?.databases.map(({ name }) => name);
const grant = (user: string, ...names: string[]) =>
  ada.client.PUT(GRANTS, { ...one(user), body: { databases: names.map((name) => ({ name })) } });
const revoke = (user: string, database: string) =>
  ada.client.DELETE(GRANT, { params: { path: { instance_id: id, user, database } } });
/** What a refused call said. */
const said = async (call: Promise<{ error?: unknown; response: Response }>) => {
  const { error, response } = await call;
  return `${response.status} ${JSON.stringify(error)}`;
};
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

describe('one user', () => {
  it('is shown with what it may reach, under every spelling of its name', async () => {
    await create({ name: 'joe.d', databases: [{ name: 'shop' }] }, { name: 'joe.d', host: '10.0.0.%' });
    const user = { name: 'joe.d', host: '%', databases: [{ name: 'shop' }] };
    expect((await show('joe.d')).data).toEqual({ user });
    expect((await show('joe.d@%')).data).toEqual({ user });
    const path = `/v1.0/${ada.projectId}/instances/${id}/users/joe%2ed%4010.0.0.%25`;
    const other = await api.raw('GET', path, { token: ada.token });
    expect(await other.json()).toEqual({ user: { name: 'joe.d', host: '10.0.0.%', databases: [] } });
    expect(await said(show('nobody'))).toMatch(/^404 .*User \\"nobody@%\\" was not found/);
    expect(await said(show('joe.d@home'))).toMatch(/^404/);
    for (const name of ['root', 'os_admin', 'OS_Admin']) expect(await said(show(name))).toMatch(/^400 .*reserved/);
  });

  it('gets another name, host and password, and keeps the rest', async () => {
    await create({ name: 'app', databases: [{ name: 'shop' }] });
    expect((await update('app', { name: 'next' })).response.status).toBe(202);
    expect((await update('next', { host: '10.0.0.%' })).response.status).toBe(202);
    expect((await update('next@10.0.0.%', { password: 'n3w-Words' })).response.status).toBe(202);
    expect(await list()).toEqual([{ name: 'next', host: '10.0.0.%', databases: [{ name: 'shop' }] }]);
    expect(api.guests.calls.at(-2)?.params).toEqual({
      users: [{ user: { name: 'next', host: '10.0.0.%' }, changes: { password: 'n3w-Words' } }],
    });
  });

  it('becomes nobody who is there, reserved or from nowhere', async () => {
    await create({ name: 'app' }, { name: 'other' });
    api.guests.calls.length = 0;
    expect(await said(update('app', { name: 'root' }))).toMatch(/^400 .*user\.name \\"root\\"/);
    expect(await said(update('app', { host: 'not_an_address' }))).toMatch(/^400 .*user\.host/);
    expect(await said(update('app', { password: 'x'.repeat(201) }))).toMatch(/^400 .*user\.password/);
    expect(await said(update('app', {}))).toMatch(/^400/);
    expect(await said(update('root', { name: 'mine' }))).toMatch(/^400 .*reserved/);
    expect(api.guests.calls).toEqual([]);
    expect(await said(update('app', { name: 'other' }))).toMatch(/^400 .*other@%/);
    expect(await said(update('nobody', { name: 'mine' }))).toMatch(/^404/);
    expect((await list())?.map(({ name }) => name)).toEqual(['app', 'other']);
  });
});

describe('passwords', () => {
  it('are changed for all users of a request or for none', async () => {
    await create({ name: 'a' }, { name: 'b', host: '10.0.0.%' });
    const both = [
      { name: 'a', password: 'n3w-a' },
      { name: 'b', host: '10.0.0.%', password: 'n3w-b' },
    ];
    const changed = await passwords(...both);
    expect([changed.response.status, changed.response.headers.get('content-type')]).toEqual([202, 'application/json']);
    expect(api.guests.calls.at(-1)).toMatchObject({ method: 'user_alter' });
    expect(await said(passwords(...both, { name: 'c', password: 'n3w-c' }))).toMatch(/^404 .*c@%/);
    expect(await said(passwords({ name: 'a', password: 'x' }, { name: 'a', password: 'y' }))).toMatch(
      /^400 .*users\[1\]\.name/,
    );
    const hidden = await said(passwords({ name: 'a', password: `w${'w'.repeat(201)}` }));
    expect(hidden).toMatch(/^400 .*users\[0\]\.password/);
    expect(hidden).not.toContain('www');
    expect(await said(passwords({ name: 'os_admin', password: 'x' }))).toMatch(/^400 .*reserved/);
    expect((await passwords()).response.status).toBe(202);
  });
});

describe('grants', () => {
  it('are added to, listed and taken away one by one', async () => {
    await create({ name: 'app', databases: [{ name: 'shop' }] });
    expect((await grant('app', 'my.db', 'a_b')).response.status).toBe(202);
    expect(await grants('app')).toEqual(['a_b', 'my.db', 'shop']);
    const path = `/v1.0/${ada.projectId}/instances/${id}/users/app%40%25/databases/my%2Edb`;
    const revoked = await api.raw('DELETE', path, { token: ada.token });
    expect([revoked.status, await revoked.text()]).toEqual([202, '']);
    expect(await grants('app@%')).toEqual(['a_b', 'shop']);
    expect(await said(revoke('app', 'my.db'))).toMatch(/^404 .*no privileges on database \\"my\.db\\"/);
  });

  it('are neither of reserved users nor to reserved databases', async () => {
    await create({ name: 'app' });
    api.guests.calls.length = 0;
    expect(await said(grant('app', 'shop', 'mysql'))).toMatch(/^400 .*databases\[1\]\.name \\"mysql\\"/);
    expect(await said(grant('app', 'shop', 'shop'))).toMatch(/^400 .*databases\[1\]\.name/);
    expect(await said(revoke('app', 'sys'))).toMatch(/^400/);
    for (const call of [grant('root', 'shop'), revoke('root', 'shop'), ada.client.GET(GRANTS, one('root'))])
      expect(await said(call)).toMatch(/^400 .*reserved/);
    expect(api.guests.calls).toEqual([]);
    expect(await said(grant('nobody', 'shop'))).toMatch(/^404/);
    expect(await said(revoke('nobody', 'shop'))).toMatch(/^404/);
    expect(await said(ada.client.GET(GRANTS, one('nobody')))).toMatch(/^404/);
    const path = `/v1.0/${ada.projectId}/instances/${id}/users/app/databases`;
    const empty = await api.raw('PUT', path, { token: ada.token, body: '{}' });
    expect(empty.status).toBe(400);
  });
});

describe('a change whose answer is lost', () => {
  it('is asked for again under the same id, and told as it was', async () => {
    await create({ name: 'app', databases: [{ name: 'shop' }] });
    const lost = async (call: () => Promise<{ response: Response }>) => {
      api.guests.calls.length = 0;
      api.guests.failNext(new Problem('timeout', 'no answer'), 'lost');
      const { response } = await call();
      const ids = api.guests.calls.map(({ operationId }) => operationId);
      return [response.status, ids.length, new Set(ids).size];
    };
    expect(await lost(() => update('app', { name: 'next' }))).toEqual([202, 2, 1]);
    expect(await lost(() => revoke('next', 'shop'))).toEqual([202, 2, 1]);
    expect(await lost(() => grant('next', 'shop'))).toEqual([202, 2, 1]);
    expect(await lost(() => passwords({ name: 'next', password: 'n3w' }))).toEqual([202, 2, 1]);
  });
});
