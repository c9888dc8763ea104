/**
 * How sealed bytes travel. A transport knows addresses, never contents: who a message is from is proven by its seal alone, never
 * by the link or the key that it came under.
 */
export interface ServerTransport {
  /** Names this copy of the control plane in the keys of replies; random per process start. */
  readonly copy: string;
  /** Attaches the intakes. A delivery is settled when its promise resolves, and given back when it rejects. */
  start(intake: ServerIntake): Promise<void>;
  /**
   * Puts a command into the guest's queue. Resolves when the broker has it. What is older than `ttlMs` may be dropped.
   * @throws Problem `unavailable` when the broker did not take it within the deadline; it may still arrive.
   */
  send(instanceId: string, sealed: Uint8Array, options: { ttlMs: number }): Promise<void>;
  /** @throws Problem `unavailable` within seconds when the broker does not carry messages to this copy. */
  ping(): Promise<void>;
  close(): Promise<void>;
}

export interface ServerIntake {
  /** A reply to this copy. */
  onReply(sealed: Uint8Array): Promise<void>;
  /** Hello, report or question of any guest; the copies share these. */
  onEvent(sealed: Uint8Array): Promise<void>;
}

export interface AgentTransport {
  /** Attaches to the guest's own queue. A command is settled when the promise resolves: after its result is stored. */
  start(onCommand: (sealed: Uint8Array) => Promise<void>): Promise<void>;
  /** Resolves when the broker has it. @throws Problem `unavailable`. */
  reply(copy: string, sealed: Uint8Array): Promise<void>;
  /** Resolves when the broker has it. @throws Problem `unavailable`. */
  event(sealed: Uint8Array): Promise<void>;
  close(): Promise<void>;
}
