import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Broker, BrokerAccount } from '@coffer/core';
import { ensureCertificates } from '../../packages/server/src/brokers/authority.ts';
import {
  createRelayBroker,
  hashBrokerPassword,
  type RelayBroker,
  type RelayBrokerOptions,
} from '../../packages/server/src/brokers/relay.ts';
import { relayAccounts } from '../../packages/server/src/brokers/relay-accounts.ts';
import type { Store } from '../../packages/server/src/store/store.ts';

const newPassword = (): string => randomBytes(32).toString('base64url');

/** An embedded relay on loopback, to be stopped and started on its port. What it held is lost then, as it lies in memory. */
export interface TestRelay {
  /** Whichever runs. */
  broker: Broker;
  /** The control plane's own account. */
  service: { host: string; port: number; username: string; password: string };
  stop(): Promise<void>;
  start(): Promise<void>;
}

/** Plain without `tls`. */
export async function launchRelay(options: Pick<RelayBrokerOptions, 'accounts' | 'tls' | 'log'>): Promise<TestRelay> {
  const service = { username: 'service', password: newPassword() };
  const launch = (port: number): Promise<RelayBroker> =>
    createRelayBroker({ ...options, host: '127.0.0.1', port, service });
  let running = await launch(0);
  const { port } = running;
  return {
    broker: {
      prepareCopy: (copy) => running.prepareCopy(copy),
      grant: (instanceId, password) => running.grant(instanceId, password),
      revoke: (instanceId) => running.revoke(instanceId),
      has: (instanceId) => running.has(instanceId),
      list: () => running.list(),
      ping: () => running.ping(),
    },
    service: { host: '127.0.0.1', port, ...service },
    stop: () => running.close(),
    async start() {
      running = await launch(port);
    },
  };
}

/** Plain, with its accounts in a store, as the server has them. */
export const storedRelay = (store: Store): Promise<TestRelay> => launchRelay({ accounts: relayAccounts(store) });

/** With TLS, and its accounts in a map. */
export async function relayForTests() {
  const folder = await mkdtemp(join(tmpdir(), 'coffer-relay-'));
  const tls = await ensureCertificates(folder, ['127.0.0.1']);
  const passwords = new Map<string, string>();
  const relay = await launchRelay({
    tls,
    accounts: {
      passwordHash: async (id) => (passwords.has(id) ? hashBrokerPassword(passwords.get(id) ?? '') : undefined),
      list: async () => [...passwords.keys()],
      forget: async (id) => void passwords.delete(id),
    },
  });
  /** Without a password the same account each time. */
  async function grant(
    instanceId: string,
    password = passwords.get(instanceId) ?? newPassword(),
  ): Promise<BrokerAccount> {
    passwords.set(instanceId, password);
    return relay.broker.grant(instanceId, password);
  }
  return {
    broker: { ...relay.broker, grant },
    service: { ...relay.service, ca: tls.ca },
    async restart() {
      await relay.stop();
      await relay.start();
    },
    async dispose() {
      await relay.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
