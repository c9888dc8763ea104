import { type FileHandle, open } from 'node:fs/promises';
import { Problem } from '@coffer/core';

const BLOCK = 512;
const MANIFEST_BYTES = 1024 * 1024;

/**
 * Walks an archive as `docker save` writes it from head to head, without reading what lies between. @returns the references
 * in it; undefined when there is no such file. @throws Problem `conflict` when it is cut off or lacks what it names.
 */
export async function readImageArchive(file: string): Promise<string[] | undefined> {
  const handle = await open(file, 'r').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  });
  try {
    return handle && (await walk(handle, file));
  } finally {
    await handle?.close();
  }
}

async function walk(handle: FileHandle, file: string): Promise<string[]> {
  const broken = (why: string) => new Problem('conflict', `Archive ${file} is not whole: ${why}`);
  const { size: total } = await handle.stat();
  const names = new Set<string>();
  let manifest: unknown;
  for (let at = 0; ; ) {
    const header = await readAt(handle, at, BLOCK);
    if (header.length < BLOCK) throw broken('it ends in its middle');
    // A block of zeroes ends it.
    if (header[0] === 0) break;
    const name = text(header, 0, 100);
    const size = Number.parseInt(text(header, 124, 12), 8);
    if (!Number.isSafeInteger(size) || text(header, 257, 5) !== 'ustar') throw broken(`at byte ${at} stands no entry`);
    at += BLOCK;
    if (at + size > total) throw broken(`${name} is cut off`);
    names.add(name.replace(/\/$/, ''));
    if (name === 'manifest.json')
      manifest = JSON.parse((await readAt(handle, at, Math.min(size, MANIFEST_BYTES))).toString('utf8'));
    at += Math.ceil(size / BLOCK) * BLOCK;
  }
  if (!Array.isArray(manifest)) throw broken('it has no manifest.json');
  const images: { RepoTags?: string[] | null; Layers?: string[]; Config?: string }[] = manifest;
  for (const part of images.flatMap(({ Layers = [], Config }) => [
    ...Layers,
    ...(Config === undefined ? [] : [Config]),
  ]))
    if (!names.has(part)) throw broken(`${part} is missing`);
  return images.flatMap(({ RepoTags }) => RepoTags ?? []);
}

async function readAt(handle: FileHandle, position: number, length: number): Promise<Buffer> {
  const buffer = Buffer.alloc(length);
  const { bytesRead } = await handle.read(buffer, 0, length, position);
  return buffer.subarray(0, bytesRead);
}

const text = (block: Buffer, start: number, length: number): string => {
  const field = block.subarray(start, start + length);
  const end = field.indexOf(0);
  return field
    .subarray(0, end === -1 ? length : end)
    .toString('utf8')
    .trim();
};
