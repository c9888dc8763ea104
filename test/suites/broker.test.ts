import type { Broker } from '@coffer/core';
import { createRelay, names, type RelayAccount } from '@coffer/core/amqp';
import { testBroker } from '@coffer/core/testing';

/** Accounts of a broker on this machine, kept in a map. */
async function createOwnBroker(): Promise<{ broker: Broker; close(): Promise<void> }> {
  const passwords = new Map<string, string>();
  const relay = await createRelay({
    host: '127.0.0.1',
    port: 0,
    async authenticate(username, password): Promise<RelayAccount | undefined> {
      return passwords.get(username) === password ? { role: 'guest', instanceId: username } : undefined;
    },
  });
  const broker: Broker = {
    async prepareCopy(copy) {
      relay.declareQueue(names.replyQueue(copy), names.replyBinding(copy));
      relay.declareQueue(names.eventQueue, names.eventBinding);
    },
    async grant(instanceId, password) {
      passwords.set(instanceId, password);
      relay.declareQueue(names.commandQueue(instanceId));
      return { host: '127.0.0.1', port: relay.port, username: instanceId, password };
    },
    async revoke(instanceId) {
      passwords.delete(instanceId);
      relay.disconnect(instanceId);
      relay.deleteQueue(names.commandQueue(instanceId));
    },
    has: async (instanceId) => passwords.has(instanceId),
    list: async () => [...passwords.keys()],
    ping: async () => {},
  };
  return { broker, close: () => relay.close() };
}

testBroker('our own', async () => {
  const { broker, close } = await createOwnBroker();
  return { broker, dispose: close };
});
