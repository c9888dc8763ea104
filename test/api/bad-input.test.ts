import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { listen } from '../../packages/server/src/http/listen.ts';
import { type Account, healthyInstance, newInstance, startApi, type TestApi } from '../support/api.ts';

let api: TestApi;
let ada: Account;
let id: string;
let before: unknown;

/** What a refused request must not have changed. */
const everything = async () => ({
  instances: await api.store.instances.list(ada.projectId, { limit: 100 }),
  usage: await api.store.quotas.usage(ada.projectId),
  jobs: await api.store.jobs.ofInstance(id, 100),
  counts: await api.store.jobs.counts(),
  calls: api.guests.calls.length,
});

beforeAll(async () => {
  api = await startApi();
  ada = await api.account();
  id = await healthyInstance(api, ada);
});
beforeEach(async () => {
  before = await everything();
});
afterAll(() => api[Symbol.asyncDispose]());
afterEach(async () => {
  expect(api.errors).toEqual([]);
  expect(await everything()).toEqual(before);
});

const instances = () => `/v1.0/${ada.projectId}/instances`;

async function refused(response: Response, status: number, message: RegExp | string): Promise<string> {
  const text = await response.text();
  expect(response.status, text).toBe(status);
  expect(response.headers.get('content-type')).toBe('application/json');
  const key = status === 413 ? 'overLimit' : status === 415 ? 'badMediaType' : 'badRequest';
  const { [key]: fault } = JSON.parse(text);
  expect(fault).toEqual({ code: status, message: expect.stringMatching(message) });
  expect(fault.message).not.toMatch(/select |insert |syntax error|pg_|at Object|node_modules/i);
  return fault.message;
}

const post = (body: string | Uint8Array<ArrayBuffer>, headers: Record<string, string> = {}, path = instances()) =>
  api.raw('POST', path, { token: ada.token, body, headers });

describe('a body', () => {
  it('that is not JSON is a 400, and is not quoted', async () => {
    for (const body of ['{', '{"instance": {"name": "a", }', 'null x', '[1,2', '{"password":"s3cret-Words}']) {
      expect(await refused(await post(body), 400, /not valid JSON/)).not.toContain('s3cret');
    }
  });

  it('that is not UTF-8 is a 400', async () => {
    await refused(await post(new Uint8Array([0x7b, 0x22, 0xff, 0x22, 0x7d])), 400, /UTF-8/);
  });

  it('of another type, or of none, is refused', async () => {
    await refused(await post('{}', { 'Content-Type': 'text/plain' }), 415, /text\/plain/);
    await refused(await post('<a/>', { 'Content-Type': 'application/xml' }), 415, /application\/xml/);
    const bytes = await api.app.fetch(
      new Request(`http://db.test:8779${instances()}`, {
        method: 'POST',
        headers: { 'X-Auth-Token': ada.token },
        body: new Uint8Array([0x7b, 0x7d]),
      }),
    );
    await refused(bytes, 400, /Content-Type/);
  });

  it('that is missing is a 400', async () => {
    await refused(await api.raw('POST', instances(), { token: ada.token }), 400, /body is needed/);
    await refused(await post('{}'), 400, /instance is required/);
    for (const body of ['[]', 'null', '"instance"', '7'])
      await refused(await post(body), 400, /the body must be of type object/);
  });

  it('over 1 MiB is a 413, whether it says so or not', async () => {
    const large = JSON.stringify({ instance: newInstance({ padding: 'x'.repeat(1024 * 1024) }) });
    await refused(await post(large), 413, /1048576 bytes/);
    const pieces = new ReadableStream<Uint8Array>({
      pull(controller) {
        controller.enqueue(new Uint8Array(64 * 1024).fill(0x20));
      },
    });
    const init = {
      method: 'POST',
      headers: { 'X-Auth-Token': ada.token, 'Content-Type': 'application/json' },
      body: pieces,
      duplex: 'half' as const,
    };
    await refused(await api.app.fetch(new Request(`http://db.test:8779${instances()}`, init)), 413, /1048576 bytes/);
  });

  it('over 1 MiB is a 413 on a real connection too', async () => {
    const listener = await listen({ fetch: api.app.fetch, host: '127.0.0.1', port: 0 });
    try {
      const response = await fetch(`http://127.0.0.1:${listener.port}${instances()}`, {
        method: 'POST',
        headers: { 'X-Auth-Token': ada.token, 'Content-Type': 'application/json' },
        body: 'x'.repeat(3 * 1024 * 1024),
      });
      await refused(response, 413, /1048576 bytes/);
    } finally {
      await listener.close();
    }
  });

  it('with thirty thousand items is checked at once', async () => {
    const users = [
      {
        name: 'u',
        password: 'abcdefgh1',
        databases: Array.from({ length: 30_000 }, (_, index) => ({ name: `d${index}` })),
      },
    ];
    const began = performance.now();
    await refused(await post(JSON.stringify({ instance: newInstance({ users }) })), 400, /instance\.users\[0\]/);
    expect(performance.now() - began).toBeLessThan(5000);
  });
});

describe('a value of the wrong type', () => {
  const cases: [Record<string, unknown>, RegExp][] = [
    [{ name: 7 }, /^instance\.name must be of type string; it is 7\.$/],
    [{ name: '' }, /^instance\.name /],
    [{ name: '--' }, /^instance\.name .*letter or digit.*"--"/],
    [{ name: 'a\0b' }, /^instance\.name .*"a\\u0000b"/],
    [{ name: 'x'.repeat(256) }, /^instance\.name /],
    [{ name: null }, /^instance\.name /],
    [{ name: ['a'] }, /^instance\.name .*it is an array/],
    [{ flavorRef: true }, /^instance\.flavorRef /],
    [{ volume: 5 }, /^instance\.volume must be of type object; it is 5/],
    [{ volume: {} }, /^instance\.volume\.size is required/],
    [{ volume: { size: 0 } }, /^instance\.volume\.size must be: Volume size in GB.*it is 0/],
    [{ volume: { size: 1.5 } }, /^instance\.volume\.size /],
    [{ volume: { size: true } }, /^instance\.volume\.size /],
    [{ volume: { size: '0' } }, /^instance\.volume\.size /],
    [{ databases: {} }, /^instance\.databases must be of type array/],
    [{ databases: ['a'] }, /^instance\.databases\[0\] must be of type object/],
    [{ users: [{ name: 'a' }] }, /^instance\.users\[0\]\.password is required/],
    [{ users: [{ name: 'a', password: 12345678 }] }, /^instance\.users\[0\]\.password must be of type string\.$/],
    [{ users: [{ name: 'a', password: 'abcdefgh1', host: 'a b' }] }, /^instance\.users\[0\]\.host /],
    [{ replica_count: 4 }, /^instance\.replica_count /],
    [{ replica_of: 'x' }, /^instance\.replica_of /],
    [{ nics: [{ 'port-id': 'x' }] }, /^instance\.nics\[0\] must not have the key "port-id"/],
    [{ nics: [{}, {}] }, /^instance\.nics /],
    [{ locality: 'near' }, /^instance\.locality must be one of "affinity"/],
    [{ access: { allowed_cidrs: ['::1/128'] } }, /^instance\.access\.allowed_cidrs\[0\] /],
    [{ access: { allowed_cidrs: ['10.0.0.0/8', '10.0.0.0/8'] } }, /^instance\.access\.allowed_cidrs /],
  ];
  for (const [extra, message] of cases) {
    it(`is a 400 that names the field: ${JSON.stringify(extra).slice(0, 60)}`, async () => {
      await refused(await post(JSON.stringify({ instance: newInstance(extra) })), 400, message);
    });
  }
});

describe('a name', () => {
  const names = [
    'a\0b',
    'a\ud800',
    'party😀',
    '\n',
    '',
    ' ',
    ' a',
    'a'.repeat(65),
    `${'é'.repeat(32)}${'x'.repeat(33)}`,
  ];
  for (const name of names) {
    it(`that no database can have is refused: ${JSON.stringify(name).slice(0, 30)}`, async () => {
      const list = `${instances()}/${id}`;
      await refused(
        await post(JSON.stringify({ databases: [{ name }] }), {}, `${list}/databases`),
        400,
        /databases\[0\]\.name/,
      );
      await refused(
        await post(JSON.stringify({ users: [{ name, password: 'abcdefgh1' }] }), {}, `${list}/users`),
        400,
        /users\[0\]\.name/,
      );
      await refused(
        await post(JSON.stringify({ instance: newInstance({ databases: [{ name }] }) })),
        400,
        /instance\.databases\[0\]\.name/,
      );
    });
  }

  it('with quotes and semicolons is only a name', async () => {
    for (const name of ["a'; DROP DATABASE mysql; --", '`a`', 'a"b', "o'neill"]) {
      const path = `${instances()}/${id}/databases`;
      expect((await post(JSON.stringify({ databases: [{ name }] }), {}, path)).status).toBe(202);
      expect((await api.raw('DELETE', `${path}/${encodeURIComponent(name)}`, { token: ada.token })).status).toBe(202);
    }
    before = await everything();
  });
});
