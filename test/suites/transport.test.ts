import type { AgentTransport, ServerTransport } from '@coffer/core/rpc';
import { testTransport } from '@coffer/core/testing';

type Handler = (sealed: Uint8Array) => Promise<void>;

/** A queue gives one message at a time to one of its consumers, and keeps what nobody settled. */
class Queue {
  readonly #waiting: Uint8Array[] = [];
  readonly #idle: Handler[] = [];

  push(sealed: Uint8Array): void {
    this.#waiting.push(sealed);
    this.#deliver();
  }

  /** @returns what ends it. */
  consume(handler: Handler): () => void {
    let isOpen = true;
    let atHand: Uint8Array | undefined;
    const giveBack = () => {
      if (atHand) this.#waiting.unshift(atHand);
      atHand = undefined;
    };
    const take: Handler = async (sealed) => {
      atHand = sealed;
      await handler(sealed).then(() => (atHand = undefined), giveBack);
      if (isOpen) this.#idle.push(take);
      this.#deliver();
    };
    this.#idle.push(take);
    this.#deliver();
    return () => {
      isOpen = false;
      giveBack();
      this.#idle.splice(0, this.#idle.length, ...this.#idle.filter((one) => one !== take));
      this.#deliver();
    };
  }

  #deliver(): void {
    if (this.#waiting.length === 0) return;
    const next = this.#idle.shift();
    const sealed = next && this.#waiting.shift();
    if (sealed) setImmediate(() => next?.(sealed));
  }
}

function createOwnTransports() {
  const queues = new Map<string, Queue>();
  const queue = (name: string): Queue => {
    const found = queues.get(name) ?? new Queue();
    queues.set(name, found);
    return found;
  };
  return {
    server(copy: string): ServerTransport {
      const ends: (() => void)[] = [];
      return {
        copy,
        async start({ onReply, onEvent }) {
          ends.push(queue(`replies of ${copy}`).consume(onReply), queue('events').consume(onEvent));
        },
        send: async (instanceId, sealed) => queue(`commands of ${instanceId}`).push(sealed),
        ping: async () => {},
        async close() {
          for (const end of ends.splice(0)) end();
        },
      };
    },
    agent(instanceId: string): AgentTransport {
      const ends: (() => void)[] = [];
      return {
        async start(onCommand) {
          ends.push(queue(`commands of ${instanceId}`).consume(onCommand));
        },
        reply: async (copy, sealed) => queue(`replies of ${copy}`).push(sealed),
        event: async (sealed) => queue('events').push(sealed),
        async close() {
          for (const end of ends.splice(0)) end();
        },
      };
    },
  };
}

testTransport('our own', async () => {
  const transports = createOwnTransports();
  return {
    server: async (copy) => transports.server(copy),
    agent: async (instanceId) => transports.agent(instanceId),
    dispose: async () => {},
  };
});
