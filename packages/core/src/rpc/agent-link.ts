import { randomBytes, randomUUID } from 'node:crypto';
import type { Operation } from '../driver/operation.ts';
import { type Logger, silentLogger } from '../log.ts';
import { PROBLEMS, Problem, reviveProblem, toProblem } from '../problem.ts';
import type { AgentLink, GuestHandlers } from './caller.ts';
import { expectFrom, isRecord, keyIdOf, type Message, open, seal } from './envelope.ts';
import { deriveLinkKeys, deriveTokenKeys, type KeyPair, type LinkKeys } from './keys.ts';
import type { ControlMethod, ControlMethods, GuestReport } from './methods.ts';
import { commonProtocol, HANDSHAKE, PROTOCOLS, type ProtocolRange, protocolsOf, understands } from './protocols.ts';
import { ReplayWindows } from './replay-window.ts';
import type { ReplyStore, StoredReply } from './replies.ts';
import { createSealedClock } from './sealed-clock.ts';
import type { AgentTransport } from './transport.ts';

export interface AgentLinkOptions {
  transport: AgentTransport;
  instanceId: string;
  /** Made in the guest and on its disk before it is first used, so that a crash in the middle of enrolment repeats with the same. */
  keys: KeyPair;
  /** The control plane's key, once enrolled. */
  serverPublicKey?: string;
  /** The one-time token; needed until enrolled. */
  token?: string;
  /** Keeps the control plane's key on disk. Resolves when it is safe. */
  enrolled(serverPublicKey: string): Promise<void>;
  /** Raises the boot counter on disk. Resolves with the new value when it is safe. */
  nextBoot(): Promise<number>;
  replies: ReplyStore;
  /** A method that has none is answered `not_supported`. */
  handlers: Partial<GuestHandlers>;
  /** What this agent speaks. Default: what this build does. */
  protocols?: ProtocolRange;
  /** Ms since 1970. Default: the machine's clock. */
  now?: () => number;
  /** Between two requests to enrol, ms. Default 2,000. */
  enrolRetryMs?: number;
  /** Gives up connecting. */
  signal?: AbortSignal;
  log?: Logger;
}

const EVENT_TTL_MS = 60_000;
/** For the control plane's time, when a command seems to come at a wrong one. */
const CLOCK_TIMEOUT_MS = 5_000;

/**
 * The guest's end of its link. Resolves once the guest is enrolled and its hello is with the broker.
 * @throws the signal's reason, or the transport's Problem; closing the transport is then the caller's.
 */
export async function connectAgentLink(options: AgentLinkOptions): Promise<AgentLink> {
  const { transport, instanceId, handlers, replies } = options;
  const now = options.now ?? Date.now;
  const log = options.log ?? silentLogger;
  const protocols = options.protocols ?? PROTOCOLS;
  /** This process's life. */
  const session = randomBytes(16).toString('hex');
  const boot = await options.nextBoot();
  const windows = new ReplayWindows();
  const running = new Map<string, Promise<StoredReply>>();
  const questions = new Map<string, (answer: Message) => void>();
  const clock = createSealedClock();
  const closing = new AbortController();
  let lastNumber = 0;
  /** What reports and questions are in, which any copy may take: the lowest, until a copy says what it reads. */
  let speaking = protocols.min;

  const token = options.token === undefined ? undefined : deriveTokenKeys(options.token, instanceId);
  let link =
    options.serverPublicKey === undefined
      ? undefined
      : deriveLinkKeys(options.keys, { publicKey: options.serverPublicKey }, instanceId, 0);

  function sealUp(keys: LinkKeys, message: Pick<Message, 'v' | 'type' | 'method' | 'op' | 'to' | 'body'>): Uint8Array {
    const at = now();
    lastNumber += 1;
    return seal(
      {
        instance: instanceId,
        dir: 'up',
        from: session,
        n: lastNumber,
        iat: at,
        exp: at + EVENT_TTL_MS,
        ...message,
      },
      keys.up,
    );
  }

  async function reply(to: Message, body: unknown, v = to.v): Promise<void> {
    if (!link) return;
    await transport.reply(to.from, sealUp(link, { v, type: 'reply', method: to.method, op: to.op, to: to.from, body }));
  }

  /** Asks for the call once more, as this life of the agent can read it. */
  const refuse = (call: Message, why: string): Promise<void> =>
    reply(call, { problem: new Problem('stale_session', why).toJSON(), protocols }, HANDSHAKE);

  /**
   * A copy of the control plane says what it speaks. Copies of two builds run side by side while one follows the other; the last
   * word counts.
   */
  function learn(theirs: ProtocolRange): void {
    const common = commonProtocol(protocols, theirs);
    if (common !== undefined) speaking = common;
    else
      log.error({ theirs, ours: protocols }, 'the control plane speaks no protocol of this agent; upgrade the older');
  }

  /** Runs a call once, whoever asks and how often; a failure that may pass is not kept, so that asking again runs it again. */
  async function runOnce(message: Message): Promise<StoredReply> {
    const current = running.get(message.op);
    if (current !== undefined) return current;
    const began = (async (): Promise<StoredReply> => {
      const stored = await replies.get(message.op);
      if (stored) return stored;
      const ill = await mistimedByAll(message);
      if (ill) return { problem: ill.toJSON() };
      const outcome = await run(message);
      const isFinal = 'result' in outcome || !PROBLEMS[outcome.problem.code].retry;
      if (isFinal) await replies.put(message.op, outcome);
      return outcome;
    })();
    running.set(message.op, began);
    try {
      return await began;
    } finally {
      running.delete(message.op);
    }
  }

  /** By this guest's clock, and then by the control plane's: a clock that is off keeps nobody from working. */
  async function mistimedByAll(message: Message): Promise<Problem | undefined> {
    const ill = mistimed(message, clock.latest() ?? now());
    if (!ill || !link) return ill;
    await ask(link, 'clock', {}, 1_000, AbortSignal.any([closing.signal, AbortSignal.timeout(CLOCK_TIMEOUT_MS)])).catch(
      (error: unknown) => log.debug({ error }, 'the control plane did not tell its time'),
    );
    const latest = clock.latest();
    return latest === undefined ? ill : mistimed(message, latest);
  }

  async function run(message: Message): Promise<StoredReply> {
    const limit = AbortSignal.any([closing.signal, AbortSignal.timeout(Math.max(1, message.exp - message.iat))]);
    try {
      return { result: await dispatch(handlers, message.method, message.body, { id: message.op, signal: limit }) };
    } catch (error) {
      const problem = toProblem(error);
      log.warn({ method: message.method, op: message.op, error }, 'a call failed');
      return { problem: problem.toJSON() };
    }
  }

  async function onCommand(sealed: Uint8Array): Promise<void> {
    const kid = keyIdOf(sealed);
    // The token is good until the enrolment is answered, and for nothing afterwards.
    const keys = link ? (kid === link.down.kid ? link : undefined) : kid === token?.down.kid ? token : undefined;
    let message: Message;
    try {
      if (!keys) throw new Problem('envelope_refused', 'this guest does not have its key');
      message = open(sealed, keys.down);
      expectFrom(message, { instanceId, dir: 'down' });
      if (message.type !== 'answer' && (keys === token || message.type !== 'call'))
        throw new Problem('envelope_refused', `a ${message.type} is not expected`);
    } catch (error) {
      log.warn({ why: toProblem(error).detail, kid }, 'a message was refused');
      return;
    }
    if (message.to !== session) {
      log.info({ method: message.method, op: message.op }, 'a message for an earlier life of this agent was refused');
      if (message.type === 'call')
        await refuse(message, 'the agent has restarted; seal the call again for its present session');
      return;
    }
    const isFresh = windows.take(message.from, message.n);
    if (message.type === 'answer') {
      if (!isFresh || !understands(protocols, message)) return;
      if (message.method === 'hello') learn(protocolsOf(message));
      else questions.get(message.op)?.(message);
      return;
    }
    // The broker may deliver once more what it has not seen settled: such a call is joined or answered, and nothing else.
    if (!isFresh && !running.has(message.op) && !(await replies.get(message.op))) {
      log.warn({ method: message.method, op: message.op }, 'a replayed call was refused');
      return;
    }
    if (!understands(protocols, message))
      return refuse(message, `the agent does not speak protocol ${message.v}; seal the call again in one that it does`);
    await reply(message, await runOnce(message));
  }

  /** Sends a question until it is answered, at last every `retryMs`; the answer is the same for each. */
  async function ask(
    keys: LinkKeys,
    method: string,
    params: unknown,
    retryMs: number,
    signal: AbortSignal,
  ): Promise<unknown> {
    const op = randomUUID();
    const answered = Promise.withResolvers<Message>();
    const learnTime = clock.ask();
    questions.set(op, (answer) => {
      learnTime(answer.iat);
      answered.resolve(answer);
    });
    const onAbort = () => answered.reject(signal.reason);
    signal.addEventListener('abort', onAbort, { once: true });
    let timer: NodeJS.Timeout | undefined;
    // A question that overtakes the hello is refused, so the first repeat comes soon.
    let waitMs = Math.min(500, retryMs);
    const send = () => {
      timer = setTimeout(send, waitMs);
      waitMs = Math.min(waitMs * 2, retryMs);
      transport
        .event(
          sealUp(keys, { v: keys === token ? HANDSHAKE : speaking, type: 'ask', method, op, to: '', body: params }),
        )
        .catch((error: unknown) =>
          log.debug({ error, method }, 'a question was not taken by the broker; it is asked again'),
        );
    };
    try {
      signal.throwIfAborted();
      send();
      const { body } = await answered.promise;
      if (!isRecord(body)) throw new Problem('envelope_refused', `the answer to ${method} is malformed`);
      if (isRecord(body.problem)) throw reviveProblem(body.problem);
      return body.result;
    } finally {
      clearTimeout(timer);
      signal.removeEventListener('abort', onAbort);
      questions.delete(op);
    }
  }

  const untilClosed = options.signal ? AbortSignal.any([options.signal, closing.signal]) : closing.signal;
  // A broker that does not let this guest in is waited for by the transport for ever.
  const givenUp = Promise.withResolvers<never>();
  givenUp.promise.catch(() => {});
  untilClosed.throwIfAborted();
  untilClosed.addEventListener('abort', () => givenUp.reject(untilClosed.reason), { once: true });
  await Promise.race([transport.start(onCommand), givenUp.promise]);
  if (!link) {
    if (!token)
      throw new Problem('bad_request', 'the guest is not enrolled and has no enrolment token; give it user data');
    const granted = await ask(
      token,
      'enrol',
      { publicKey: options.keys.publicKey },
      options.enrolRetryMs ?? 2_000,
      untilClosed,
    );
    const serverPublicKey = isRecord(granted) ? granted.serverPublicKey : undefined;
    if (typeof serverPublicKey !== 'string')
      throw new Problem('envelope_refused', 'the answer to the enrolment has no key');
    await options.enrolled(serverPublicKey);
    link = deriveLinkKeys(options.keys, { publicKey: serverPublicKey }, instanceId, 0);
  }
  const keys = link;
  const event = (v: number, type: 'hello' | 'report', facts: Record<string, unknown>): Promise<void> =>
    transport.event(sealUp(keys, { v, type, method: '', op: '', to: '', body: { boot, protocols, ...facts } }));
  await event(HANDSHAKE, 'hello', {});

  return {
    async ask<M extends ControlMethod>(
      method: M,
      params: ControlMethods[M]['params'],
      { timeoutMs, signal }: { timeoutMs: number; signal?: AbortSignal },
    ) {
      const signals = [closing.signal, AbortSignal.timeout(timeoutMs), ...(signal ? [signal] : [])];
      const result = await ask(keys, method, params, Math.max(1_000, timeoutMs / 4), AbortSignal.any(signals));
      return result as ControlMethods[M]['result'];
    },
    report: (report: GuestReport) => event(speaking, 'report', { report }),
    async close() {
      closing.abort(new Problem('unavailable', 'the agent is stopping; ask again under the same operation id'));
      await Promise.allSettled(running.values());
      await transport.close();
    },
  };
}

/**
 * Why a call must not begin now: it is over, or by this clock it has not even been asked, so nobody can tell whether it is over.
 * A clock that is off by less than a call's own time does no harm.
 */
function mistimed({ method, iat, exp }: Message, now: number): Problem | undefined {
  if (now > exp) {
    const seconds = Math.ceil((now - exp) / 1000);
    return new Problem(
      'timeout',
      `${method} came ${seconds} s after it was to begin: it waited that long, or the guest's clock is ${seconds} s ahead`,
    );
  }
  const earlyMs = iat - now;
  if (earlyMs <= exp - iat) return undefined;
  const seconds = Math.ceil(earlyMs / 1000);
  return new Problem(
    'timeout',
    `${method} cannot be held to its time: the guest's clock is ${seconds} s behind; set it`,
  );
}

/** One call of the handler with the method's name. */
async function dispatch(
  handlers: Partial<GuestHandlers>,
  method: string,
  params: unknown,
  op: Operation,
): Promise<unknown> {
  const known = new Map<string, unknown>(Object.entries(handlers));
  const handler = known.get(method);
  if (!handler)
    throw new Problem('not_supported', `this agent knows no method ${method}; known: ${[...known.keys()].join(', ')}`);
  // The control plane is trusted with the shape of its own calls: they were sealed by it.
  return (handler as (params: unknown, op: Operation) => Promise<unknown>)(params, op);
}
