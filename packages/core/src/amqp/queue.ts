import type { Delivery, Sender } from 'rhea';

export interface Stored {
  body: unknown;
  bytes: number;
  /** Ms since 1970. */
  expiresAt: number;
}

export interface QueueLimits {
  messages: number;
  bytes: number;
}

/** A queue of the relay: bounded in number and size, served in turn to its consumers, in order. */
export class RelayQueue {
  /** Keys of the topic exchange that lead here. */
  binding: RegExp | undefined;
  readonly #limits: QueueLimits;
  readonly #messages: Stored[] = [];
  /** Each with what was delivered to it and is not settled. */
  readonly #consumers = new Map<Sender, Map<Delivery, Stored>>();
  /** Of all that waits or is not settled. */
  #bytes = 0;

  constructor(limits: QueueLimits) {
    this.#limits = limits;
  }

  get consumers(): Iterable<Sender> {
    return this.#consumers.keys();
  }

  hasRoomFor(bytes: number): boolean {
    return this.#messages.length < this.#limits.messages && this.#bytes + bytes <= this.#limits.bytes;
  }

  put(message: Stored): void {
    this.#bytes += message.bytes;
    this.#messages.push(message);
    this.deliver();
  }

  join(consumer: Sender): void {
    this.#consumers.set(consumer, new Map());
    this.deliver();
  }

  /** Whatever a consumer had not settled when it left goes back to the front, in its order. */
  leave(consumer: Sender): void {
    const unsettled = this.#consumers.get(consumer);
    if (!unsettled) return;
    this.#consumers.delete(consumer);
    this.#messages.unshift(...unsettled.values());
    this.deliver();
  }

  /** @param isDone whether the message has served; else it goes back to the front. */
  settle(consumer: Sender, delivery: Delivery | undefined, isDone: boolean): void {
    const unsettled = this.#consumers.get(consumer);
    const stored = delivery && unsettled?.get(delivery);
    if (!stored || !unsettled) return;
    unsettled.delete(delivery);
    if (isDone) this.#bytes -= stored.bytes;
    else this.#messages.unshift(stored);
    this.deliver();
  }

  deliver(): void {
    while (this.#messages.length > 0) {
      const found = [...this.#consumers].find(([consumer]) => consumer.sendable());
      if (!found) return;
      const stored = this.#messages.shift();
      if (!stored) return;
      if (stored.expiresAt < Date.now()) {
        this.#bytes -= stored.bytes;
        continue;
      }
      const [consumer, unsettled] = found;
      // In turn: who was served goes to the end.
      this.#consumers.delete(consumer);
      this.#consumers.set(consumer, unsettled);
      unsettled.set(consumer.send({ body: stored.body, durable: true }), stored);
    }
  }
}

/** A topic pattern: `*` is one word, `#` any number, words are parted by dots. */
export function topic(pattern: string): RegExp {
  const words = pattern
    .split('.')
    .map((word) => (word === '*' ? '[^.]*' : word === '#' ? '.*' : word.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')));
  return new RegExp(`^${words.join('\\.')}$`);
}
