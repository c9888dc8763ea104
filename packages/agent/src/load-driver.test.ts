import { createHash } from 'node:crypto';
import { readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { type FetchChunk, loadDriver } from './load-driver.ts';
import { scratch } from './testing.ts';

const bundle = Buffer.from(
  `export default { manifest: { api: 1, datastore: 'fakedb' }, create: () => ({}) };\n// ${'x'.repeat(1000)}`,
);
const hash = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

async function stage(sent: Buffer = bundle, chunkBytes = 100) {
  const path = join(await scratch(onTestFinished), 'drivers');
  const asked: number[] = [];
  const fetchChunk: FetchChunk = async ({ offset }) => {
    asked.push(offset);
    return { base64: sent.subarray(offset, offset + chunkBytes).toString('base64'), totalBytes: sent.length };
  };
  return { folder: { path, fetchChunk }, asked };
}

describe('loading a driver', () => {
  it('fetches it in chunks, keeps it by hash, and asks no more', async () => {
    const { folder, asked } = await stage();
    const driver = { name: 'fakedb', sha256: hash(bundle) };
    expect((await loadDriver(folder, driver)).manifest.datastore).toBe('fakedb');
    expect(asked).toHaveLength(Math.ceil(bundle.length / 100));
    await loadDriver(folder, driver);
    expect(asked).toHaveLength(Math.ceil(bundle.length / 100));
    expect((await stat(join(folder.path, `${driver.sha256}.mjs`))).mode & 0o777).toBe(0o600);
  });

  it('refuses every other hash, and keeps nothing of it', async () => {
    const { folder } = await stage(Buffer.from('export default process.exit()'));
    await expect(loadDriver(folder, { name: 'fakedb', sha256: hash(bundle) })).rejects.toThrow(/is refused/);
    await expect(readFile(join(folder.path, `${hash(bundle)}.mjs`))).rejects.toThrow(/ENOENT/);
    await expect(loadDriver(folder, { name: 'fakedb', sha256: '../../x' })).rejects.toThrow(/64 hex/);
  });

  it('does not trust a kept file that was changed', async () => {
    const { folder, asked } = await stage();
    const driver = { name: 'fakedb', sha256: hash(bundle) };
    await loadDriver(folder, driver);
    await writeFile(join(folder.path, `${driver.sha256}.mjs`), 'export default process.exit()');
    await loadDriver(folder, driver);
    expect(asked.filter((offset) => offset === 0)).toHaveLength(2);
  });

  it('refuses a driver of another datastore, and what is no driver', async () => {
    const { folder } = await stage();
    await expect(loadDriver(folder, { name: 'other', sha256: hash(bundle) })).rejects.toThrow(
      /driver of fakedb; other is wanted/,
    );
    const nothing = Buffer.from('export default 5;');
    const { folder: second } = await stage(nothing);
    await expect(loadDriver(second, { name: 'fakedb', sha256: hash(nothing) })).rejects.toThrow(/no driver/);
  });

  it('notices a bundle that ends early or never', async () => {
    const { folder } = await stage();
    const cut: FetchChunk = async () => ({ base64: '', totalBytes: 10 });
    await expect(loadDriver({ ...folder, fetchChunk: cut }, { name: 'fakedb', sha256: hash(bundle) })).rejects.toThrow(
      /ended at 0 of 10/,
    );
    const huge: FetchChunk = async () => ({ base64: '', totalBytes: 2 ** 40 });
    await expect(loadDriver({ ...folder, fetchChunk: huge }, { name: 'fakedb', sha256: hash(bundle) })).rejects.toThrow(
      /at most/,
    );
  });
});
