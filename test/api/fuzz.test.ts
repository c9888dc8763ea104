import fc from 'fast-check';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { contract, type Route, routesOf } from '../../packages/server/src/http/contract.ts';
import { POLICY } from '../../packages/server/src/http/policy.ts';
import { type Account, healthyInstance, startApi, type TestApi } from '../support/api.ts';
import { arbitraryOf } from '../support/arbitrary.ts';
import { UNLIMITED } from '../support/quotas.ts';

const REQUESTS = process.env.COFFER_TEST_FULL ? 10_000 : 300;

let api: TestApi;
let ada: Account;
let id: string;

beforeAll(async () => {
  api = await startApi({ quotas: UNLIMITED });
  ada = await api.account();
  id = await healthyInstance(api, ada);
});
afterAll(() => api[Symbol.asyncDispose]());

const routes = routesOf(contract, (operation): operation is Route['id'] => Object.hasOwn(POLICY, operation));

const strange = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.constantFrom(
      'mysql',
      '1',
      'shop',
      'app@%',
      '9.7',
      "'; --",
      '%',
      '\0',
      '😀',
      'ü',
      '../..',
      'a/b',
      '%2e',
    ),
  },
  { weight: 1, arbitrary: fc.string({ unit: 'binary', minLength: 1, maxLength: 40 }) },
);

/** What stands in a path for a parameter: often something that exists. */
function segment(name: string): fc.Arbitrary<string> {
  const known = new Map([
    ['project_id', ada.projectId],
    ['instance_id', id],
  ]).get(name);
  const encoded = strange.map((text) => encodeURIComponent(text.toWellFormed()));
  return known === undefined
    ? encoded
    : fc.oneof({ weight: 9, arbitrary: fc.constant(known) }, { weight: 1, arbitrary: encoded });
}

function requestFor(route: Route): fc.Arbitrary<{ path: string; body?: string; headers: Record<string, string> }> {
  const names = [...route.path.matchAll(/\{(\w+)\}/g)].map((match) => match[1] ?? '');
  const query = fc.dictionary(
    fc.constantFrom('limit', 'marker', 'include_clustered', 'name', 'x'),
    fc.oneof(strange, fc.nat(50).map(String)),
    { maxKeys: 2 },
  );
  const body = route.body === 'none' ? fc.constant(undefined) : arbitraryOf(contract, route.pointer);
  const subject = fc.option(fc.constantFrom(ada.token, 'none'), { nil: undefined });
  return fc.tuple(fc.tuple(...names.map(segment)), query, body, subject).map(([segments, asked, value, token]) => ({
    path: `${names.reduce((path, name, index) => path.replace(`{${name}}`, segments[index] ?? ''), route.path)}?${new URLSearchParams(asked)}`,
    ...(value !== undefined && { body: value }),
    headers: route.id.endsWith('Token') && token !== undefined ? { 'X-Subject-Token': token } : {},
  }));
}

it(`survives ${REQUESTS} requests made from the document`, { timeout: 120_000 }, async () => {
  const seed = Number(Date.now() % 2 ** 31);
  console.log(`fuzz seed ${seed}`);
  const seen = new Map<number, number>();
  const any = fc.constantFrom(...routes).chain((route) => requestFor(route).map((request) => ({ route, ...request })));
  await fc.assert(
    fc.asyncProperty(any, async ({ route, path, body, headers }) => {
      // The fuzzer's own token must live on.
      if (route.id === 'revokeToken' && headers['X-Subject-Token'] === ada.token) return;
      const response = await api.raw(route.method.toUpperCase(), path, {
        token: ada.token,
        headers,
        ...(body !== undefined && { body }),
      });
      const text = await response.text();
      seen.set(response.status, (seen.get(response.status) ?? 0) + 1);
      // Answers were checked against the document before they came here: one that breaks it is a 500.
      expect(
        response.status < 500 || (response.status === 501 && route.replies.has(501)),
        `${response.status} ${text}`,
      ).toBe(true);
      expect(text).not.toMatch(/syntax error|invalid input|invalid byte|pg_|node_modules/i);
      expect(api.errors).toEqual([]);
    }),
    { numRuns: REQUESTS, seed },
  );
  // It reaches past the front door.
  for (const status of [200, 202, 400, 404])
    expect(seen.get(status) ?? 0, `requests answered ${status}`).toBeGreaterThan(0);
});
