import type { Handlers } from '../http/handlers.ts';
import type { RootService } from '../services/root.ts';
import { rootHistoryView } from '../views/root.ts';
import { actorOf } from './context.ts';

type Ids = 'showRoot' | 'enableRoot' | 'disableRoot' | 'showRootHistory';

export function rootRoutes(root: RootService): Handlers<Ids> {
  return {
    showRoot: async (call) => ({
      status: 200,
      body: { rootEnabled: await root.isEnabled(actorOf(call), call.path.instance_id) },
    }),
    enableRoot: async (call) => ({
      status: 200,
      body: { user: await root.enable(actorOf(call), call.path.instance_id, call.body?.password) },
    }),
    disableRoot: async (call) => {
      await root.disable(actorOf(call), call.path.instance_id);
      return { status: 204 };
    },
    showRootHistory: async (call) => ({
      status: 200,
      body: { root_history: rootHistoryView(await root.history(actorOf(call), call.path.instance_id)) },
    }),
  };
}
