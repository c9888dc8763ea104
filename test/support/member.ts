import { randomBytes } from 'node:crypto';
import type { BuiltinIdentity } from '../../packages/server/src/identity/builtin.ts';

/** A new user in a project, logged in. @param names of both; neither is there before. */
export async function newMember(
  identity: BuiltinIdentity,
  names: { user: string; project: string },
  role: 'member' | 'admin' = 'member',
): Promise<{ projectId: string; password: string; token: string }> {
  const password = randomBytes(9).toString('base64url');
  const project = await identity.accounts.ensureProject(names.project);
  const user = await identity.accounts.ensureUser({ name: names.user, password, defaultProjectId: project.id });
  await identity.accounts.grantRole(user.id, project.id, role);
  const { token } = await identity.login({
    proof: { user: { name: names.user }, password },
    scope: 'default',
    peer: undefined,
  });
  return { projectId: project.id, password, token };
}
