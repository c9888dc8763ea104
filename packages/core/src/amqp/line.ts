import { isIP } from 'node:net';
import rhea, { type Connection, type ConnectionOptions, type Delivery, type EventContext, type Sender } from 'rhea';
import { type Logger, silentLogger } from '../log.ts';
import { Problem } from '../problem.ts';
import { type Dialect, dialectOf, type Way } from './addresses.ts';
import { createSettler, type Verdict } from './settle.ts';

export interface LineOptions {
  host: string;
  port: number;
  username: string;
  password: string;
  /** PEM of the authority to trust; with it the line is TLS, without it plain. */
  ca?: string;
  /** Shown in the broker's list of connections. */
  name: string;
  /** What `send` names. */
  sendsTo: Way;
  /** Done on every new connection before anything is attached, e.g. declaring queues. */
  prepare?(): Promise<void>;
  /** How long a message waits to be taken by the broker, ms. Default 10,000. */
  sendTimeoutMs?: number;
  /** The broker says something at least this often, ms; twice as long without a word is a connection lost. Default 10,000. */
  idleTimeoutMs?: number;
  log?: Logger;
}

interface Outgoing {
  to: string;
  bytes: Uint8Array;
  ttlMs: number;
  settle(problem?: Problem): void;
}

interface Consumer {
  queue: string;
  /** Messages at a time. Default 64. */
  credit?: number;
  handler(bytes: Uint8Array): Promise<void>;
  /** Looks first, whatever becomes of other messages. @returns whether this was one for it alone. */
  intercept?(bytes: Uint8Array): boolean;
}

interface Intake extends Consumer {
  /** Since a message could not be handled, and until the next that could. */
  isStuck: boolean;
}

/** One life of the connection. Whatever belongs to an earlier one is ignored. */
interface Life {
  connection: Connection;
  /** Known once the broker has said what it is. */
  dialect?: Dialect;
  sender?: Sender;
  /** Sent and not yet settled by the broker. */
  unsettled: Map<Delivery, Outgoing>;
  settle: ReturnType<typeof createSettler>;
  isReady: boolean;
  /** Ends a life whose peer takes the connection and then says nothing. */
  deadline?: NodeJS.Timeout;
}

const CREDIT = 64;
/** From the first byte to the last link. */
const READY_TIMEOUT_MS = 15_000;
const BACKOFF_MS = { first: 100, most: 5_000 };
/** How long a message that could not be handled is kept back: the first, and while none can be. */
const GIVE_BACK_MS = { first: 200, stuck: 1_000 };

/**
 * A connection that outlives its broker. rhea's own reconnect is off, because it loses links and messages without an error; here
 * every failure drops the whole connection, and the next one attaches all consumers and sends again whatever was not settled.
 * So a message may arrive twice, and none is lost that `send` did not refuse.
 */
export class AmqpLine {
  readonly #options: LineOptions;
  readonly #log: Logger;
  readonly #consumers: Intake[] = [];
  readonly #queue: Outgoing[] = [];
  readonly #pending = new Set<Outgoing>();
  readonly #whenReady: { resolve(): void; reject(problem: Problem): void }[] = [];
  #life: Life | undefined;
  #failures = 0;
  #timer: NodeJS.Timeout | undefined;
  #isClosed = false;
  #lastError = 'not connected yet';

  constructor(options: LineOptions) {
    this.#options = options;
    this.#log = options.log ?? silentLogger;
  }

  /**
   * Connects and attaches; resolves when both are done, however long the broker is away.
   * @throws Problem `unavailable` when it is closed before that.
   */
  async open(consumers: readonly Consumer[]): Promise<void> {
    this.#consumers.push(...consumers.map((consumer) => ({ ...consumer, isStuck: false })));
    const ready = new Promise<void>((resolve, reject) => this.#whenReady.push({ resolve, reject }));
    this.#connect();
    await ready;
  }

  /** @throws Problem `unavailable` with what was last wrong. */
  ping(): void {
    if (!this.#life?.isReady) throw this.#unavailable();
  }

  /**
   * Resolves when the broker has taken it. @throws Problem `unavailable`; the message may still arrive.
   * @param to the name of a queue, or a key, as the line was told.
   */
  send(to: string, bytes: Uint8Array, ttlMs: number): Promise<void> {
    return new Promise((resolve, reject) => {
      if (this.#isClosed) return reject(this.#unavailable());
      const timer = setTimeout(() => outgoing.settle(this.#unavailable()), this.#options.sendTimeoutMs ?? 10_000);
      const outgoing: Outgoing = {
        to,
        bytes,
        ttlMs,
        settle: (problem) => {
          clearTimeout(timer);
          if (!this.#pending.delete(outgoing)) return;
          const at = this.#queue.indexOf(outgoing);
          if (at >= 0) this.#queue.splice(at, 1);
          if (problem) reject(problem);
          else resolve();
        },
      };
      this.#pending.add(outgoing);
      this.#queue.push(outgoing);
      this.#flush();
    });
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    clearTimeout(this.#timer);
    const life = this.#life;
    this.#life = undefined;
    for (const outgoing of [...this.#pending]) outgoing.settle(this.#unavailable());
    for (const { reject } of this.#whenReady.splice(0)) reject(this.#unavailable());
    if (!life) return;
    clearTimeout(life.deadline);
    const { connection } = life;
    if (life.isReady) {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, 1_000);
        const done = () => {
          clearTimeout(timer);
          resolve();
        };
        connection.once('connection_close', done);
        connection.once('disconnected', done);
        connection.close();
      });
    }
    destroy(connection);
  }

  #unavailable(): Problem {
    const { host, port } = this.#options;
    return new Problem(
      'unavailable',
      `the message broker at ${host}:${port} does not answer (${this.#lastError}); it is tried again`,
    );
  }

  #connect(): void {
    if (this.#isClosed) return;
    const { host, port, username, password, ca, name } = this.#options;
    const options: ConnectionOptions = {
      host,
      port,
      username,
      password,
      container_id: name,
      reconnect: false,
      idle_time_out: this.#options.idleTimeoutMs ?? 10_000,
      ...(ca === undefined
        ? {}
        : // An address has no place in the handshake (RFC 6066); the certificate is held against it all the same.
          { transport: 'tls', ca, rejectUnauthorized: true, servername: isIP(host) ? '' : host }),
    };
    const connection = rhea.create_container().connect(options);
    const life: Life = { connection, unsettled: new Map(), settle: createSettler(), isReady: false };
    this.#life = life;
    life.deadline = setTimeout(() => this.#drop(life, `no answer within ${READY_TIMEOUT_MS} ms`), READY_TIMEOUT_MS);
    const fail = (what: string) => (context: EventContext) => this.#fail(life, what, context);
    for (const event of [
      'connection_error',
      'connection_close',
      'disconnected',
      'session_error',
      'session_close',
      'sender_error',
      'sender_close',
      'receiver_error',
      'receiver_close',
    ]) {
      connection.on(event, fail(event));
    }
    // rhea speaks of protocol faults in these; unheard they would end the process.
    connection.on('protocol_error', fail('protocol_error'));
    connection.on('error', fail('error'));
    connection.on('connection_open', () => {
      this.#attach(life).catch((error: unknown) =>
        this.#drop(life, error instanceof Error ? error.message : String(error)),
      );
    });
  }

  async #attach(life: Life): Promise<void> {
    await this.#options.prepare?.();
    if (this.#life !== life) return;
    const { connection } = life;
    const dialect = dialectOf(connection.properties);
    life.dialect = dialect;
    const sender = connection.open_sender({ target: dialect.target(this.#options.sendsTo) });
    life.sender = sender;
    sender.on('sendable', () => this.#flush());
    sender.on('accepted', (context: EventContext) => this.#settled(life, context));
    sender.on('released', (context: EventContext) => this.#settled(life, context, 'nobody receives there'));
    sender.on('rejected', (context: EventContext) => this.#settled(life, context, 'it was rejected'));
    sender.on('modified', (context: EventContext) => this.#settled(life, context, 'it was not taken'));
    let open = 1 + this.#consumers.length;
    const opened = () => {
      open -= 1;
      if (open > 0 || this.#life !== life) return;
      life.isReady = true;
      this.#failures = 0;
      this.#log.info({ host: this.#options.host, port: this.#options.port }, 'connected to the message broker');
      clearTimeout(life.deadline);
      for (const { resolve } of this.#whenReady.splice(0)) resolve();
      this.#flush();
    };
    sender.once('sender_open', opened);
    for (const consumer of this.#consumers) {
      const receiver = connection.open_receiver({
        source: { address: dialect.address.queue(consumer.queue) },
        credit_window: consumer.credit ?? CREDIT,
        autoaccept: false,
      });
      receiver.once('receiver_open', opened);
      receiver.on('message', (context: EventContext) => this.#received(life, consumer, context));
    }
  }

  #received(life: Life, consumer: Intake, context: EventContext): void {
    const { delivery } = context;
    if (!delivery) return;
    const bytes = bodyOf(context.message?.body);
    const done = (verdict: Verdict) => {
      if (this.#life === life) life.settle(delivery, verdict);
    };
    if (!bytes) {
      this.#log.warn({ queue: consumer.queue }, 'a message without bytes was thrown away');
      done('accept');
      return;
    }
    if (consumer.intercept?.(bytes)) {
      done('accept');
      return;
    }
    consumer.handler(bytes).then(
      () => {
        if (consumer.isStuck) this.#log.info({ queue: consumer.queue }, 'messages are handled again');
        consumer.isStuck = false;
        done('accept');
      },
      (error: unknown) => {
        // Straight back it would come straight again; a moment gives the cause (a store that is away) time to pass.
        setTimeout(() => done('release'), consumer.isStuck ? GIVE_BACK_MS.stuck : GIVE_BACK_MS.first);
        if (!consumer.isStuck)
          this.#log.warn({ error, queue: consumer.queue }, 'messages cannot be handled and go back to their queue');
        consumer.isStuck = true;
      },
    );
  }

  #flush(): void {
    const life = this.#life;
    const { sender, dialect } = life ?? {};
    if (!life?.isReady || !sender || !dialect) return;
    while (this.#queue.length > 0 && sender.sendable()) {
      const outgoing = this.#queue.shift();
      if (!outgoing) return;
      const delivery = sender.send({
        ...dialect.destination(this.#options.sendsTo, outgoing.to),
        durable: true,
        ttl: Math.ceil(outgoing.ttlMs),
        body: rhea.message.data_section(Buffer.from(outgoing.bytes)),
      });
      life.unsettled.set(delivery, outgoing);
    }
  }

  #settled(life: Life, context: EventContext, why?: string): void {
    const outgoing = context.delivery && life.unsettled.get(context.delivery);
    if (!context.delivery || !outgoing) return;
    life.unsettled.delete(context.delivery);
    outgoing.settle(
      why === undefined
        ? undefined
        : new Problem('unavailable', `the broker did not deliver to ${outgoing.to}: ${why}`),
    );
  }

  #fail(life: Life, what: string, context: EventContext): void {
    const error: unknown =
      context.error ??
      context.connection?.error ??
      context.session?.error ??
      context.sender?.error ??
      context.receiver?.error;
    const detail =
      error instanceof Error ? error.message : typeof error === 'object' && error !== null ? describe(error) : '';
    this.#drop(life, detail ? `${what}: ${detail}` : what);
  }

  #drop(life: Life, why: string): void {
    if (this.#life !== life) return;
    this.#life = undefined;
    clearTimeout(life.deadline);
    // The first word is the cause; what follows it while everything is torn down is not.
    if (life.isReady || this.#failures === 0)
      this.#log.warn(
        { host: this.#options.host, port: this.#options.port, why },
        'the connection to the message broker ended; it is tried again',
      );
    this.#lastError = why;
    this.#queue.unshift(...[...life.unsettled.values()].filter((outgoing) => this.#pending.has(outgoing)));
    destroy(life.connection);
    if (this.#isClosed) return;
    const delay = Math.min(BACKOFF_MS.most, BACKOFF_MS.first * 2 ** this.#failures);
    this.#failures += 1;
    this.#timer = setTimeout(() => this.#connect(), delay * (0.75 + Math.random() / 2));
  }
}

/** An AMQP error condition as a sentence. */
function describe(error: object): string {
  const { condition, description } = error as { condition?: unknown; description?: unknown };
  return [condition, description].filter((part) => typeof part === 'string').join(' ');
}

/**
 * Ends the socket at once: a peer that does not close must not hold us. With an error, since rhea stops its idle timers only
 * when the socket tells it something, and each of them would hold the process for twenty seconds.
 */
function destroy(connection: Connection): void {
  const { socket } = connection as Connection & { socket?: { destroy(error: Error): void } };
  socket?.destroy(new Error('the connection was given up'));
}

/** A data section arrives as a Buffer or as rhea's section object, by broker. */
function bodyOf(body: unknown): Uint8Array | undefined {
  if (body instanceof Uint8Array) return body;
  if (typeof body === 'object' && body !== null && 'content' in body) {
    const { content } = body;
    if (content instanceof Uint8Array) return content;
    if (Array.isArray(content) && content.every((part) => part instanceof Uint8Array)) return Buffer.concat(content);
  }
  return undefined;
}
