import { constants } from 'node:fs';
import { type FileHandle, open, readlink, realpath, rename, rm } from 'node:fs/promises';
import { join, posix } from 'node:path';
import { Problem } from '@coffer/core';

/**
 * A folder that somebody hostile writes: the database that it belongs to. It is held open, and its files are reached through it
 * and never by their paths, so that nothing which is swapped for a link meanwhile leads out of it.
 */
export interface SafeFolder extends AsyncDisposable {
  /** A plain file for reading; undefined where there is none. @throws Problem `guest_failed` for a link, a pipe and the like */
  open(name: string): Promise<FileHandle | undefined>;
  /** Nothing there is success. What has the new name is replaced. */
  rename(from: string, to: string): Promise<void>;
  remove(name: string): Promise<void>;
}

const codeOf = (error: unknown): unknown => (error instanceof Error && 'code' in error ? error.code : undefined);

/** @returns undefined when it is not there. @throws Problem `guest_failed` when the way to it leads elsewhere */
export async function openSafeFolder(root: string, below: string): Promise<SafeFolder | undefined> {
  const expected = posix.join(await realpath(root), below);
  const { O_DIRECTORY, O_NOFOLLOW, O_NONBLOCK, O_RDONLY } = constants;
  const handle = await open(expected, O_RDONLY | O_DIRECTORY).catch((error: unknown) => {
    if (codeOf(error) === 'ENOENT') return undefined;
    throw new Problem('guest_failed', `Folder ${expected} cannot be opened (${String(codeOf(error))}).`);
  });
  if (!handle) return undefined;
  // The kernel's own name for what is open: there is no link in it.
  const self = `/proc/self/fd/${handle.fd}`;
  if ((await readlink(self)) !== expected) {
    await handle.close();
    throw new Problem('guest_failed', `The way to folder ${expected} leads elsewhere; it is left alone.`);
  }

  return {
    async open(name) {
      // A pipe would keep whoever opens it waiting.
      const file = await open(join(self, name), O_RDONLY | O_NOFOLLOW | O_NONBLOCK).catch((error: unknown) => {
        if (codeOf(error) === 'ENOENT') return undefined;
        throw new Problem('guest_failed', `${join(expected, name)} cannot be opened (${String(codeOf(error))}).`);
      });
      if (!file || (await file.stat()).isFile()) return file;
      await file.close();
      throw new Problem('guest_failed', `${join(expected, name)} is no plain file; it is left alone.`);
    },
    async rename(from, to) {
      await rename(join(self, from), join(self, to)).catch((error: unknown) => {
        if (codeOf(error) !== 'ENOENT') throw error;
      });
    },
    remove: (name) => rm(join(self, name), { force: true }),
    [Symbol.asyncDispose]: () => handle.close(),
  };
}
