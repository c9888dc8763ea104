import type { Handlers } from '../http/handlers.ts';
import type { SslService } from '../services/ssl.ts';
import { sslRequest, sslView } from '../views/ssl.ts';
import { actorOf } from './context.ts';

export function sslRoutes(ssl: SslService): Handlers<'showSsl' | 'changeSsl'> {
  return {
    showSsl: async (call) => {
      const found = await ssl.show(actorOf(call), call.path.instance_id);
      return { status: 200, body: { ssl: sslView(found, Boolean(call.query.include_certificate)) } };
    },
    changeSsl: async (call) => {
      const isChanged = await ssl.change(actorOf(call), call.path.instance_id, sslRequest(call.body));
      return { status: 200, body: { ssl: isChanged ? { restart_required: false } : {} } };
    },
  };
}
