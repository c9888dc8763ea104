import type { Handlers } from '../http/handlers.ts';
import type { LogService } from '../services/logs.ts';
import { logRequest, logView } from '../views/logs.ts';
import { actorOf } from './context.ts';

const DEFAULT_LINES = 100;

export function logRoutes(logs: LogService): Handlers<'listLogs' | 'changeLog' | 'tailLog'> {
  return {
    listLogs: async (call) => {
      const found = await logs.list(actorOf(call), call.path.instance_id);
      return { status: 200, body: { logs: found.map(logView) } };
    },
    changeLog: async (call) => {
      const log = await logs.change(actorOf(call), call.path.instance_id, logRequest(call.body));
      return { status: 200, body: { log: logView(log) } };
    },
    tailLog: async (call) => {
      const { instance_id: id, log: name } = call.path;
      const { lines, isCut } = await logs.tail(actorOf(call), id, name, call.query.lines ?? DEFAULT_LINES);
      return { status: 200, body: { log: { name, lines, is_cut: isCut } } };
    },
  };
}
