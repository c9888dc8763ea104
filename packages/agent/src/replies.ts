import { mkdir, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Problem } from '@coffer/core';
import { REPLY_LIFETIME_MS, type ReplyStore, type StoredReply } from '@coffer/core/rpc';

/** Which operations have come past a point; kept as long as replies are. */
export interface Marks {
  has(operationId: string): Promise<boolean>;
  /** @param note what a repeat must know of the first time. */
  set(operationId: string, note?: string): Promise<void>;
  /** What was noted; undefined without a mark. */
  note(operationId: string): Promise<string | undefined>;
}

/**
 * Results by operation id, in a folder that must be a tmpfs, since results may hold secrets: a repeat is answered across the
 * agent's own restart, and after the guest's it is run again. What is older than ten minutes goes with the next `put`.
 */
export async function openReplies(
  folder: string,
  now: () => number = Date.now,
): Promise<{ replies: ReplyStore; marks: Marks }> {
  await mkdir(folder, { recursive: true, mode: 0o700 });

  function path(operationId: string, kind: 'reply' | 'mark'): string {
    // The id becomes a file name.
    if (!/^[0-9A-Za-z-]{1,64}$/.test(operationId))
      throw new Problem('bad_request', `Operation id "${operationId.slice(0, 80)}" is not a UUID.`);
    return join(folder, `${operationId}.${kind}`);
  }

  async function read(file: string): Promise<string | undefined> {
    try {
      if (now() - (await stat(file)).mtimeMs > REPLY_LIFETIME_MS) return undefined;
      return await readFile(file, 'utf8');
    } catch {
      return undefined;
    }
  }

  async function write(file: string, content: string): Promise<void> {
    for (const name of await readdir(folder)) {
      const old = join(folder, name);
      const found = await stat(old).catch(() => undefined);
      if (found && now() - found.mtimeMs > REPLY_LIFETIME_MS) await rm(old, { force: true });
    }
    const part = `${file}.part`;
    await writeFile(part, content, { mode: 0o600 });
    await rename(part, file);
  }

  return {
    replies: {
      async get(operationId) {
        const text = await read(path(operationId, 'reply'));
        return text === undefined ? undefined : (JSON.parse(text) as StoredReply);
      },
      put: (operationId, reply) => write(path(operationId, 'reply'), JSON.stringify(reply)),
    },
    marks: {
      has: async (operationId) => (await read(path(operationId, 'mark'))) !== undefined,
      set: (operationId, note = '') => write(path(operationId, 'mark'), note),
      note: (operationId) => read(path(operationId, 'mark')),
    },
  };
}
