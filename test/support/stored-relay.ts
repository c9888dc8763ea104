import { randomBytes } from 'node:crypto';
import type { Broker } from '@coffer/core';
import { createRelayBroker, type RelayBroker } from '../../packages/server/src/brokers/relay.ts';
import { relayAccounts } from '../../packages/server/src/brokers/relay-accounts.ts';
import type { Store } from '../../packages/server/src/store/store.ts';

/** The embedded relay with its accounts in a store, plain on loopback, to be stopped and started. */
export interface StoredRelay {
  broker: Broker;
  service: { host: string; port: number; username: string; password: string };
  /** What it held is lost, as it lies in memory. */
  stop(): Promise<void>;
  start(): Promise<void>;
}

export async function storedRelay(store: Store): Promise<StoredRelay> {
  const service = { username: 'service', password: randomBytes(32).toString('base64url') };
  const launch = (port: number): Promise<RelayBroker> =>
    createRelayBroker({ host: '127.0.0.1', port, service, accounts: relayAccounts(store) });
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
