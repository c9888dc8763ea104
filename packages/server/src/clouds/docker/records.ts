import { randomUUID } from 'node:crypto';
import { mkdir, open, readdir, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { isId } from '../../ids.ts';

/** Facts that the engine does not keep, one small JSON file each, named by id; what is no id of ours is nothing of ours. */
export interface Records<T extends { id: string; key: string }> {
  get(id: string): Promise<T | undefined>;
  find(key: string): Promise<T | undefined>;
  list(): Promise<T[]>;
  /** Writes it whole or not at all. */
  put(record: T): Promise<void>;
  /** Repeatable. */
  remove(id: string): Promise<void>;
}

export async function openRecords<T extends { id: string; key: string }>(folder: string): Promise<Records<T>> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const read = async (id: string): Promise<T | undefined> => {
    try {
      return JSON.parse(await readFile(join(folder, `${id}.json`), 'utf8'));
    } catch (error) {
      if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
      throw error;
    }
  };
  const list = async (): Promise<T[]> => {
    const names = (await readdir(folder)).filter((name) => name.endsWith('.json')).map((name) => name.slice(0, -5));
    const records = await Promise.all(names.filter(isId).map(read));
    return records.filter((record) => record !== undefined);
  };
  return {
    get: async (id) => (isId(id) ? read(id) : undefined),
    find: async (key) => (await list()).find((record) => record.key === key),
    list,
    async put(record) {
      const part = join(folder, `${record.id}.${randomUUID()}.part`);
      const file = await open(part, 'wx', 0o600);
      try {
        await file.writeFile(`${JSON.stringify(record)}\n`);
        await file.sync();
      } finally {
        await file.close();
      }
      await rename(part, join(folder, `${record.id}.json`));
    },
    remove: (id) => rm(join(folder, `${id}.json`), { force: true }),
  };
}
