import { randomUUID } from 'node:crypto';
import { type Caller, type Identity, Problem } from '@coffer/core';
import { type SuiteAccount, testIdentity } from '@coffer/core/testing';

/** Our cloud's own sessions: a table of callers by token. */
interface Sessions {
  find(token: string): Promise<Caller | undefined>;
}

function createOwnIdentity(sessions: Sessions, now: () => number): Identity {
  return {
    authUrl: 'https://cloud.example/login',
    async authenticate(token) {
      const caller = await sessions.find(token).catch((cause: unknown) => {
        throw new Problem('unavailable', 'The sessions cannot be read; try again.', { cause });
      });
      if (!caller || caller.expiresAt.getTime() <= now()) return undefined;
      const roles = new Set(caller.roles.map((role) => role.toLowerCase()));
      return { ...caller, roles: [...roles] };
    },
  };
}

testIdentity('our own', async () => {
  const table = new Map<string, Caller>();
  const rolesOf = new Map<SuiteAccount, readonly string[]>();
  let isUp = true;
  let now = Date.now();
  const sessions: Sessions = {
    async find(token) {
      if (!isUp) throw new Error('the table is away');
      return table.get(token);
    },
  };
  return {
    identity: createOwnIdentity(sessions, () => now),
    async account(roles) {
      const [projectId, userId] = [randomUUID(), randomUUID()];
      const account = { projectId, projectName: `p-${projectId}`, userId, userName: `u-${userId}` };
      rolesOf.set(account, roles);
      return account;
    },
    async issue(account) {
      const token = randomUUID();
      const expiresAt = new Date(now + 3_600_000);
      table.set(token, { ...account, roles: rolesOf.get(account) ?? [], expiresAt });
      return token;
    },
    revoke: async (token) => void table.delete(token),
    async expireAll() {
      now += 2 * 3_600_000;
    },
    async setAvailable(isAvailable) {
      isUp = isAvailable;
    },
  };
});
