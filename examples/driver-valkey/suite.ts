import type { DriverSuiteInput } from '@coffer/agent/harness';
import { Valkey } from 'iovalkey';

export default {
  async login({ host, port, user, password }) {
    const session = new Valkey({ host, port, username: user, password, lazyConnect: true, retryStrategy: () => null });
    session.on('error', () => {});
    await session.connect();
    // A connection of nobody's is taken, too.
    await session.ping().catch((error: unknown) => {
      session.disconnect();
      throw error;
    });
    return {
      async query(statement) {
        const [verb = '', ...args] = statement.split(' ');
        return [[await session.call(verb, ...args)]];
      },
      end: async () => session.disconnect(),
    };
  },
  words: {
    ping: (session) => session.query('PING'),
    write: (session, key, value) => session.query(`SET ${key} ${value}`),
    async read(session, key) {
      const [[value] = []] = await session.query(`GET ${key}`);
      return value === null ? undefined : String(value);
    },
  },
  serviceFromOutside: 'Valkey lets an account in from everywhere, or from nowhere',
  configuration: {
    dynamic: { timeout: 300, 'maxmemory-policy': 'allkeys-lru', 'lazyfree-lazy-expire': false },
    restart: { databases: 32 },
    rejected: { name: 'maxclients', value: 10_000_000 },
  },
  diskMib: 64,
} satisfies DriverSuiteInput;
