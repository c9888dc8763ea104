import { randomBytes } from 'node:crypto';
import { chmod, mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Sealed } from '@coffer/core';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createSecretBox, parseMasterKey, readMasterKeyFile } from './secrets.ts';

const key = () => new Uint8Array(randomBytes(32));
const internal = expect.objectContaining({ code: 'internal' });

describe('a secret box', () => {
  it('opens what it sealed, for the same thing only', () => {
    const box = createSecretBox([key()]);
    const sealed = box.seal('s3cret ü😀', 'instance/1/broker');
    expect(sealed).toMatch(/^v1\.[\w-]{11}\.[\w-]+$/);
    expect(box.open(sealed, 'instance/1/broker')).toBe('s3cret ü😀');
    expect(() => box.open(sealed, 'instance/2/broker')).toThrow(internal);
    expect(box.seal('s3cret ü😀', 'instance/1/broker')).not.toBe(sealed);
  });

  it('refuses what was changed, cut off or is in another format', () => {
    const box = createSecretBox([key()]);
    const sealed = box.seal('s3cret', 'a');
    // Of the very last character some bits mean nothing.
    const other = sealed.at(-2) === 'A' ? 'B' : 'A';
    for (const wrong of [
      `${sealed.slice(0, -2)}${other}${sealed.slice(-1)}`,
      sealed.slice(0, 30),
      sealed.replace('v1', 'v2'),
      `${sealed}.x`,
      '',
      'v1..',
    ]) {
      expect(() => box.open(wrong as Sealed, 'a')).toThrow(internal);
    }
  });

  it('changes its master key without losing the old', () => {
    const [old, fresh] = [key(), key()];
    const sealed = createSecretBox([old]).seal('s3cret', 'a');
    expect(createSecretBox([fresh, old]).open(sealed, 'a')).toBe('s3cret');
    expect(() => createSecretBox([fresh]).open(sealed, 'a')).toThrow(/not among the master keys/);
    expect(createSecretBox([fresh]).open(createSecretBox([fresh, old]).seal('x', 'a'), 'a')).toBe('x');
    expect(() => createSecretBox([new Uint8Array(31)])).toThrow(/31 bytes/);
  });
});

describe('a master key', () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'coffer-key-'));
  });
  afterEach(() => rm(folder, { recursive: true }));

  it('is made once, for its owner alone, by whoever comes first', async () => {
    const path = join(folder, 'master.key');
    const keys = await Promise.all([1, 2, 3, 4].map(() => readMasterKeyFile(path)));
    expect(new Set(keys.map((one) => Buffer.from(one).toString('hex'))).size).toBe(1);
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    expect(await readdir(folder)).toEqual(['master.key']);
  });

  it('is refused when others may read it or it is not whole', async () => {
    const path = join(folder, 'master.key');
    await readMasterKeyFile(path);
    await chmod(path, 0o640);
    await expect(readMasterKeyFile(path)).rejects.toThrow(/chmod 600/);
    await writeFile(join(folder, 'short'), 'x', { mode: 0o600 });
    await expect(readMasterKeyFile(join(folder, 'short'))).rejects.toThrow(/1 bytes/);
    await expect(readMasterKeyFile(join(folder, 'no', 'folder'))).rejects.toThrow(/ENOENT/);
  });

  it('may be text', () => {
    const bytes = randomBytes(32);
    expect(parseMasterKey(bytes.toString('hex'))).toEqual(new Uint8Array(bytes));
    expect(parseMasterKey(`${bytes.toString('base64')}\n`)).toEqual(new Uint8Array(bytes));
    expect(() => parseMasterKey('hunter2')).toThrow(/openssl rand/);
    expect(() => parseMasterKey('hunter2')).not.toThrow(/hunter2/);
  });
});
