import { randomBytes } from 'node:crypto';
import { Problem } from '../problem.ts';
import type { AgentTransport, ServerIntake, ServerTransport } from '../rpc/transport.ts';

/** One queue: gives a message back when its handler rejects or its consumer leaves, and keeps what nobody takes. */
class Queue {
  readonly #waiting: Uint8Array[] = [];
  readonly #consumers = new Map<(bytes: Uint8Array) => Promise<void>, Set<Uint8Array>>();

  push(bytes: Uint8Array): void {
    this.#waiting.push(bytes);
    this.#deliver();
  }

  attach(consumer: (bytes: Uint8Array) => Promise<void>): () => void {
    this.#consumers.set(consumer, new Set());
    this.#deliver();
    return () => {
      const unsettled = this.#consumers.get(consumer) ?? [];
      this.#consumers.delete(consumer);
      this.#waiting.unshift(...unsettled);
      this.#deliver();
    };
  }

  #deliver(): void {
    for (;;) {
      const [first] = this.#consumers;
      const bytes = first && this.#waiting.shift();
      if (!first || !bytes) return;
      const [consumer, unsettled] = first;
      // In turn: who is served goes to the end.
      this.#consumers.delete(consumer);
      this.#consumers.set(consumer, unsettled);
      unsettled.add(bytes);
      queueMicrotask(() => {
        consumer(bytes).then(
          () => unsettled.delete(bytes),
          () => {
            if (!unsettled.delete(bytes)) return;
            this.#waiting.unshift(bytes);
            setImmediate(() => this.#deliver());
          },
        );
      });
    }
  }
}

export interface MemoryBroker {
  server(copy?: string): ServerTransport;
  agent(instanceId: string): AgentTransport;
  /** Sees every message on its way: the address, and the sealed bytes. For tests that attack. */
  tap(observer: (address: string, sealed: Uint8Array) => void): void;
  /** Puts bytes into a queue as an attacker at the broker would: `coffer.i.<id>.req`, `<id>.event`, `reply.<copy>`. */
  inject(address: string, sealed: Uint8Array): void;
}

/** A broker without a network; its queues come to be when they are first used. */
export function createMemoryBroker(): MemoryBroker {
  const queues = new Map<string, Queue>();
  const observers: ((address: string, sealed: Uint8Array) => void)[] = [];
  const events = (address: string) => (address.endsWith('.event') ? 'coffer.events' : address);
  const queue = (address: string): Queue => {
    const name = events(address);
    const found = queues.get(name) ?? new Queue();
    queues.set(name, found);
    return found;
  };
  async function send(address: string, sealed: Uint8Array): Promise<void> {
    const copy = Uint8Array.from(sealed);
    for (const observer of observers) observer(address, copy);
    queue(address).push(copy);
  }

  return {
    server(copy = randomBytes(16).toString('hex')) {
      const detach: (() => void)[] = [];
      let isOpen = true;
      return {
        copy,
        async start(intake: ServerIntake) {
          detach.push(queue(`reply.${copy}`).attach(intake.onReply), queue('coffer.events').attach(intake.onEvent));
        },
        send: (instanceId, sealed) => send(`coffer.i.${instanceId}.req`, sealed),
        async ping() {
          if (!isOpen) throw new Problem('unavailable', 'the transport is closed');
        },
        async close() {
          isOpen = false;
          for (const end of detach.splice(0)) end();
        },
      };
    },
    agent(instanceId) {
      const detach: (() => void)[] = [];
      return {
        async start(onCommand) {
          detach.push(queue(`coffer.i.${instanceId}.req`).attach(onCommand));
        },
        reply: (copy, sealed) => send(`reply.${copy}`, sealed),
        event: (sealed) => send(`${instanceId}.event`, sealed),
        async close() {
          for (const end of detach.splice(0)) end();
        },
      };
    },
    tap: (observer) => void observers.push(observer),
    inject: (address, sealed) => queue(address).push(sealed),
  };
}
