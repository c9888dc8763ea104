import type { AgentTransport, ServerTransport } from '../rpc/transport.ts';
import { address, names } from './addresses.ts';
import { AmqpLine, type LineOptions } from './line.ts';

export interface ServerTransportOptions extends Omit<LineOptions, 'name' | 'prepare'> {
  /** This process's life: 32 random hexadecimal digits. */
  copy: string;
  /** Makes this copy's queues: `Broker.prepareCopy`. Called on every new connection. */
  prepareCopy(copy: string): Promise<void>;
}

export interface AgentTransportOptions extends Omit<LineOptions, 'name' | 'prepare'> {
  instanceId: string;
}

const EVENT_TTL_MS = 60_000;
const REPLY_TTL_MS = 60_000;

/** The control plane's transport over any AMQP 1.0 broker with RabbitMQ 4's addresses. */
export function createServerTransport(options: ServerTransportOptions): ServerTransport {
  const { copy } = options;
  const line = new AmqpLine({ ...options, name: `coffer-${copy}`, prepare: () => options.prepareCopy(copy) });
  return {
    copy,
    start: (intake) =>
      line.open([
        { address: address.queue(names.replyQueue(copy)), handler: intake.onReply },
        { address: address.queue(names.eventQueue), handler: intake.onEvent },
      ]),
    send: (instanceId, sealed, { ttlMs }) => line.send(address.queue(names.commandQueue(instanceId)), sealed, ttlMs),
    async ping() {
      line.ping();
    },
    close: () => line.close(),
  };
}

/** A guest's transport: its own queue in, its own keys out. */
export function createAgentTransport(options: AgentTransportOptions): AgentTransport {
  const { instanceId } = options;
  const line = new AmqpLine({ ...options, name: `coffer-guest-${instanceId}` });
  return {
    start: (onCommand) => line.open([{ address: address.queue(names.commandQueue(instanceId)), handler: onCommand }]),
    reply: (copy, sealed) => line.send(address.key(names.replyKey(instanceId, copy)), sealed, REPLY_TTL_MS),
    event: (sealed) => line.send(address.key(names.eventKey(instanceId)), sealed, EVENT_TTL_MS),
    close: () => line.close(),
  };
}
