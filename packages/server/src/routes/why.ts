import type { Handlers } from '../http/handlers.ts';
import type { WhyService } from '../services/why.ts';
import { whyView } from '../views/why.ts';
import { actorOf } from './context.ts';

export function whyRoutes(service: WhyService): Handlers<'explainInstance'> {
  return {
    explainInstance: async (call) => {
      const actor = actorOf(call);
      const why = await service.why(actor, call.path.instance_id);
      return { status: 200, body: { why: whyView(why, actor.isAdmin) } };
    },
  };
}
