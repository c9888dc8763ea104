import { createHash, timingSafeEqual } from 'node:crypto';
import type { Broker, Logger } from '@coffer/core';
import { createRelay, names, type Relay, type RelayAccount } from '@coffer/core/amqp';

/** The store's part: which guests have an account, and the hash of each one's password. */
export interface RelayAccounts {
  /** Sha256 of the password, base64url; undefined for who has no account. */
  passwordHash(instanceId: string): Promise<string | undefined>;
  /** Ids of all instances that have an account. */
  list(): Promise<string[]>;
  /** Takes an account away for good. Repeatable. */
  forget(instanceId: string): Promise<void>;
}

export interface RelayBrokerOptions {
  /** Where the relay listens, and how guests reach it. */
  host: string;
  port: number;
  /** PEM; without it the relay is plain, for loopback alone. */
  tls?: { cert: string; key: string; ca: string };
  accounts: RelayAccounts;
  /** The control plane's own account. */
  service: { username: string; password: string };
  log?: Logger;
}

export interface RelayBroker extends Broker {
  readonly port: number;
  close(): Promise<void>;
}

/** Passwords here are 32 random bytes, not chosen by people: one round of sha256 keeps them from being read out of the store. */
export const hashBrokerPassword = (password: string): string =>
  createHash('sha256').update(password).digest('base64url');

const isSame = (one: string, other: string): boolean =>
  one.length === other.length && timingSafeEqual(Buffer.from(one), Buffer.from(other));

/**
 * The relay as a broker. Accounts are what the store says, so they live over restarts of this process; queues come back when a
 * guest's account is used or granted again.
 */
export async function createRelayBroker(options: RelayBrokerOptions): Promise<RelayBroker> {
  const { accounts, service } = options;
  let relay: Relay | undefined;

  async function authenticate(username: string, password: string): Promise<RelayAccount | undefined> {
    if (username === service.username)
      return isSame(hashBrokerPassword(password), hashBrokerPassword(service.password))
        ? { role: 'service' }
        : undefined;
    const hash = await accounts.passwordHash(username);
    if (hash === undefined || !isSame(hashBrokerPassword(password), hash)) return undefined;
    relay?.declareQueue(names.commandQueue(username));
    return { role: 'guest', instanceId: username };
  }

  relay = await createRelay({
    host: options.host,
    port: options.port,
    authenticate,
    ...(options.tls ? { tls: { cert: options.tls.cert, key: options.tls.key } } : {}),
    ...(options.log ? { log: options.log } : {}),
  });
  const running = relay;

  return {
    port: running.port,
    async prepareCopy(copy) {
      running.declareQueue(names.replyQueue(copy), names.replyBinding(copy));
      running.declareQueue(names.eventQueue, names.eventBinding);
    },
    async grant(instanceId, password) {
      running.declareQueue(names.commandQueue(instanceId));
      return {
        host: options.host,
        port: running.port,
        username: instanceId,
        password,
        ...(options.tls ? { ca: options.tls.ca } : {}),
      };
    },
    async revoke(instanceId) {
      await accounts.forget(instanceId);
      running.disconnect(instanceId);
      running.deleteQueue(names.commandQueue(instanceId));
    },
    has: async (instanceId) => (await accounts.passwordHash(instanceId)) !== undefined,
    list: () => accounts.list(),
    async ping() {},
    close: () => running.close(),
  };
}
