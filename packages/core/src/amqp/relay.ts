import { createServer, type Socket } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';
import rhea, { type Connection, type EventContext, type Message, type Receiver, type Sender } from 'rhea';
import { type Logger, silentLogger } from '../log.ts';
import { EXCHANGE, names } from './addresses.ts';
import { RelayQueue, topic } from './queue.ts';
import { createSettler } from './settle.ts';

/** What an account may do: everything, or what one guest may. */
export type RelayAccount = { role: 'service' } | { role: 'guest'; instanceId: string };

export interface RelayOptions {
  host: string;
  /** 0 picks a free one. */
  port: number;
  /** PEM certificate and key; without them the relay is plain, which only loopback should be. */
  tls?: { cert: string; key: string };
  /** Who this is, or undefined. */
  authenticate(username: string, password: string): Promise<RelayAccount | undefined>;
  /** Messages that a queue holds before it takes no more. Default 10,000. */
  maxQueueLength?: number;
  /** Bytes that a queue holds before it takes no more. Default 64 MiB. */
  maxQueueBytes?: number;
  /** Larger ones are refused. Default 4 MiB. */
  maxMessageBytes?: number;
  log?: Logger;
}

export interface Relay {
  readonly port: number;
  declareQueue(name: string, binding?: string): void;
  /** With its messages; who receives from it is told that it is gone. */
  deleteQueue(name: string): void;
  /** Ends the open connections of an account. */
  disconnect(username: string): void;
  close(): Promise<void>;
}

/** Who has not said within this time who it is, is sent away. */
const LOGIN_TIMEOUT_MS = 15_000;

/** A socket is ended with an error, since rhea stops its idle timers only when the socket tells it something. */
const GONE = new Error('the connection was ended');

/**
 * A small AMQP 1.0 broker inside the server's process, for one machine. It obeys the rules that RabbitMQ is told to obey, speaks
 * its addresses and calls itself RabbitMQ 4, so that clients need not know. Messages live in memory: whatever rides on it is
 * repeated by its sender until it is answered.
 */
export async function createRelay(options: RelayOptions): Promise<Relay> {
  const log = options.log ?? silentLogger;
  const limits = { messages: options.maxQueueLength ?? 10_000, bytes: options.maxQueueBytes ?? 64 * 1024 * 1024 };
  const maxBytes = options.maxMessageBytes ?? 4 * 1024 * 1024;
  const queues = new Map<string, RelayQueue>();
  const connections = new Map<Connection, { username: string; socket: Socket }>();
  let canCheckAccounts = true;

  /** The queues that an address leads to; undefined when the account may not send there. */
  function route(to: string, account: RelayAccount): RelayQueue[] | undefined {
    const parts = to.split('/').map(decoded);
    if (parts[1] === 'exchanges' && parts[2] === EXCHANGE && parts[3] !== undefined) {
      const key = parts[3];
      if (account.role === 'guest' && !key.startsWith(`${account.instanceId}.`)) return undefined;
      return [...queues.values()].filter((queue) => queue.binding?.test(key));
    }
    if (account.role !== 'service' || parts[1] !== 'queues' || parts[2] === undefined) return undefined;
    const queue = queues.get(parts[2]);
    return queue ? [queue] : [];
  }

  /** The peer wants to receive: our end of that link is a sender. */
  function onConsumer(sender: Sender, account: RelayAccount, whenGone: (() => void)[]): void {
    const address: unknown = sender.source?.address;
    const name =
      typeof address === 'string' && address.startsWith('/queues/')
        ? decoded(address.slice('/queues/'.length))
        : undefined;
    const isAllowed =
      account.role === 'service' || (name !== undefined && name === names.commandQueue(account.instanceId));
    const queue = name === undefined ? undefined : queues.get(name);
    if (!isAllowed || !queue) {
      const condition = isAllowed ? 'amqp:not-found' : 'amqp:unauthorized-access';
      sender.close({ condition, description: isAllowed ? 'there is no such queue' : 'reading there is refused' });
      return;
    }
    sender.set_source({ address: `/queues/${encodeURIComponent(name ?? '')}` });
    const settle = (isDone: boolean) => (context: EventContext) => queue.settle(sender, context.delivery, isDone);
    sender.on('accepted', settle(true));
    sender.on('rejected', settle(true));
    sender.on('released', settle(false));
    sender.on('modified', settle(false));
    sender.on('sendable', () => queue.deliver());
    sender.on('sender_close', () => queue.leave(sender));
    whenGone.push(() => queue.leave(sender));
    queue.join(sender);
  }

  /** The peer wants to send: our end of that link is a receiver. */
  function onProducer(receiver: Receiver, account: RelayAccount, settle: ReturnType<typeof createSettler>): void {
    const fixed: unknown = receiver.target?.address;
    if (typeof fixed === 'string') receiver.set_target({ address: fixed });
    receiver.on('message', (context: EventContext) => {
      const { message, delivery } = context;
      if (!message || !delivery) return;
      const to = typeof fixed === 'string' ? fixed : message.to;
      const found = typeof to === 'string' ? route(to, account) : undefined;
      if (!found) {
        log.warn({ account, to }, 'a message to a place where its sender may not send was refused');
        receiver.session.close({ condition: 'amqp:unauthorized-access', description: 'sending there is refused' });
        return;
      }
      const bytes = sizeOf(message);
      if (bytes === undefined || bytes > maxBytes) {
        const description = `a message is bytes or text, at most ${maxBytes} bytes`;
        return settle(delivery, 'reject', { condition: 'amqp:link:message-size-exceeded', description });
      }
      if (found.length === 0 || !found.every((queue) => queue.hasRoomFor(bytes))) return settle(delivery, 'release');
      const expiresAt = message.ttl ? Date.now() + message.ttl : Number.POSITIVE_INFINITY;
      settle(delivery, 'accept');
      for (const queue of found) queue.put({ body: message.body, bytes, expiresAt });
    });
  }

  function serve(socket: Socket): void {
    socket.setNoDelay(true); // Nagle's algorithm costs 40 ms a round trip
    let account: RelayAccount | undefined;
    let username = '';
    const settle = createSettler();
    const whenGone: (() => void)[] = [];
    const login = setTimeout(() => socket.destroy(GONE), LOGIN_TIMEOUT_MS);
    const gone = () => {
      clearTimeout(login);
      connections.delete(connection);
      for (const leaveQueue of whenGone.splice(0)) leaveQueue();
    };
    const container = rhea.create_container({
      id: 'coffer-relay',
      properties: { product: 'RabbitMQ', version: '4.0.0', relay: 'coffer' },
    });
    container.sasl_server_mechanisms.enable_plain(async (name: string, password: string) => {
      try {
        account = await options.authenticate(name, password);
        canCheckAccounts = true;
      } catch (error) {
        // Every guest comes again every few seconds: one line until an account can be checked again.
        if (canCheckAccounts) log.error({ error }, 'accounts cannot be checked: nobody is let in');
        canCheckAccounts = false;
      }
      username = name;
      return account !== undefined;
    });
    const connection = container.create_connection({
      port: options.port,
      idle_time_out: 30_000,
      max_frame_size: 65_536,
      receiver_options: { autoaccept: false, credit_window: 100 },
    });
    connections.set(connection, { username, socket });
    connection.on('connection_open', () => {
      clearTimeout(login);
      if (!account) socket.destroy(GONE);
      else connections.set(connection, { username, socket });
    });
    connection.on(
      'sender_open',
      ({ sender }: EventContext) => void (sender && account && onConsumer(sender, account, whenGone)),
    );
    connection.on(
      'receiver_open',
      ({ receiver }: EventContext) => void (receiver && account && onProducer(receiver, account, settle)),
    );
    // However a peer goes, with a close of its own or without a word.
    connection.on('connection_close', gone);
    connection.on('disconnected', gone);
    socket.on('close', gone);
    // Peers break off in every way there is; unheard, these would end the process.
    for (const event of [
      'connection_error',
      'session_error',
      'sender_error',
      'receiver_error',
      'protocol_error',
      'error',
    ])
      connection.on(event, () => undefined);
    socket.on('error', () => socket.destroy());
    connection.accept(socket);
  }

  const server = options.tls ? createTlsServer({ ...options.tls, minVersion: 'TLSv1.2' }, serve) : createServer(serve);
  server.on('tlsClientError', () => undefined);
  // Every socket, also one in the middle of its handshake or one that said goodbye and stayed: none may hold the relay's end.
  const sockets = new Set<Socket>();
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
    socket.once('close', () => sockets.delete(socket));
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen({ host: options.host, port: options.port }, resolve);
  });
  const bound = server.address();

  return {
    port: typeof bound === 'object' && bound ? bound.port : options.port,
    declareQueue(name, binding) {
      const queue = queues.get(name) ?? new RelayQueue(limits);
      if (binding !== undefined) queue.binding = topic(binding);
      queues.set(name, queue);
    },
    deleteQueue(name) {
      const queue = queues.get(name);
      queues.delete(name);
      for (const consumer of queue?.consumers ?? [])
        consumer.close({ condition: 'amqp:resource-deleted', description: 'the queue was deleted' });
    },
    disconnect(username) {
      for (const [connection, peer] of connections) {
        if (peer.username !== username) continue;
        connections.delete(connection);
        peer.socket.destroy(GONE);
      }
    },
    async close() {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      for (const { socket } of connections.values()) socket.destroy(GONE);
      for (const socket of sockets) socket.destroy(GONE);
      await closed;
    },
  };
}

/** Part of an address; one that does not decode leads nowhere. */
function decoded(part: string): string | undefined {
  try {
    return decodeURIComponent(part);
  } catch {
    return undefined;
  }
}

/** Undefined for a body of any other kind, whose size nobody knows. */
function sizeOf({ body }: Message): number | undefined {
  if (typeof body === 'string') return Buffer.byteLength(body);
  const content: unknown = typeof body === 'object' && body !== null && 'content' in body ? body.content : body;
  return content instanceof Uint8Array ? content.length : undefined;
}
