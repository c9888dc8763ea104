import type { AgentTransport, ServerTransport } from '../rpc/transport.ts';
import { names } from './addresses.ts';
import { createEcho } from './echo.ts';
import { AmqpLine, type LineOptions } from './line.ts';

export interface ServerTransportOptions extends Omit<LineOptions, 'name' | 'sendsTo' | 'prepare'> {
  /** This process's life: 32 random hexadecimal digits. */
  copy: string;
  /** Makes this copy's queues: `Broker.prepareCopy`. Called on every new connection. */
  prepareCopy(copy: string): Promise<void>;
}

export interface AgentTransportOptions extends Omit<LineOptions, 'name' | 'sendsTo' | 'prepare'> {
  instanceId: string;
}

/** Shorter than a caller of the API waits, so that a broker that is away is said to be. */
const SEND_TIMEOUT_MS = 5_000;
/** A copy that is cut off must know before it calls its guests silent. */
const IDLE_TIMEOUT_MS = 4_000;
const EVENT_TTL_MS = 60_000;
const REPLY_TTL_MS = 60_000;
/** The more come together, the cheaper each is to store; and all of them lie in memory, as large as a guest may send them. */
const EVENTS_AT_A_TIME = 256;

/** The control plane's transport over RabbitMQ, 4 or 3.10 with its AMQP 1.0 plug-in, or whatever speaks RabbitMQ 4's addresses. */
export function createServerTransport(options: ServerTransportOptions): ServerTransport {
  const { copy } = options;
  const line = new AmqpLine({
    sendTimeoutMs: SEND_TIMEOUT_MS,
    idleTimeoutMs: IDLE_TIMEOUT_MS,
    ...options,
    name: `coffer-${copy}`,
    sendsTo: 'queue',
    prepare: () => options.prepareCopy(copy),
  });
  const echo = createEcho((bytes, ttlMs) => line.send(names.replyQueue(copy), bytes, ttlMs));
  return {
    copy,
    start: (intake) =>
      line.open([
        { queue: names.replyQueue(copy), handler: intake.onReply, intercept: echo.hear },
        { queue: names.eventQueue, handler: intake.onEvent, credit: EVENTS_AT_A_TIME },
      ]),
    send: (instanceId, sealed, { ttlMs }) => line.send(names.commandQueue(instanceId), sealed, ttlMs),
    async ping() {
      line.ping();
      await echo.ask();
    },
    close: () => line.close(),
  };
}

/** A guest's transport: its own queue in, its own keys out. */
export function createAgentTransport(options: AgentTransportOptions): AgentTransport {
  const { instanceId } = options;
  const line = new AmqpLine({ ...options, name: `coffer-guest-${instanceId}`, sendsTo: 'key' });
  return {
    start: (onCommand) => line.open([{ queue: names.commandQueue(instanceId), handler: onCommand }]),
    reply: (copy, sealed) => line.send(names.replyKey(instanceId, copy), sealed, REPLY_TTL_MS),
    event: (sealed) => line.send(names.eventKey(instanceId), sealed, EVENT_TTL_MS),
    close: () => line.close(),
  };
}
