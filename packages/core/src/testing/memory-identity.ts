import { randomBytes, randomUUID } from 'node:crypto';
import type { Caller, Identity } from '../identity.ts';
import { Problem } from '../problem.ts';

export interface MemoryIdentityOptions {
  /** Default `http://identity.test`. */
  authUrl?: string;
  /** Ms since 1970. Default: the machine's clock. */
  now?: () => number;
}

export interface MemoryIdentity extends Identity {
  /**
   * @param caller what the token proves; names and ids that are absent are drawn, roles are none.
   * @param ttlMs how long it lasts. Default: one hour.
   * @returns a new token.
   */
  issue(caller?: Partial<Omit<Caller, 'expiresAt'>>, ttlMs?: number): string;
  /** Repeatable. */
  revoke(token: string): void;
  /** Whether it answers. */
  isAvailable: boolean;
}

const HOUR_MS = 3_600_000;

/** An identity without accounts: a token is good for what it was issued for. For tests of whatever asks one. */
export function createMemoryIdentity(options: MemoryIdentityOptions = {}): MemoryIdentity {
  const { authUrl = 'http://identity.test', now = Date.now } = options;
  const callers = new Map<string, Caller>();
  const identity: MemoryIdentity = {
    authUrl,
    isAvailable: true,
    issue({ roles = [], ...known } = {}, ttlMs = HOUR_MS) {
      const token = randomBytes(32).toString('base64url');
      const [projectId, userId] = [randomUUID(), randomUUID()];
      callers.set(token, {
        projectId,
        projectName: `project ${projectId}`,
        userId,
        userName: `user ${userId}`,
        ...known,
        roles: [...new Set(roles.map((role) => role.toLowerCase()))],
        expiresAt: new Date(now() + ttlMs),
      });
      return token;
    },
    revoke: (token) => void callers.delete(token),
    async authenticate(token) {
      if (!identity.isAvailable)
        throw new Problem('unavailable', `the identity service at ${authUrl} does not answer; try again`);
      const caller = callers.get(token);
      return caller && caller.expiresAt.getTime() > now() ? structuredClone(caller) : undefined;
    },
  };
  return identity;
}
