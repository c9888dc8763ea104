import { describe, expect, expectTypeOf, it } from 'vitest';
import { createClient } from './client.ts';
import type { Body, Instance, InstanceSummary, Reply } from './types.ts';

/** A server that answers everything alike and keeps what it was asked. */
function answering(status: number, body?: unknown) {
  const asked: { method: string; url: string; token: string | null; body: string }[] = [];
  const fetch = async (request: Request): Promise<Response> => {
    const { method, url, headers } = request;
    asked.push({ method, url, token: headers.get('X-Auth-Token'), body: await request.text() });
    return body === undefined
      ? new Response(null, { status, headers: { 'Content-Length': '0' } })
      : Response.json(body, { status });
  };
  return { asked, fetch };
}

const options = { baseUrl: 'http://db.example.org:8779', token: 'secret', project: 'p/1' };

describe('createClient', () => {
  it('fills in project and token', async () => {
    const { asked, fetch } = answering(200, { instances: [] });
    const client = createClient({ ...options, fetch });
    const { data } = await client.GET('/v1.0/{project_id}/instances', { params: { query: { limit: 5 } } });
    expect(asked).toEqual([
      { method: 'GET', url: 'http://db.example.org:8779/v1.0/p%2F1/instances?limit=5', token: 'secret', body: '' },
    ]);
    const instances: InstanceSummary[] | undefined = data?.instances;
    expect(instances).toEqual([]);
  });

  it('sends a body and encodes names in the path', async () => {
    const { asked, fetch } = answering(202);
    const client = createClient({ ...options, fetch });
    const body: Body<'createUsers'> = { users: [{ name: 'app', password: 'words' }] };
    await client.POST('/v1.0/{project_id}/instances/{instance_id}/users', {
      params: { path: { instance_id: 'i' } },
      body,
    });
    await client.DELETE('/v1.0/{project_id}/instances/{instance_id}/users/{user}', {
      params: { path: { instance_id: 'i', user: 'app@10.%/x' } },
    });
    expect(asked.map(({ method, url }) => `${method} ${new URL(url).pathname}`)).toEqual([
      'POST /v1.0/p%2F1/instances/i/users',
      'DELETE /v1.0/p%2F1/instances/i/users/app%4010.%25%2Fx',
    ]);
    expect(asked[0]?.body).toBe(JSON.stringify(body));
  });

  it('may be given another project for one request', async () => {
    const { asked, fetch } = answering(200, { flavors: [] });
    await createClient({ ...options, fetch }).GET('/v1.0/{project_id}/flavors', {
      params: { path: { project_id: 'other' } },
    });
    expect(asked[0]?.url).toBe('http://db.example.org:8779/v1.0/other/flavors');
  });

  it('asks for the token before each request', async () => {
    const { asked, fetch } = answering(200, { status: 'ok' });
    let count = 0;
    const client = createClient({ ...options, token: async () => `token ${++count}`, fetch });
    await client.GET('/healthz');
    await client.GET('/healthz');
    expect(asked.map(({ token }) => token)).toEqual(['token 1', 'token 2']);
  });

  it('returns faults instead of throwing them', async () => {
    const fault = { itemNotFound: { code: 404, message: 'Instance x was not found.' } };
    const { fetch } = answering(404, fault);
    const { data, error, response } = await createClient({ ...options, fetch }).GET(
      '/v1.0/{project_id}/instances/{instance_id}',
      { params: { path: { instance_id: 'x' } } },
    );
    expect({ data, error, status: response.status }).toEqual({ data: undefined, error: fault, status: 404 });
  });

  it('does not compile without what only the caller knows', () => {
    const client = createClient(options);
    // @ts-expect-error the instance is missing
    const call = () => client.GET('/v1.0/{project_id}/instances/{instance_id}', {});
    // @ts-expect-error the body is missing
    const create = () => client.POST('/v1.0/{project_id}/instances', {});
    expect([call, create]).toHaveLength(2);
    expectTypeOf<Reply<'createInstance', 200>>().toEqualTypeOf<{ instance: Instance }>();
    expectTypeOf<Reply<'deleteInstance', 202>>().toEqualTypeOf<undefined>();
    expectTypeOf<Reply<'healthcheck', 200>>().toEqualTypeOf<'OK'>();
    expectTypeOf<Body<'showInstance'>>().toEqualTypeOf<undefined>();
  });
});
