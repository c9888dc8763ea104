import { createClient } from '@coffer/core';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { BASE, startApi, type TestApi } from '../support/api.ts';

let api: TestApi;
const client = () =>
  createClient({ baseUrl: BASE, token: '', project: 'none', fetch: async (request) => api.app.fetch(request) });

beforeAll(async () => {
  api = await startApi({ trustedProxies: ['10.0.0.0/8'] });
});
afterAll(() => api[Symbol.asyncDispose]());
afterEach(() => expect(api.errors).toEqual([]));

describe('versions', () => {
  it('are told without a token', async () => {
    const { data } = await client().GET('/');
    expect(data?.versions).toEqual([
      {
        id: 'v1.0',
        status: 'CURRENT',
        updated: '2012-08-01T00:00:00Z',
        links: [{ rel: 'self', href: `${BASE}/v1.0/` }],
      },
    ]);
    expect((await client().GET('/v1.0/')).data?.version).toEqual(data?.versions[0]);
  });

  it('carry scheme and host of the request, and forwarded ones only from a known proxy', async () => {
    const headers = { 'X-Forwarded-Proto': 'https', 'X-Forwarded-Host': 'db.example.org' };
    const from = async (remoteAddress: string | undefined, given = headers) => {
      const response = await api.app.fetch(new Request(`${BASE}/`, { headers: given }), {
        incoming: { socket: { remoteAddress } },
      });
      const body = JSON.parse(await response.text());
      return body.versions[0].links[0].href;
    };
    expect(await from('10.2.3.4')).toBe('https://db.example.org/v1.0/');
    expect(await from('::ffff:10.2.3.4')).toBe('https://db.example.org/v1.0/');
    expect(await from('192.0.2.1')).toBe(`${BASE}/v1.0/`);
    expect(await from(undefined)).toBe(`${BASE}/v1.0/`);
    expect(await from('10.2.3.4', { ...headers, 'X-Forwarded-Host': 'evil.org/x?' })).toBe(
      'https://db.test:8779/v1.0/',
    );
  });
});

describe('health', () => {
  it('is one word for load balancers', async () => {
    const response = await api.raw('GET', '/healthcheck');
    expect([response.status, response.headers.get('content-type'), await response.text()]).toEqual([
      200,
      'text/plain',
      'OK',
    ]);
    expect((await client().GET('/healthcheck', { parseAs: 'text' })).data).toBe('OK');
  });

  it('names each part', async () => {
    expect((await client().GET('/healthz')).data).toEqual({
      status: 'ok',
      store: { status: 'ok' },
      broker: { status: 'ok' },
      cloud: { status: 'ok' },
    });
    api.health.broker = { isOk: false, detail: 'The broker does not answer.' };
    const { error, response } = await client().GET('/healthz');
    expect(response.status).toBe(503);
    expect(error).toMatchObject({
      status: 'failed',
      broker: { status: 'failed', detail: 'The broker does not answer.' },
    });
  });
});
