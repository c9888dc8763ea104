import { hkdfSync, randomBytes } from 'node:crypto';
import nacl from 'tweetnacl';

/** Curve25519 keys, raw bytes as base64url text. */
export interface KeyPair {
  publicKey: string;
  secretKey: string;
}

/** The key of one direction, and the id under which its receiver finds it. */
export interface DirectionKey {
  /** 16 bytes, base64url. */
  kid: string;
  /** 32 bytes. */
  key: Uint8Array;
}

/** `up` is from the guest to the control plane, `down` the other way: a message can never be reflected. */
export interface LinkKeys {
  up: DirectionKey;
  down: DirectionKey;
}

export const KID_BYTES = 16;

const bytes = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, 'base64url'));
const text = (raw: Uint8Array): string => Buffer.from(raw).toString('base64url');

export function newKeyPair(): KeyPair {
  const pair = nacl.box.keyPair();
  return { publicKey: text(pair.publicKey), secretKey: text(pair.secretKey) };
}

/** A one-time enrolment token: 32 random bytes, base64url. */
export const newToken = (): string => randomBytes(32).toString('base64url');

function derive(secret: Uint8Array, instanceId: string, purpose: string): LinkKeys {
  const hkdf = (info: string, length: number): Uint8Array =>
    new Uint8Array(hkdfSync('sha256', secret, `coffer:${instanceId}`, info, length));
  const direction = (name: 'up' | 'down'): DirectionKey => ({
    kid: text(hkdf(`kid:v1:${purpose}:${name}`, KID_BYTES)),
    key: hkdf(`msg:v1:${purpose}:${name}`, nacl.secretbox.keyLength),
  });
  return { up: direction('up'), down: direction('down') };
}

/**
 * Keys that only the two holders of the secrets can compute: X25519 (tweetnacl `box.before`), then HKDF-SHA256 (RFC 5869) with the
 * instance as salt. Both sides get the same result, each from its own secret and the other's public key.
 *
 * @param epoch rises with each rotation.
 */
export function deriveLinkKeys(
  ours: { secretKey: string },
  theirs: { publicKey: string },
  instanceId: string,
  epoch: number,
): LinkKeys {
  return derive(nacl.box.before(bytes(theirs.publicKey), bytes(ours.secretKey)), instanceId, String(epoch));
}

/** Keys for enrolment alone, from the one-time token. */
export const deriveTokenKeys = (token: string, instanceId: string): LinkKeys =>
  derive(bytes(token), instanceId, 'enrol');
