import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { createMemoryIdentity, testIdentity } from '@coffer/core/testing';
import { vi } from 'vitest';
import { createBuiltinIdentity } from '../packages/server/src/identity/builtin.ts';
import { createStore } from '../packages/server/src/store/store.ts';
import { testDatabase } from './support/postgres.ts';
import { tcpProxy } from './support/tcp-proxy.ts';

const DAY_MS = 24 * 3_600_000;
const CONNECTIONS = 5;
const name = (of: string): string => `${of}-${randomBytes(4).toString('hex')}`;

testIdentity('memory', async () => {
  let now = Date.now();
  const identity = createMemoryIdentity({ now: () => now });
  const roles = new Map<string, readonly string[]>();
  return {
    identity,
    async account(given) {
      const account = { projectId: name('p'), projectName: name('project'), userId: name('u'), userName: name('user') };
      roles.set(account.userId, given);
      return account;
    },
    issue: async (account) => identity.issue({ ...account, roles: roles.get(account.userId) ?? [] }),
    revoke: async (token) => identity.revoke(token),
    async expireAll() {
      now += DAY_MS;
    },
    async setAvailable(isAvailable) {
      identity.isAvailable = isAvailable;
    },
  };
});

testIdentity('builtin', async () => {
  const database = await testDatabase();
  const url = new URL(database.url);
  const road = await tcpProxy({ path: join(url.searchParams.get('host') ?? '', '.s.PGSQL.5432') });
  url.searchParams.set('host', '127.0.0.1');
  url.searchParams.set('port', String(road.port));
  const store = createStore({ url: url.href, maxConnections: CONNECTIONS });
  let now = Date.now();
  const identity = createBuiltinIdentity({ store, authUrl: 'http://db.test/identity', now: () => new Date(now) });
  const passwords = new Map<string, string>();
  return {
    identity,
    async account(roles) {
      const [userName, projectName, password] = [name('user'), name('project'), randomBytes(9).toString('base64url')];
      const project = await identity.accounts.ensureProject(projectName);
      const user = await identity.accounts.ensureUser({ name: userName, password });
      for (const role of roles) await identity.accounts.grantRole(user.id, project.id, role);
      passwords.set(user.id, password);
      return { projectId: project.id, projectName, userId: user.id, userName };
    },
    async issue({ userId, projectId }) {
      const proof = { user: { id: userId }, password: passwords.get(userId) ?? '' };
      const { token } = await identity.login({ proof, scope: { project: { id: projectId } }, peer: undefined });
      return token;
    },
    revoke: (token) => identity.revoke(token),
    async expireAll() {
      now += DAY_MS;
    },
    async setAvailable(isAvailable) {
      if (!isAvailable) return road.refuse();
      road.heal();
      // The pool finds its dead connections one by one.
      await vi.waitFor(() => Promise.all(Array.from({ length: CONNECTIONS }, () => store.ping())));
    },
    async dispose() {
      await store.close();
      await road.close();
      await database.drop();
    },
  };
});
