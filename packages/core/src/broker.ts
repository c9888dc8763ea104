/** How one guest reaches the broker. `password` is a secret: it travels in the user data and lies sealed in the store. */
export interface BrokerAccount {
  /** Host and port as the guest reaches them, over the management network. */
  host: string;
  port: number;
  username: string;
  password: string;
  /** PEM of the authority that signed the broker's certificate; absent where the link is plain (loopback only). */
  ca?: string;
}

/**
 * Accounts at the message broker: one per instance, which may receive from its own queue and send under its own keys,
 * and nothing else.
 */
export interface Broker {
  /**
   * Makes what a copy of the control plane receives from: its own queue of replies, which expires when the copy has been away
   * for ten minutes, and the queue of events that all copies share. Repeatable.
   */
  prepareCopy(copy: string): Promise<void>;
  /**
   * Makes the queue and the account of an instance. Repeatable: the same call leaves the same account, with the given
   * password.
   */
  grant(instanceId: string, password: string): Promise<BrokerAccount>;
  /** Takes account and queue away and ends the account's open connections. Repeatable; nothing there is success. */
  revoke(instanceId: string): Promise<void>;
  /** Whether the instance has an account, or anything that was made for one. */
  has(instanceId: string): Promise<boolean>;
  /** Ids of all instances of which {@link has} is true, in no order: for the reconciler. */
  list(): Promise<string[]>;
  /** @throws Problem `unavailable` when the broker does not answer. */
  ping(): Promise<void>;
}
