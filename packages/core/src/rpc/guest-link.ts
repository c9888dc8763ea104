import { type Logger, silentLogger } from '../log.ts';
import { Problem, reviveProblem, toProblem } from '../problem.ts';
import type { CallOptions, ControlHandlers, GuestCaller } from './caller.ts';
import type { GuestDirectory, KeyHolder } from './directory.ts';
import { expectFrom, isRecord, keyIdOf, type Message, open, seal } from './envelope.ts';
import { createExchanges } from './exchanges.ts';
import { parseReport } from './guest-report.ts';
import type { LinkKeys } from './keys.ts';
import type { GuestMethod, GuestMethods, GuestReport } from './methods.ts';
import {
  apart,
  commonProtocol,
  HANDSHAKE,
  PROTOCOLS,
  type ProtocolRange,
  protocolsOf,
  understands,
} from './protocols.ts';
import { ReplayWindows } from './replay-window.ts';
import { createRisingNumbers } from './rising-numbers.ts';
import type { ServerTransport } from './transport.ts';

export interface GuestLinkOptions {
  transport: ServerTransport;
  directory: GuestDirectory;
  handlers: ControlHandlers;
  /** What this copy speaks. Default: what this build does. */
  protocols?: ProtocolRange;
  /** After a report was taken. */
  onReport?(instanceId: string, report: GuestReport): Promise<void>;
  /** Ms since 1970. Default: the machine's clock. */
  now?: () => number;
  log?: Logger;
}

export interface GuestLink extends GuestCaller {
  start(): Promise<void>;
  /** Ends open calls with `unavailable` and gives the transport back. */
  close(): Promise<void>;
}

/** A guest that restarts faster than it can be spoken to is not spoken to. */
const MAX_RESEALS = 5;
const MAX_REFUSED_KEYS = 1_000;
/** Answers to a guest's questions are worthless after this. */
const ANSWER_TTL_MS = 60_000;

/** What a guest speaks of which nothing is known. */
const EARLIEST: ProtocolRange = { min: HANDSHAKE, max: HANDSHAKE };

/** The control plane's end of the links to all guests: calls down, replies, reports and questions up. */
export function createGuestLink(options: GuestLinkOptions): GuestLink {
  const { transport, directory } = options;
  const now = options.now ?? Date.now;
  const log = options.log ?? silentLogger;
  const protocols = options.protocols ?? PROTOCOLS;
  /** This process's life. It is also the name of this copy, under which replies come back. */
  const session = transport.copy;
  const windows = new ReplayWindows();
  const exchanges = createExchanges();
  /** Guests that this copy cannot speak to, and what was said of it: one line in the log, not one a report. */
  const strangers = new Map<string, string>();
  const refusedKeys = new Set<string>();
  const nextNumber = createRisingNumbers();

  function sealDown(
    keys: LinkKeys,
    message: Pick<Message, 'v' | 'instance' | 'type' | 'method' | 'op' | 'to' | 'body'>,
    ttlMs: number,
  ): Uint8Array {
    const at = now();
    const n = nextNumber(message.instance);
    return seal({ dir: 'down', from: session, n, iat: at, exp: at + Math.ceil(ttlMs), ...message }, keys.down);
  }

  async function call<M extends GuestMethod>(
    instanceId: string,
    method: M,
    params: GuestMethods[M]['params'],
    { operationId, timeoutMs, signal: outer }: CallOptions,
  ): Promise<GuestMethods[M]['result']> {
    const deadline = now() + timeoutMs;
    const limit = new AbortController();
    const timer = setTimeout(() => {
      limit.abort(
        new Problem(
          'timeout',
          `instance ${instanceId} did not answer ${method} within ${timeoutMs} ms; ask again under the same operation id`,
        ),
      );
    }, timeoutMs);
    const onOuter = () =>
      limit.abort(
        outer?.reason instanceof Problem
          ? outer.reason
          : new Problem('unavailable', `the call of ${method} was given up`),
      );
    if (outer?.aborted) onOuter();
    outer?.addEventListener('abort', onOuter, { once: true });
    try {
      const guest = await directory.get(instanceId);
      if (!guest) throw new Problem('not_found', `there is no guest of instance ${instanceId}`);
      if (!guest.link || !guest.session)
        throw new Problem('not_ready', `the guest of instance ${instanceId} has not enrolled yet`);
      const keys = guest.link;
      let to = guest.session;
      let theirs = guest.protocols ?? EARLIEST;
      for (let attempt = 0; attempt < MAX_RESEALS; attempt += 1) {
        const v = commonProtocol(protocols, theirs);
        if (v === undefined) throw new Problem('not_ready', `instance ${instanceId}: ${apart(theirs, protocols)}`);
        const remainingMs = Math.max(1, deadline - now());
        const send = () =>
          transport.send(
            instanceId,
            sealDown(
              keys,
              { v, instance: instanceId, type: 'call', method, op: operationId, to, body: params },
              remainingMs,
            ),
            {
              ttlMs: remainingMs,
            },
          );
        const reply = await exchanges.begin(instanceId, operationId, send, limit.signal);
        const body = isRecord(reply.body) ? reply.body : {};
        if (isRecord(body.problem)) {
          // Sealed by the guest itself: it has restarted since, as another build maybe; the same operation goes to its present life.
          if (body.problem.code === 'stale_session') {
            to = reply.from;
            theirs = protocolsOf(reply);
            continue;
          }
          throw reviveProblem(body.problem);
        }
        // What the guest says is held against the method's type by the callers that rely on it; here it is only known to be its own.
        return (body as { result: GuestMethods[M]['result'] }).result;
      }
      throw new Problem(
        'unavailable',
        `the guest of instance ${instanceId} restarted ${MAX_RESEALS} times while ${method} was asked`,
      );
    } finally {
      clearTimeout(timer);
      outer?.removeEventListener('abort', onOuter);
    }
  }

  function refuse(why: string, fields: Record<string, unknown>): void {
    log.warn({ ...fields, why }, 'a message of a guest was refused');
  }

  /** Once for each key: who could not be heard while it enrolled has asked many times, and nobody is to fill the log. */
  function refuseKey(kid: string | undefined, why: string, fields: Record<string, unknown>): void {
    const key = kid ?? '';
    if (refusedKeys.has(key)) {
      log.debug({ ...fields, kid, why }, 'a message of a guest was refused');
      return;
    }
    refusedKeys.add(key);
    const [oldest] = refusedKeys;
    if (refusedKeys.size > MAX_REFUSED_KEYS && oldest !== undefined) refusedKeys.delete(oldest);
    refuse(why, { ...fields, kid });
  }

  /** A broker delivers again what it has not seen settled, so after an outage this is no attack. It is never taken twice. */
  function seenBefore({ instanceId }: KeyHolder, { type, op }: Message): void {
    log.info({ instanceId, type, op }, 'a message of a guest came twice');
  }

  /** Opens what came up; undefined, and one line in the log, for what nobody of ours sealed for this direction. */
  async function openUp(
    sealed: Uint8Array,
  ): Promise<{ guest: KeyHolder; message: Message; underToken: boolean } | undefined> {
    const kid = keyIdOf(sealed);
    const guest = kid === undefined ? undefined : await directory.byKeyId(kid);
    if (!guest) {
      refuseKey(kid, 'no guest has its key', {});
      return undefined;
    }
    const underToken = guest.token?.up.kid === kid;
    const key = underToken ? guest.token?.up : guest.link?.up;
    try {
      if (!key) throw new Problem('envelope_refused', 'its key is no longer valid');
      const message = open(sealed, key);
      expectFrom(message, { instanceId: guest.instanceId, dir: 'up' });
      return { guest, message, underToken };
    } catch (error) {
      refuseKey(kid, toProblem(error).detail, { instanceId: guest.instanceId });
      return undefined;
    }
  }

  /** A guest's windows are its own: another cannot use up its numbers by naming its session. */
  const isFresh = (guest: KeyHolder, message: Message): boolean =>
    windows.take(`${guest.instanceId}/${message.from}`, message.n);

  async function onReply(sealed: Uint8Array): Promise<void> {
    const opened = await openUp(sealed);
    if (!opened) return;
    const { guest, message, underToken } = opened;
    const wrong =
      underToken || message.type !== 'reply'
        ? 'it is no reply'
        : message.to !== session
          ? 'it is for an earlier life of this copy'
          : !understands(protocols, message)
            ? `it is in protocol ${message.v}`
            : undefined;
    if (wrong !== undefined) return refuse(wrong, { instanceId: guest.instanceId, op: message.op });
    if (!isFresh(guest, message)) return seenBefore(guest, message);
    exchanges.settle(guest.instanceId, message);
  }

  async function answer(guest: KeyHolder, keys: LinkKeys, question: Message, body: unknown): Promise<void> {
    const { v, method, op, from } = question;
    await sendAnswer(guest, keys, { v, method, op, to: from, body });
  }

  /** Tells an agent what this copy reads, so that it reports in a version that both speak. */
  const greet = (guest: KeyHolder, keys: LinkKeys, { from }: Message): Promise<void> =>
    sendAnswer(guest, keys, { v: HANDSHAKE, method: 'hello', op: '', to: from, body: { protocols } });

  async function sendAnswer(
    guest: KeyHolder,
    keys: LinkKeys,
    answer: Pick<Message, 'v' | 'method' | 'op' | 'to' | 'body'>,
  ): Promise<void> {
    const message = { instance: guest.instanceId, type: 'answer', ...answer } as const;
    await transport
      .send(guest.instanceId, sealDown(keys, message, ANSWER_TTL_MS), { ttlMs: ANSWER_TTL_MS })
      // A guest that keeps its own queue full gets no answers; who still waits asks again.
      .catch((error: unknown) => log.warn({ error, instanceId: guest.instanceId }, 'an answer could not be sent'));
  }

  async function onEnrol(guest: KeyHolder, message: Message): Promise<void> {
    const publicKey = isRecord(message.body) ? message.body.publicKey : undefined;
    if (
      message.type !== 'ask' ||
      message.method !== 'enrol' ||
      typeof publicKey !== 'string' ||
      !/^[\w-]{43}$/.test(publicKey) ||
      !guest.token
    ) {
      return refuse('the token is good for enrolment only', { instanceId: guest.instanceId });
    }
    const granted = await directory.enrol(guest.instanceId, publicKey);
    if (!granted) return refuse('the guest is enrolled with another key', { instanceId: guest.instanceId });
    log.info({ instanceId: guest.instanceId }, 'the guest enrolled');
    await answer(guest, guest.token, message, { result: granted });
  }

  async function onAsk(guest: KeyHolder, keys: LinkKeys, message: Message): Promise<void> {
    // A question that overtook the hello of its life is asked again soon.
    const present = await directory.get(guest.instanceId);
    if (message.from !== present?.session) return refuse('it is of another life', { instanceId: guest.instanceId });
    if (!isFresh(guest, message)) return seenBefore(guest, message);
    // The parameters are checked by the handler; a guest is hostile.
    const params = isRecord(message.body) ? message.body : {};
    let body: unknown;
    try {
      // The time of its seal is all that the answer is for.
      if (message.method === 'clock') return await answer(guest, keys, message, { result: {} });
      if (message.method !== 'driver_chunk')
        throw new Problem('not_supported', `the control plane knows no question ${message.method}`);
      const { sha256, offset } = params;
      if (typeof sha256 !== 'string' || typeof offset !== 'number')
        throw new Problem('bad_request', 'driver_chunk needs sha256 and offset');
      body = { result: await options.handlers.driver_chunk(guest.instanceId, { sha256, offset }) };
    } catch (error) {
      const problem = toProblem(error);
      log.warn({ instanceId: guest.instanceId, method: message.method, error }, 'a question of a guest failed');
      body = { problem: problem.toJSON() };
    }
    await answer(guest, keys, message, body);
  }

  /**
   * What cannot be taken now because a part of ours is away goes back to the queue. Anything else a guest may have done on
   * purpose: given back, it would come again for ever and stand in everybody's way.
   */
  async function onEvent(sealed: Uint8Array): Promise<void> {
    try {
      await takeEvent(sealed);
    } catch (error) {
      if (toProblem(error).code === 'unavailable') throw error;
      log.error({ error, kid: keyIdOf(sealed) }, 'an event could not be taken and was thrown away');
    }
  }

  /** Says so to the agent, which may know another version; where it does not, to the operator. */
  async function onUnreadable(guest: KeyHolder, keys: LinkKeys, message: Message): Promise<void> {
    const { instanceId } = guest;
    if (!isFresh(guest, message)) return seenBefore(guest, message);
    await greet(guest, keys, message);
    const theirs = (await directory.get(instanceId))?.protocols;
    if (theirs && commonProtocol(protocols, theirs) === undefined) await estrange(instanceId, theirs);
  }

  async function estrange(instanceId: string, theirs: ProtocolRange): Promise<void> {
    const why = apart(theirs, protocols);
    if (strangers.get(instanceId) !== why) log.error({ instanceId }, why);
    strangers.set(instanceId, why);
    await directory.apart(instanceId, why);
  }

  async function takeEvent(sealed: Uint8Array): Promise<void> {
    const opened = await openUp(sealed);
    if (!opened) return;
    const { guest, message, underToken } = opened;
    if (underToken) return onEnrol(guest, message);
    if (!guest.link) return;
    if (guest.token) await directory.enrolled(guest.instanceId);
    if (!understands(protocols, message)) return onUnreadable(guest, guest.link, message);
    if (message.type === 'ask') return onAsk(guest, guest.link, message);
    const body = isRecord(message.body) ? message.body : {};
    const boot = typeof body.boot === 'number' && Number.isSafeInteger(body.boot) ? body.boot : undefined;
    const report = message.type === 'report' ? parseReport(body.report) : undefined;
    if (boot === undefined || (message.type !== 'hello' && !report))
      return refuse('its body is malformed', { instanceId: guest.instanceId });
    const at = { session: message.from, boot, number: message.n };
    const theirs = protocolsOf(message);
    const heard = { clockSkewMs: message.iat - now(), protocols: theirs, ...(report && { report }) };
    if (!(await directory.accept(guest.instanceId, at, heard))) {
      // The guest's own, and overtaken: after an outage a broker gives out what waited in any order.
      log.debug({ instanceId: guest.instanceId, type: message.type }, 'an event was left: a later one was taken');
      return;
    }
    if (message.type === 'hello') await greet(guest, guest.link, message);
    if (commonProtocol(protocols, theirs) === undefined) return estrange(guest.instanceId, theirs);
    strangers.delete(guest.instanceId);
    if (report) await options.onReport?.(guest.instanceId, report);
  }

  return {
    call,
    start: () => transport.start({ onReply, onEvent }),
    async close() {
      exchanges.fail(
        new Problem('unavailable', 'this copy of the control plane is stopping; ask again under the same operation id'),
      );
      await transport.close();
    },
  };
}
