import { randomUUID } from 'node:crypto';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type Account, healthyInstance, startApi, type TestApi } from '../support/api.ts';

let api: TestApi;
let ada: Account;

beforeAll(async () => {
  api = await startApi();
  ada = await api.account();
});
afterAll(() => api[Symbol.asyncDispose]());
afterEach(() => expect(api.errors).toEqual([]));

const get = (path: string, token = ada.token) => api.raw('GET', path, { token });

describe('who asks', () => {
  it('needs a token that is valid', async () => {
    for (const token of [undefined, 'none', 'x'.repeat(9000)]) {
      const response = await api.raw('GET', `/v1.0/${ada.projectId}/instances`, { ...(token && { token }) });
      expect(response.status).toBe(401);
      expect(response.headers.get('www-authenticate')).toBe('Keystone uri="http://db.test:8779/identity"');
      expect(await response.json()).toEqual({
        error: { code: 401, title: 'Unauthorized', message: 'The request you have made requires authentication.' },
      });
    }
  });

  it('acts for the project of the token, administrators too', async () => {
    const other = await api.account('admin');
    for (const project of [ada.projectId, ada.projectId.toUpperCase(), `${other.projectId}%20`, '%00']) {
      const response = await get(`/v1.0/${project}/instances`, other.token);
      expect(response.status).toBe(403);
      expect(await response.json()).toMatchObject({ forbidden: { code: 403 } });
    }
  });

  it('is told of nothing before having shown a token', async () => {
    const response = await api.raw('POST', `/v1.0/${ada.projectId}/instances`, { body: '{' });
    expect(response.status).toBe(401);
  });
});

describe('paths', () => {
  it('may have doubled slashes and one at the end', async () => {
    expect((await get(`/v1.0//${ada.projectId}//instances/`)).status).toBe(200);
    expect((await get(`//v1.0/${ada.projectId}/instances/detail//?limit=1`)).status).toBe(200);
  });

  it('that nobody has, and wrong methods, are 404', async () => {
    for (const [method, path] of [
      ['GET', `/v1.0/${ada.projectId}/nothing`],
      ['PUT', `/v1.0/${ada.projectId}/instances`],
      ['PATCH', `/v1.0/${ada.projectId}/flavors`],
      ['GET', '/nothing'],
      ['GET', '/v1.0/extensions'],
    ] as const) {
      const response = await api.raw(method, path, { token: ada.token });
      expect(response.status).toBe(404);
      expect(response.headers.get('content-type')).toBe('application/json');
      expect(await response.json()).toMatchObject({ itemNotFound: { code: 404 } });
    }
    expect(await (await api.raw('GET', '/identity/v2.0')).json()).toMatchObject({
      error: { code: 404, title: 'Not Found' },
    });
  });

  it('are decoded once, and refused when they cannot be', async () => {
    const id = await healthyInstance(api, ada);
    const databases = `/v1.0/${ada.projectId}/instances/${id}/databases`;
    for (const segment of ['%ZZ', '%', '%C3', '%ED%A0%80', '%FF']) {
      const response = await api.raw('DELETE', `${databases}/${segment}`, { token: ada.token });
      expect(response.status).toBe(400);
      expect(await response.json()).toMatchObject({
        badRequest: { message: expect.stringContaining('percent-encoded') },
      });
    }
    expect((await get(`${databases}?marker=%FF`)).status).toBe(400);
    const made = await api.raw('POST', databases, {
      token: ada.token,
      body: JSON.stringify({ databases: [{ name: 'a%2Fb' }, { name: 'c/d' }] }),
    });
    expect(made.status).toBe(202);
    expect((await api.raw('DELETE', `${databases}/a%252Fb`, { token: ada.token })).status).toBe(202);
    expect((await api.raw('DELETE', `${databases}/c%2Fd`, { token: ada.token })).status).toBe(202);
  });

  it('never make the store stumble', async () => {
    for (const segment of ['%00', "'", '%3B', '1%00', `${randomUUID()}%00`, '%F0%9F%98%80', '-', 'x'.repeat(5000)]) {
      expect((await get(`/v1.0/${ada.projectId}/instances/${segment}`)).status).toBe(404);
      expect((await get(`/v1.0/${ada.projectId}/datastores/${segment}`)).status).toBe(404);
      expect((await get(`/v1.0/${ada.projectId}/datastores/mysql/versions/${segment}`)).status).toBe(400);
      expect((await get(`/v1.0/${ada.projectId}/datastores/versions/${segment}`)).status).toBe(400);
      expect((await get(`/v1.0/${ada.projectId}/flavors/${segment}`)).status).toBe(404);
      expect((await get(`/v1.0/${ada.projectId}/instances?marker=${segment}`)).status).toBe(400);
    }
  });
});

describe('what nobody foresaw', () => {
  it('is a fixed sentence outside and a cause in the log', async () => {
    const list = api.cloud.flavors.list;
    api.cloud.flavors.list = async () => {
      throw new Error('password of 10.0.0.7 is hunter2');
    };
    const response = await get(`/v1.0/${ada.projectId}/flavors`);
    api.cloud.flavors.list = list;
    const requestId = response.headers.get('x-openstack-request-id');
    expect(response.status).toBe(500);
    expect(await response.json()).toEqual({
      instanceFault: { code: 500, message: `The server could not answer. The log has it under ${requestId}.` },
    });
    expect(api.errors.splice(0)).toMatchObject([
      { fields: { requestId, operation: 'listFlavors', err: { message: expect.stringContaining('hunter2') } } },
    ]);
  });
});
