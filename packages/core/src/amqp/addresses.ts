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

/** Address format v2 of RabbitMQ 4 (https://www.rabbitmq.com/docs/amqp#address-v2); parts are percent-encoded. */
export const address = {
  queue: (name: string): string => `/queues/${encodeURIComponent(name)}`,
  key: (key: string): string => `/exchanges/${encodeURIComponent(EXCHANGE)}/${encodeURIComponent(key)}`,
} as const;
