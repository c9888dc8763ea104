import type { Caller, Identity } from '@coffer/core';

/** Who our tokens are of. A real one asks the cloud's own sessions. */
export interface Account {
  token: string;
  project: string;
  user: string;
}

export function createOwnIdentity(accounts: readonly Account[], authUrl: string): Identity {
  return {
    authUrl,
    async authenticate(token): Promise<Caller | undefined> {
      const account = accounts.find((one) => one.token === token);
      if (!account) return undefined;
      const { project, user } = account;
      const expiresAt = new Date(Date.now() + 3_600_000);
      return { projectId: project, projectName: project, userId: user, userName: user, roles: ['member'], expiresAt };
    },
  };
}
