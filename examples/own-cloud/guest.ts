import { createAgentTransport } from '@coffer/core/amqp';
import {
  connectAgentLink,
  createMemoryReplies,
  type EnrolmentData,
  type GuestState,
  newKeyPair,
} from '@coffer/core/rpc';

/**
 * What a server of this example boots. A real cloud boots Coffer's guest image, whose agent runs a database in a container; this
 * one only keeps the names of databases, so that the example runs anywhere, and speaks to Coffer as the agent does.
 *
 * @returns what shuts it down.
 */
export function bootGuest(userData: string): () => Promise<void> {
  const { instanceId, token, broker, reportIntervalMs }: EnrolmentData = JSON.parse(userData);
  const databases = new Set<string>();
  const stopping = new AbortController();
  let state: GuestState = 'new';
  const report = () => ({ state, agentBuild: 'own-cloud', protocol: 1, clockMs: Date.now() });
  const transport = createAgentTransport({ ...broker, instanceId });
  const linked = connectAgentLink({
    transport,
    instanceId,
    keys: newKeyPair(),
    token,
    enrolled: async () => {},
    nextBoot: async () => 1,
    replies: createMemoryReplies(),
    signal: stopping.signal,
    handlers: {
      async prepare(order) {
        for (const { name } of order.databases) databases.add(name);
        state = 'healthy';
        return { state };
      },
      status: async () => report(),
      async database_list({ limit, marker = '' }) {
        const names = [...databases].sort().filter((name) => name > marker);
        const items = names.slice(0, limit).map((name) => ({ name }));
        const last = items.at(-1)?.name;
        return names.length > limit && last !== undefined ? { items, next: last } : { items };
      },
      async database_create(order) {
        for (const { name } of order.databases) databases.add(name);
        return {};
      },
    },
  });
  // Who is shut down before it enrolled never will.
  linked.catch(() => {});
  // A report that is lost is replaced by the next.
  const reporting = setInterval(() => linked.then((link) => link.report(report())).catch(() => {}), reportIntervalMs);
  return async () => {
    clearInterval(reporting);
    stopping.abort(new Error('the server was deleted'));
    await linked.then((link) => link.close()).catch(() => transport.close());
  };
}
