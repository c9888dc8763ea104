import { type Caller, type Identity, Problem } from '@coffer/core';

/** No token is longer; what is need not be looked up. */
const MAX_TOKEN_LENGTH = 8192;

const refused = () => new Problem('unauthorized', 'The request you have made requires authentication.');

/** @throws Problem `unauthorized` for a token that is missing or not valid; `unavailable` when the identity service is away. */
export async function authenticate(identity: Identity, headers: Headers): Promise<Caller> {
  const token = headers.get('x-auth-token');
  if (!token || token.length > MAX_TOKEN_LENGTH) throw refused();
  const caller = await identity.authenticate(token);
  if (!caller) throw refused();
  return caller;
}

/**
 * The project in the path is the token's, string for string; administrators too act from their own.
 * @throws Problem `forbidden`.
 */
export function checkProject(caller: Caller, project: string | undefined): void {
  if (project === undefined || (project === caller.projectId && project !== '')) return;
  throw new Problem(
    'forbidden',
    `The token is not for project ${JSON.stringify(project.slice(0, 80))}; use the project of the token in the path.`,
  );
}
