/** The topic exchange that every AMQP 1.0 broker of RabbitMQ's kind has from the start; our relay has it too. */
export const EXCHANGE = 'amq.topic';

/** Names of queues and keys. A guest may read its own queue and write its own keys, nothing else: see `Broker`. */
export const names = {
  commandQueue: (instanceId: string): string => `coffer.i.${instanceId}.req`,
  replyQueue: (copy: string): string => `coffer.replies.${copy}`,
  eventQueue: 'coffer.events',
  replyKey: (instanceId: string, copy: string): string => `${instanceId}.reply.${copy}`,
  /** What a copy binds its queue of replies to. */
  replyBinding: (copy: string): string => `*.reply.${copy}`,
  eventKey: (instanceId: string): string => `${instanceId}.event`,
  eventBinding: '*.event',
} as const;

/** Where the messages of a sender go: into queues by name, or to the topic exchange under keys. */
export type Way = 'queue' | 'key';

/** How a broker spells queues and keys. */
export interface Dialect {
  /** Address of a queue, to receive from or to send to; of a key, to send to. */
  readonly address: Readonly<Record<Way, (name: string) => string>>;
  /** What a sender attaches to whose every message says where it goes. */
  target(way: Way): { address?: string };
  /** How such a message says it: the name of a queue, or a key. */
  destination(way: Way, name: string): { to: string } | { subject: string };
}

const exchange = encodeURIComponent(EXCHANGE);

/** Address format v2 of RabbitMQ 4 (https://www.rabbitmq.com/docs/amqp#address-v2); parts are percent-encoded. */
export const address: Dialect['address'] = {
  queue: (name) => `/queues/${encodeURIComponent(name)}`,
  key: (key) => `/exchanges/${exchange}/${encodeURIComponent(key)}`,
};

const v2: Dialect = {
  address,
  // An anonymous terminus: a queue that is gone then refuses its message and not the session.
  target: () => ({}),
  destination: (way, name) => ({ to: address[way](name) }),
};

/**
 * Address format v1, which is all that RabbitMQ 3 with its AMQP 1.0 plug-in knows
 * (https://github.com/rabbitmq/rabbitmq-server/tree/v3.10.x/deps/rabbitmq_amqp1_0#routing-and-addressing). It has no anonymous
 * terminus; a sender to an exchange without a key takes the key from the subject, and `/queue` is the exchange of all queues.
 */
const v1: Dialect = {
  address: {
    queue: (name) => `/amq/queue/${encodeURIComponent(name)}`,
    key: (key) => `/exchange/${exchange}/${encodeURIComponent(key)}`,
  },
  target: (way) => ({ address: way === 'queue' ? '/queue' : `/exchange/${exchange}` }),
  destination: (_, name) => ({ subject: name }),
};

/** @param properties what the broker says of itself when a connection opens (AMQP 1.0 §2.7.1). */
export function dialectOf(properties: Record<string, unknown> | undefined): Dialect {
  const { product, version } = properties ?? {};
  return product === 'RabbitMQ' && Number.parseInt(String(version), 10) < 4 ? v1 : v2;
}
