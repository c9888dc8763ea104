import { isRecord, type Message } from './envelope.ts';

/** Versions of what stands inside the seal that one side speaks, both ends included. */
export interface ProtocolRange {
  min: number;
  max: number;
}

/**
 * What this build speaks. A new method, or a new field that may be absent, is no new version: who does not know it says so, or reads
 * past it. A version is for what changes its meaning, and the build that brings one still speaks the one before, so that guests and
 * copies of the control plane can be upgraded one at a time.
 */
export const PROTOCOLS: ProtocolRange = { min: 1, max: 1 };

/**
 * The version of the few messages by which two builds find out what they have in common. The shape of these stays for ever, beside
 * the envelope's own: the question `enrol` and its answer; a `hello`, body `{ boot, protocols }`; its `answer`, body
 * `{ protocols }`; a reply with the problem `stale_session`, body `{ problem, protocols }`. Where a build of before says no
 * `protocols`, it speaks the version of its message alone.
 */
export const HANDSHAKE = 1;

/** No version is higher: it goes into a column. */
const MAX_VERSION = 65_535;

function isHandshake({ type, method, body }: Message): boolean {
  if (type === 'hello') return true;
  if (type === 'reply') return isRecord(body) && isRecord(body.problem) && body.problem.code === 'stale_session';
  return method === 'enrol' || (type === 'answer' && method === 'hello');
}

/** Whether a side that speaks this range may read the message's body. */
export const understands = (range: ProtocolRange, message: Message): boolean =>
  isHandshake(message) ? message.v === HANDSHAKE : message.v >= range.min && message.v <= range.max;

/** The highest version that both speak. */
export function commonProtocol(one: ProtocolRange, other: ProtocolRange): number | undefined {
  const highest = Math.min(one.max, other.max);
  return highest >= Math.max(one.min, other.min) ? highest : undefined;
}

const isVersion = (value: unknown): value is number =>
  Number.isSafeInteger(value) && Number(value) >= 1 && Number(value) <= MAX_VERSION;

/** What the sender of a message says that it speaks. */
export function protocolsOf({ v, body }: Message): ProtocolRange {
  const said = isRecord(body) && isRecord(body.protocols) ? body.protocols : {};
  const { min, max } = said;
  return isVersion(min) && isVersion(max) && min <= max ? { min, max } : { min: v, max: v };
}

const words = ({ min, max }: ProtocolRange): string => (min === max ? `${min}` : `${min} to ${max}`);

/** Why an agent and this server cannot speak to each other, as a sentence for the operator. */
export function apart(agent: ProtocolRange, server: ProtocolRange): string {
  const older = agent.max < server.min ? 'the agent (a guest from the present image)' : 'the server';
  return `the guest's agent speaks protocol ${words(agent)}; this server speaks ${words(server)}; upgrade ${older}`;
}
