import nacl from 'tweetnacl';
import { Problem } from '../problem.ts';
import { type DirectionKey, KID_BYTES } from './keys.ts';

export const MESSAGE_TYPES = ['call', 'reply', 'hello', 'report', 'ask', 'answer'] as const;
export type MessageType = (typeof MESSAGE_TYPES)[number];

/**
 * What stands inside the seal, in every version of the protocol. The receiver compares each field with what it expects from the
 * key that opened it.
 */
export interface Message {
  /** Version of the protocol in which the body is. */
  v: number;
  instance: string;
  dir: 'up' | 'down';
  type: MessageType;
  /** Method of a call, reply, ask or answer; empty otherwise. */
  method: string;
  /** Operation id of a call and its reply, an ask and its answer; empty otherwise. */
  op: string;
  /** Session of the sender: one life of one process. */
  from: string;
  /** Session of the receiver; empty where any copy of the control plane may take it. */
  to: string;
  /** Rises with every message of a session. */
  n: number;
  /** When it was sealed and until when it may still begin to act, ms since 1970 by the sender's clock. */
  iat: number;
  exp: number;
  body: unknown;
}

const NONCE_BYTES = nacl.secretbox.nonceLength;
const HEAD_BYTES = KID_BYTES + NONCE_BYTES;

/** No message is larger: a driver travels in chunks, lists in pages. */
export const MAX_MESSAGE_BYTES = 4 * 1024 * 1024;

/** Characters of an id or name inside the seal. */
const MAX_NAME = 128;

const encoder = new TextEncoder();
const decoder = new TextDecoder('utf-8', { fatal: true });

/** Bytes on the wire: key id (16), nonce (24), XSalsa20-Poly1305 of the message as JSON. */
export function seal(message: Message, key: DirectionKey): Uint8Array {
  const nonce = nacl.randomBytes(NONCE_BYTES);
  const box = nacl.secretbox(encoder.encode(JSON.stringify(message)), nonce, key.key);
  const sealed = new Uint8Array(HEAD_BYTES + box.length);
  sealed.set(Buffer.from(key.kid, 'base64url'), 0);
  sealed.set(nonce, KID_BYTES);
  sealed.set(box, HEAD_BYTES);
  return sealed;
}

/** The id of the key that sealed it, base64url; undefined for what is no envelope. It proves nothing yet. */
export function keyIdOf(sealed: Uint8Array): string | undefined {
  if (sealed.length <= HEAD_BYTES + nacl.secretbox.overheadLength || sealed.length > MAX_MESSAGE_BYTES)
    return undefined;
  return Buffer.from(sealed.subarray(0, KID_BYTES)).toString('base64url');
}

const refused = (why: string): Problem => new Problem('envelope_refused', `the message was refused: ${why}`);

/** @throws Problem `envelope_refused`, whatever the bytes are; a message that opens is whole and well-formed. */
export function open(sealed: Uint8Array, key: DirectionKey): Message {
  if (keyIdOf(sealed) !== key.kid) throw refused('its key id is not the one of this link');
  const plain = nacl.secretbox.open(sealed.subarray(HEAD_BYTES), sealed.subarray(KID_BYTES, HEAD_BYTES), key.key);
  if (!plain) throw refused('its seal does not open');
  return parse(plain);
}

function parse(plain: Uint8Array): Message {
  let value: unknown;
  try {
    value = JSON.parse(decoder.decode(plain));
  } catch {
    throw refused('it is not JSON');
  }
  if (!isRecord(value)) throw refused('it is not an object');
  const string = (name: string): string => {
    const field = value[name];
    // Ids and names are short, and end up in columns and logs; a NUL has no place in either.
    if (typeof field !== 'string' || field.length > MAX_NAME || field.includes('\0'))
      throw refused(`${name} is no name`);
    return field;
  };
  const integer = (name: string): number => {
    const field = value[name];
    if (typeof field !== 'number' || !Number.isSafeInteger(field) || field < 0)
      throw refused(`${name} is not a whole number`);
    return field;
  };
  const dir = string('dir');
  if (dir !== 'up' && dir !== 'down') throw refused(`its direction is ${dir}`);
  const type = MESSAGE_TYPES.find((known) => known === value.type);
  if (!type) throw refused('its type is not known');
  return {
    v: integer('v'),
    instance: string('instance'),
    dir,
    type,
    method: string('method'),
    op: string('op'),
    from: string('from'),
    to: string('to'),
    n: integer('n'),
    iat: integer('iat'),
    exp: integer('exp'),
    body: value.body,
  };
}

export const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** @throws Problem `envelope_refused` when it speaks of another instance or direction than its key is for. */
export function expectFrom(message: Message, expected: { instanceId: string; dir: 'up' | 'down' }): void {
  if (message.instance !== expected.instanceId) throw refused('it is for another instance');
  if (message.dir !== expected.dir) throw refused('it goes the other way');
}
