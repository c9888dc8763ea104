import { type Body, createClient } from '@coffer/core';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type Account, BASE, startApi, type TestApi } from '../support/api.ts';

let api: TestApi;
let ada: Account;
let root: Account;

beforeAll(async () => {
  api = await startApi();
  [ada, root] = [await api.account(), await api.account('admin')];
});
afterAll(() => api[Symbol.asyncDispose]());
afterEach(() => expect(api.errors).toEqual([]));

const anonymous = () =>
  createClient({ baseUrl: BASE, token: '', project: 'none', fetch: async (request) => api.app.fetch(request) });

type Scope = NonNullable<Body<'createToken'>['auth']['scope']>;

const login = (account: Pick<Account, 'userName' | 'password'>, scope?: Scope) => {
  const user = { name: account.userName, domain: { id: 'default' }, password: account.password };
  const auth = { identity: { methods: ['password'], password: { user } }, ...(scope !== undefined && { scope }) };
  return anonymous().POST('/identity/v3/auth/tokens', { body: { auth } });
};

describe('discovery', () => {
  it('works for the auth URL with and without its version', async () => {
    const { response } = await anonymous().GET('/identity');
    expect(response.status).toBe(300);
    const single = await anonymous().GET('/identity/v3');
    expect(await (await api.raw('GET', '/identity')).json()).toEqual({ versions: { values: [single.data?.version] } });
    expect(single.data?.version.links[0]?.href).toBe(`${BASE}/identity/v3/`);
    expect((await api.raw('GET', '/identity/v3/')).status).toBe(200);
  });
});

describe('logging in', () => {
  it('gives a token for the default project, with catalog and roles', async () => {
    const { data, response } = await login(ada);
    expect(response.status).toBe(201);
    expect(response.headers.get('x-subject-token')).toMatch(/^[\w-]{43}$/);
    expect(data?.token).toMatchObject({
      methods: ['password'],
      project: { id: ada.projectId },
      user: { name: ada.userName },
      roles: [{ name: 'member' }],
    });
    const endpoints = data?.token.catalog?.find(({ type }) => type === 'database')?.endpoints;
    expect(endpoints?.map((one) => one.interface)).toEqual(['public', 'internal', 'admin']);
    expect(endpoints?.[0]).toMatchObject({ region: 'RegionOne', url: `${BASE}/v1.0/${ada.projectId}` });
    const catalog = await ada.client.GET('/identity/v3/auth/catalog');
    expect(catalog.data?.catalog).toEqual(data?.token.catalog);
  });

  it('takes a project by name or id, or none', async () => {
    expect(
      (await login(ada, { project: { name: ada.projectName, domain: { name: 'Default' } } })).data?.token.project?.id,
    ).toBe(ada.projectId);
    expect((await login(ada, { project: { id: ada.projectId } })).data?.token.project?.id).toBe(ada.projectId);
    const unscoped = await login(ada, 'unscoped');
    expect(unscoped.data?.token).not.toHaveProperty('project');
    const token = unscoped.response.headers.get('x-subject-token') ?? '';
    expect((await api.raw('GET', `/v1.0/${ada.projectId}/instances`, { token })).status).toBe(403);
    const scoped = await anonymous().POST('/identity/v3/auth/tokens', {
      body: {
        auth: { identity: { methods: ['token'], token: { id: token } }, scope: { project: { id: ada.projectId } } },
      },
    });
    expect(scoped.data?.token).toMatchObject({
      methods: ['password', 'token'],
      expires_at: unscoped.data?.token.expires_at,
    });
  });

  it('answers the same whatever is wrong', async () => {
    const answers = await Promise.all([
      login({ ...ada, password: 'wrong' }),
      login({ userName: 'nobody', password: 'wrong' }),
      login(ada, { project: { id: root.projectId } }),
      login(ada, { project: { name: 'none' } }),
      login(ada, { domain: { id: 'default' } }),
    ]);
    for (const { error, response } of answers) {
      expect(response.status).toBe(401);
      expect(response.headers.get('www-authenticate')).toBe(`Keystone uri="${BASE}/identity"`);
      expect(error).toEqual(answers[0]?.error);
    }
  });

  it('takes about as long for a user that is not there', async () => {
    const time = async (userName: string) => {
      const began = performance.now();
      await login({ userName, password: 'wrong' });
      return performance.now() - began;
    };
    const median = (values: number[]) => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
    const [known, unknown]: [number[], number[]] = [[], []];
    for (let round = 0; round < 5; round += 1) {
      known.push(await time(root.userName));
      unknown.push(await time(`nobody-${round}`));
    }
    expect(median(unknown)).toBeGreaterThan(median(known) / 3);
  });

  it('is slowed down for who guesses, and for nobody else', async () => {
    const victim = await api.account();
    const guess = (password: string, remoteAddress: string) => {
      const user = { name: victim.userName, domain: { id: 'default' }, password };
      const body = JSON.stringify({ auth: { identity: { methods: ['password'], password: { user } } } });
      const request = new Request(`${BASE}/identity/v3/auth/tokens`, {
        method: 'POST',
        body,
        headers: { 'Content-Type': 'application/json' },
      });
      return api.app.fetch(request, { incoming: { socket: { remoteAddress } } });
    };
    const statuses = await Promise.all(
      Array.from({ length: 12 }, async () => (await guess('wrong', '192.0.2.1')).status),
    );
    expect(statuses.toSorted()).toEqual([...Array<number>(10).fill(401), 413, 413]);
    const right = await guess(victim.password, '192.0.2.1');
    expect(right.status).toBe(413);
    expect(await right.json()).toMatchObject({ error: { message: expect.stringMatching(/try again in \d+ seconds/) } });
    expect((await guess(victim.password, '192.0.2.2')).status).toBe(201);
  });
});

describe('a token', () => {
  const subject = (token: string) => ({ params: { header: { 'X-Subject-Token': token } } });

  it('is stored only as a hash', async () => {
    const { response } = await login(ada);
    const token = response.headers.get('x-subject-token') ?? '';
    const rows = JSON.stringify(
      await api.store.db
        .withTables<{ identityTokens: { hash: string } }>()
        .selectFrom('identityTokens')
        .selectAll()
        .execute(),
    );
    expect(rows).toContain('"hash"');
    expect(rows).not.toContain(token);
  });

  it('is shown to its user and to administrators', async () => {
    const shown = await ada.client.GET('/identity/v3/auth/tokens', subject(ada.token));
    expect(shown.data?.token.user.name).toBe(ada.userName);
    expect((await root.client.GET('/identity/v3/auth/tokens', subject(ada.token))).data?.token.user.name).toBe(
      ada.userName,
    );
    expect((await ada.client.GET('/identity/v3/auth/tokens', subject(root.token))).response.status).toBe(404);
    expect((await ada.client.HEAD('/identity/v3/auth/tokens', subject(ada.token))).response.status).toBe(200);
    expect((await ada.client.HEAD('/identity/v3/auth/tokens', subject('none'))).response.status).toBe(404);
  });

  it('is worthless once revoked', async () => {
    const other = await api.account();
    const { response } = await other.client.DELETE('/identity/v3/auth/tokens', subject(other.token));
    expect(response.status).toBe(204);
    const after = await api.raw('GET', `/v1.0/${other.projectId}/instances`, { token: other.token });
    expect(after.status).toBe(401);
    expect(await after.json()).toEqual({ error: { code: 401, title: 'Unauthorized', message: expect.any(String) } });
  });

  it('ends with a changed password, and not with the same one', async () => {
    const other = await api.account();
    await api.identity.accounts.ensureUser({ name: other.userName, password: other.password });
    expect((await other.client.GET('/v1.0/{project_id}/instances')).response.status).toBe(200);
    await api.identity.accounts.ensureUser({ name: other.userName, password: 'another-1' });
    expect((await other.client.GET('/v1.0/{project_id}/instances')).response.status).toBe(401);
    expect((await login({ ...other, password: 'another-1' })).response.status).toBe(201);
  });
});

describe('a role', () => {
  it('that is taken back is gone from tokens that are out', async () => {
    const other = await api.account();
    const user = await api.identity.accounts.ensureUser({ name: other.userName, password: other.password });
    await api.identity.accounts.grantRole(user.id, other.projectId, 'Reader');
    await api.identity.accounts.revokeRole(user.id, other.projectId, 'member');
    expect((await login(other)).data?.token.roles).toMatchObject([{ name: 'reader' }]);
    await api.identity.accounts.revokeRole(user.id, other.projectId, 'reader');
    expect((await other.client.GET('/v1.0/{project_id}/instances')).response.status).toBe(401);
    expect((await other.client.GET('/identity/v3/projects')).response.status).toBe(401);
    expect((await login(other, { project: { id: other.projectId } })).response.status).toBe(401);
  });
});

describe('projects', () => {
  it('are one’s own, or all for administrators', async () => {
    expect((await ada.client.GET('/identity/v3/projects')).data?.projects.map(({ id }) => id)).toEqual([ada.projectId]);
    const all = await root.client.GET('/identity/v3/projects');
    expect(all.data?.projects.map(({ id }) => id)).toEqual(expect.arrayContaining([ada.projectId, root.projectId]));
    const named = await root.client.GET('/identity/v3/projects', { params: { query: { name: ada.projectName } } });
    expect(named.data?.projects.map(({ id }) => id)).toEqual([ada.projectId]);
  });
});
