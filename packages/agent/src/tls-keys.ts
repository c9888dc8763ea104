import { createPrivateKey } from 'node:crypto';
import { Problem } from '@coffer/core';

/** One key pair, as it is kept. */
export interface TlsKey {
  /** SHA-256 of the public key (SPKI, DER), hexadecimal. */
  fingerprint: string;
  /** PKCS #8 PEM. */
  key: string;
}

/** @throws Problem `bad_request` */
export function parseTlsKeys(value: unknown): TlsKey[] {
  if (!Array.isArray(value)) throw new Problem('bad_request', 'it is no list of keys');
  return value.map((one: unknown) => {
    const { fingerprint, key } = Object(one);
    if (typeof fingerprint !== 'string' || typeof key !== 'string')
      throw new Problem('bad_request', 'a key has no fingerprint or no content');
    // What cannot be read now would keep the database from its start later.
    createPrivateKey(key);
    return { fingerprint, key };
  });
}
