import { hkdfSync, randomBytes } from 'node:crypto';
import { link, open, readFile, stat, unlink } from 'node:fs/promises';
import { Problem, type Sealed, type SecretBox } from '@coffer/core';
import nacl from 'tweetnacl';

const KEY_BYTES = 32;
const VERSION = 'v1';

const derive = (key: Uint8Array, info: string): Uint8Array =>
  new Uint8Array(hkdfSync('sha256', key, 'coffer:secrets', info, KEY_BYTES));

const keyIdOf = (key: Uint8Array): string =>
  Buffer.from(derive(key, `${VERSION}:id`).subarray(0, 8)).toString('base64url');

/**
 * Seals as `v1.<key id>.<nonce and box>` (XSalsa20-Poly1305, a key of its own for each context, by HKDF).
 * @param keys the first seals, all open: to change the master key, put the new one in front.
 */
export function createSecretBox(keys: readonly [Uint8Array, ...Uint8Array[]]): SecretBox {
  for (const key of keys) {
    if (key.byteLength !== KEY_BYTES)
      throw new Problem('bad_request', `The master key has ${key.byteLength} bytes; it must have ${KEY_BYTES}.`);
  }
  const [current] = keys;
  const byId = new Map(keys.map((key) => [keyIdOf(key), key]));
  const currentId = keyIdOf(current);
  const refuse = (why: string) => new Problem('internal', `A sealed value does not open: ${why}.`);
  return {
    seal(plain, context) {
      const nonce = randomBytes(nacl.secretbox.nonceLength);
      const box = nacl.secretbox(Buffer.from(plain, 'utf8'), nonce, derive(current, `${VERSION}:for:${context}`));
      return `${VERSION}.${currentId}.${Buffer.concat([nonce, box]).toString('base64url')}` as Sealed;
    },
    open(sealed, context) {
      const [version, keyId = '', payload = '', ...rest] = sealed.split('.');
      if (version !== VERSION || rest.length > 0) throw refuse('its format is not known to this build');
      const key = byId.get(keyId);
      if (!key) throw refuse(`it was sealed under key ${keyId}, which is not among the master keys`);
      const bytes = new Uint8Array(Buffer.from(payload, 'base64url'));
      const nonce = bytes.subarray(0, nacl.secretbox.nonceLength);
      if (nonce.byteLength < nacl.secretbox.nonceLength) throw refuse('it is cut off');
      const plain = nacl.secretbox.open(
        bytes.subarray(nonce.byteLength),
        nonce,
        derive(key, `${VERSION}:for:${context}`),
      );
      if (!plain) throw refuse('it was changed, or belongs to something else');
      return Buffer.from(plain).toString('utf8');
    },
  };
}

/** A master key as text, e.g. from the environment: 64 hexadecimal digits, or base64 of 32 bytes. @throws Problem `bad_request`, which never shows it. */
export function parseMasterKey(text: string): Uint8Array {
  const trimmed = text.trim();
  const bytes = /^[0-9a-f]{64}$/i.test(trimmed) ? Buffer.from(trimmed, 'hex') : Buffer.from(trimmed, 'base64');
  if (bytes.byteLength !== KEY_BYTES) {
    throw new Problem(
      'bad_request',
      'The master key is neither 64 hexadecimal digits nor base64 of 32 bytes; make one with `openssl rand -hex 32`.',
    );
  }
  return new Uint8Array(bytes);
}

const isExisting = (error: unknown): boolean => error instanceof Error && 'code' in error && error.code === 'EEXIST';
const isMissing = (error: unknown): boolean => error instanceof Error && 'code' in error && error.code === 'ENOENT';

/** All or nothing under its name: whoever loses the race reads the winner's key, never half of one. */
async function createKeyFile(path: string): Promise<void> {
  const draft = `${path}.${randomBytes(6).toString('hex')}`;
  const file = await open(draft, 'wx', 0o600);
  try {
    await file.writeFile(randomBytes(KEY_BYTES));
    await file.sync();
  } finally {
    await file.close();
  }
  try {
    await link(draft, path);
  } catch (error) {
    if (!isExisting(error)) throw error;
  } finally {
    await unlink(draft);
  }
}

/**
 * The master key in a file of 32 bytes with mode 0600, which is made when it is missing.
 * @throws Problem `bad_request` for a file that others may read or that has another size.
 */
export async function readMasterKeyFile(path: string): Promise<Uint8Array> {
  const info = await stat(path).catch((error: unknown) => {
    if (isMissing(error)) return undefined;
    throw error;
  });
  if (!info) {
    await createKeyFile(path);
    return readMasterKeyFile(path);
  }
  if ((info.mode & 0o077) !== 0)
    throw new Problem('bad_request', `Others may read the master key ${path}; run \`chmod 600 ${path}\`.`);
  const key = await readFile(path);
  if (key.byteLength !== KEY_BYTES)
    throw new Problem(
      'bad_request',
      `The master key ${path} has ${key.byteLength} bytes instead of ${KEY_BYTES}; restore it from your copy.`,
    );
  return new Uint8Array(key);
}
