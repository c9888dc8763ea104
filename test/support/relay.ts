import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { BrokerAccount } from '@coffer/core';
import { ensureCertificates } from '../../packages/server/src/brokers/authority.ts';
import { createRelayBroker, hashBrokerPassword, type RelayBroker } from '../../packages/server/src/brokers/relay.ts';

const newPassword = (): string => randomBytes(32).toString('base64url');

/** An embedded relay with TLS on loopback, whose accounts are kept in a map where the server keeps them in its store. */
export async function relayForTests() {
  const folder = await mkdtemp(join(tmpdir(), 'coffer-relay-'));
  const tls = await ensureCertificates(folder, ['127.0.0.1']);
  const passwords = new Map<string, string>();
  const service = { username: 'service', password: newPassword() };
  const start = (port: number) =>
    createRelayBroker({
      host: '127.0.0.1',
      port,
      tls,
      service,
      accounts: {
        passwordHash: async (id) => (passwords.has(id) ? hashBrokerPassword(passwords.get(id) ?? '') : undefined),
        list: async () => [...passwords.keys()],
        forget: async (id) => void passwords.delete(id),
      },
    });
  let running: RelayBroker = await start(0);
  const { port } = running;
  return {
    broker: () => running,
    service: { host: '127.0.0.1', port, ca: tls.ca, ...service },
    /** The same account each time, as the store would keep it. */
    async grant(instanceId: string, password = passwords.get(instanceId) ?? newPassword()): Promise<BrokerAccount> {
      passwords.set(instanceId, password);
      return running.grant(instanceId, password);
    },
    async restart() {
      await running.close();
      running = await start(port);
    },
    async dispose() {
      await running.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
