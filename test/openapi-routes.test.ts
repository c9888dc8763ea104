import { randomBytes } from 'node:crypto';
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { createTestingCloud } from '../packages/server/src/clouds/testing/index.ts';
import { contract, type Route, routesOf } from '../packages/server/src/http/contract.ts';
import type { Handlers } from '../packages/server/src/http/handlers.ts';
import { mount } from '../packages/server/src/http/mount.ts';
import { POLICY } from '../packages/server/src/http/policy.ts';
import { createSecretBox } from '../packages/server/src/secrets.ts';
import { createStore } from '../packages/server/src/store/store.ts';
import { instanceTasks } from '../packages/server/src/worker/tasks/instance-tasks.ts';
import { createFakeGuests } from './support/fake-guest.ts';
import { jobStarts } from './support/jobs-by-api.ts';

const isKnown = (id: string): id is Route['id'] => Object.hasOwn(POLICY, id);
const routes = routesOf(contract, isKnown);
const root = join(import.meta.dirname, '..');

const options = {
  identity: { authUrl: 'http://db.test/identity', authenticate: async () => undefined },
  baseUrlOf: () => 'http://db.test',
  log: { debug() {}, info() {}, warn() {}, error() {}, child: () => options.log },
  newId: () => 'id',
  validateResponses: false,
};

/** Every operation answers with its own name, in a header, where it is reached at all. */
const echo = Object.fromEntries(
  Object.keys(POLICY).map((id) => [id, () => ({ status: 200, headers: { 'X-Operation': id } })]),
) as unknown as Handlers;

describe('the document and the server', () => {
  it('have the same operations', () => {
    expect(routes.map(({ id }) => id).toSorted()).toEqual(Object.keys(POLICY).toSorted());
    expect(() => mount({} as Handlers, options)).toThrow(/no handler for operation/);
  });

  it('agree on who needs a token', () => {
    for (const route of routes) expect([route.id, POLICY[route.id] === 'anyone']).toEqual([route.id, route.isPublic]);
  });

  it('lead every path to its own operation', async () => {
    const caller = {
      projectId: 'p',
      projectName: 'p',
      userId: 'u',
      userName: 'u',
      roles: ['member', 'admin'],
      expiresAt: new Date(),
    };
    const app = mount(echo, { ...options, identity: { authUrl: '', authenticate: async () => caller } });
    for (const route of routes) {
      const path = route.path.replace('{project_id}', 'p').replaceAll(/\{\w+\}/g, 'x.y%20z');
      const headers = { 'X-Auth-Token': 't', 'X-Subject-Token': 's', 'Content-Type': 'application/json' };
      const response = await app.fetch(
        new Request(`http://db.test${path}`, { method: route.method.toUpperCase(), headers }),
        {},
      );
      // Those that need a body are reached as far as its check.
      if (route.body !== 'required') expect(response.headers.get('x-operation')).toBe(route.id);
      else expect([route.id, response.status]).toEqual([route.id, 400]);
    }
  });

  it('know the same jobs, each started by one operation', () => {
    const away = () => Promise.reject(new Error('nothing is asked of it'));
    const jobs = instanceTasks({
      store: createStore({ url: 'postgres://nobody.invalid/nothing' }),
      cloud: createTestingCloud(),
      broker: { prepareCopy: away, grant: away, revoke: away, has: away, list: away, ping: away },
      guests: createFakeGuests(),
      secrets: createSecretBox([randomBytes(32)]),
      reportIntervalMs: 5_000,
    });
    const named = jobStarts().map(({ kind }) => kind);
    // What was left behind is cleaned up by the service itself.
    const kinds = jobs.map(({ kind }) => kind).filter((kind) => kind !== 'cleanup');
    expect(named.toSorted()).toEqual(kinds.toSorted());
  });

  it('are tested, each operation by a client', () => {
    const sources = globSync('test/api/*.test.ts', { cwd: root }).map((file) => readFileSync(join(root, file), 'utf8'));
    const calls = new Set(
      sources.flatMap((source) => {
        const named = new Map([...source.matchAll(/const (\w+) = '(\/[^']*)';/g)].map((match) => [match[1], match[2]]));
        const made = source.matchAll(/\.(GET|POST|PUT|PATCH|DELETE|HEAD)\(\s*(?:'([^']+)'|(\w+))/g);
        return [...made].map(([, method, literal, name]) => `${method} ${literal ?? named.get(name)}`);
      }),
    );
    const untested = routes
      .map(({ method, path }) => `${method.toUpperCase()} ${path}`)
      .filter((call) => !calls.has(call));
    expect(untested).toEqual([]);
  });
});
