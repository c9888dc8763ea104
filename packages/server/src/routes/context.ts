import type { CallContext } from '../http/handlers.ts';
import { isAdmin } from '../http/policy.ts';
import type { Actor } from '../services/actor.ts';
import type { LinkContext } from '../views/common.ts';

export const actorOf = ({ caller }: CallContext): Actor => ({
  projectId: caller.projectId,
  userId: caller.userId,
  isAdmin: isAdmin(caller),
});

export const linkContext = ({ base, caller }: CallContext): LinkContext => ({ base, project: caller.projectId });
