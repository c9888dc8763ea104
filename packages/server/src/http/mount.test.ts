import { type Caller, silentLogger } from '@coffer/core';
import { Hono } from 'hono';
import { describe, expect, it } from 'vitest';
import type { Handlers } from './handlers.ts';
import { mount } from './mount.ts';
import { POLICY } from './policy.ts';
import { rawPath } from './prefix.ts';

const caller: Caller = {
  projectId: 'p',
  projectName: 'p',
  userId: 'u',
  userName: 'u',
  roles: ['member'],
  expiresAt: new Date(),
};

function createApp(own: Partial<Handlers>, validateResponses = false, roles: string[] = ['member']) {
  const rest = Object.fromEntries(Object.keys(POLICY).map((id) => [id, () => ({ status: 500 })]));
  // Only the handlers under test are ever reached.
  const handlers = { ...rest, ...own } as Handlers;
  const identity = { authUrl: 'http://db.test/identity', authenticate: async () => ({ ...caller, roles }) };
  const baseUrlOf = () => 'http://db.test';
  return mount(handlers, { identity, baseUrlOf, log: silentLogger, newId: () => 'id', validateResponses });
}

const headers = { 'X-Auth-Token': 't' };

describe('the mounted operations', () => {
  it('may hang below a path of another app', async () => {
    const seen: string[] = [];
    const coffer = createApp({
      deleteDatabase: ({ path, base, url }) => {
        seen.push(path.instance_id, path.database, base, url);
        return { status: 202 };
      },
    });
    const app = new Hono().route('/cloud/:name', coffer);
    const request = new Request('http://x/cloud/d%20b//v1.0/p/instances/i/databases/a%2Fb.c/?x=%20', {
      method: 'DELETE',
      headers,
    });
    expect((await app.fetch(request)).status).toBe(202);
    const base = 'http://db.test/cloud/d%20b';
    expect(seen).toEqual(['i', 'a/b.c', base, 'http://x/v1.0/p/instances/i/databases/a%2Fb.c?x=%20']);
    for (const path of ['/cloud/db/nothing', '/cloud/identity/v1.0/p/nothing'])
      expect(await (await app.request(path)).json()).toMatchObject({ itemNotFound: { code: 404 } });
    expect(await (await app.request('/cloud/db/identity/nothing')).json()).toMatchObject({ error: { code: 404 } });
    expect(await (await app.request('/elsewhere')).text()).toBe('404 Not Found');
  });

  it('are for who has a role in the project', async () => {
    const request = () => new Request('http://x/v1.0/p/instances/i', { method: 'DELETE', headers });
    const own: Partial<Handlers> = { deleteInstance: () => ({ status: 202 }) };
    expect((await createApp(own).fetch(request())).status).toBe(202);
    expect((await createApp(own, false, []).fetch(request())).status).toBe(403);
  });

  it('refuse to answer what the document does not say, where answers are checked', async () => {
    const wrong = { status: 200, body: { versions: [{ id: 'v9' }] } } as never;
    const request = () => new Request('http://x/');
    expect((await createApp({ listVersions: () => wrong }, true).fetch(request())).status).toBe(500);
    expect((await createApp({ listVersions: () => wrong }).fetch(request())).status).toBe(200);
    expect((await createApp({ listVersions: () => ({ status: 418 }) as never }, true).fetch(request())).status).toBe(
      500,
    );
  });
});

it('keeps a path as it came, but for its slashes', () => {
  expect(rawPath('http://x:1//a//b%2F%20/?c=/d//')).toBe('/a/b%2F%20');
  expect(rawPath('http://x')).toBe('/');
});
