import { createHash } from 'node:crypto';
import { chmod, mkdir, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { join, posix } from 'node:path';
import type { ContainerFile } from '@coffer/core';

/** Files that containers read, in folders of a tmpfs that are mounted into them: a file may change below a running database. */
export interface LiveFiles {
  /** The folder here that is mounted at this folder of the container. */
  source(target: string): string;
  /**
   * Makes these the content of the folders, each file there as a whole, the old one or the new one, whoever reads it meanwhile.
   * Of two with one path the last one counts. What is in place already is not written again. Repeatable.
   */
  lay(folders: readonly string[], files: readonly ContainerFile[]): Promise<void>;
}

export interface LiveFilesParts {
  /** Below a tmpfs. */
  path: string;
  setOwner(path: string, uid: number): Promise<void>;
}

export function createLiveFiles({ path: root, setOwner }: LiveFilesParts): LiveFiles {
  /** By path here: what this process has laid, as a hash, since files may be secret. */
  const laid = new Map<string, string>();
  const source = (target: string): string => join(root, createHash('sha256').update(target).digest('hex').slice(0, 12));

  async function write(path: string, { content, mode = 0o444, uid }: ContainerFile): Promise<void> {
    // Begins with a dot: folders that are included as a whole leave such files out.
    const part = join(posix.dirname(path), `.${posix.basename(path)}.part`);
    await rm(part, { force: true });
    // Never readable by others while it is written.
    await writeFile(part, content, { mode: 0o600 });
    if (uid !== undefined) await setOwner(part, uid);
    await chmod(part, mode);
    await rename(part, path);
  }

  return {
    source,
    async lay(folders, files) {
      const wanted = new Map(
        files.map((file) => [join(source(posix.dirname(file.path)), posix.basename(file.path)), file]),
      );
      const present = new Set<string>();
      for (const folder of folders.map(source)) {
        await mkdir(folder, { recursive: true, mode: 0o755 });
        for (const name of await readdir(folder)) {
          const path = join(folder, name);
          if (wanted.has(path)) present.add(path);
          else await rm(path, { force: true });
        }
      }
      for (const [path, file] of wanted) {
        const hash = createHash('sha256').update(JSON.stringify(file)).digest('hex');
        if (present.has(path) && laid.get(path) === hash) continue;
        await write(path, file);
        laid.set(path, hash);
      }
    },
  };
}

/** The folders of files, each once. */
export const foldersOf = (files: readonly ContainerFile[]): string[] => [
  ...new Set(files.map(({ path }) => posix.dirname(path))),
];
