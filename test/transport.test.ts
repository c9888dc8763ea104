import { randomBytes } from 'node:crypto';
import { createAgentTransport, createServerTransport } from '@coffer/core/amqp';
import { createMemoryBroker, testTransport } from '@coffer/core/testing';
import { rabbitmqForTests } from './support/rabbitmq.ts';
import { relayForTests } from './support/relay.ts';

testTransport('memory', async () => {
  const broker = createMemoryBroker();
  return {
    server: async (copy) => broker.server(copy),
    agent: async (instanceId) => broker.agent(instanceId),
    dispose: async () => undefined,
  };
});

testTransport('embedded relay', async () => {
  const relay = await relayForTests();
  return {
    async server(copy) {
      return createServerTransport({ ...relay.service, copy, prepareCopy: relay.broker.prepareCopy });
    },
    async agent(instanceId) {
      const account = await relay.broker.grant(instanceId);
      return createAgentTransport({ ...account, instanceId });
    },
    restart: relay.restart,
    losesOnRestart: true,
    dispose: relay.dispose,
  };
});

for (const version of process.env.COFFER_TEST_FULL ? (['4', '3.10'] as const) : (['4'] as const)) {
  testTransport(`RabbitMQ ${version}`, async () => {
    const rabbitmq = await rabbitmqForTests(version);
    const passwords = new Map<string, string>();
    return {
      server: async (copy) =>
        createServerTransport({ ...rabbitmq.service, copy, prepareCopy: (name) => rabbitmq.broker.prepareCopy(name) }),
      async agent(instanceId) {
        const password = passwords.get(instanceId) ?? randomBytes(32).toString('base64url');
        passwords.set(instanceId, password);
        return createAgentTransport({ ...(await rabbitmq.broker.grant(instanceId, password)), instanceId });
      },
      restart: rabbitmq.restart,
      dispose: rabbitmq.dispose,
    };
  });
}
