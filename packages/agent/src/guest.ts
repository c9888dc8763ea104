import { chmod, mkdir, readFile, statfs } from 'node:fs/promises';
import { Problem } from '@coffer/core';
import { mustRun, type RunCommand } from './run-command.ts';

const TMPFS_MAGIC = 0x0102_1994;

/**
 * A folder that lives in memory, mode 0700: what is put there never reaches a disk. Repeatable.
 * @throws Problem `guest_failed` when it lies on a disk and no tmpfs may be mounted there.
 */
export async function ensureTmpfs(path: string, run: RunCommand): Promise<void> {
  await mkdir(path, { recursive: true, mode: 0o700 });
  if ((await statfs(path)).type !== TMPFS_MAGIC)
    await mustRun(run, 'mount', ['-t', 'tmpfs', '-o', 'size=64m,mode=0700,nosuid,nodev', 'tmpfs', path]);
  await chmod(path, 0o700);
}

/**
 * The cgroup below which containers must be put so that the guest's own limits bind them: the guest's, where the guest is a
 * container that sees the whole tree. Undefined in a virtual machine, or where the tree begins at the guest.
 */
export function cgroupParentOf(procSelfCgroup: string): string | undefined {
  for (const line of procSelfCgroup.split('\n')) {
    // `hierarchy:controllers:path`, the path up to a container's id; where systemd keeps the tree, its scope bears that id.
    const found = /^\d+:[^:]*:(\/.*?[0-9a-f]{64}(?:\.scope)?)(\/|$)/.exec(line);
    if (found?.[1]) return found[1];
  }
  return undefined;
}

export async function readCgroupParent(): Promise<string | undefined> {
  return cgroupParentOf(await readFile('/proc/self/cgroup', 'utf8').catch(() => ''));
}

/** @throws Problem `unavailable` (not there yet) or `bad_request` (no JSON); its content may be secret and is never shown. */
export async function readJsonFile(path: string): Promise<unknown> {
  const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    throw new Problem('unavailable', `${path} cannot be read (${error.code ?? 'unknown'}).`);
  });
  try {
    return JSON.parse(text);
  } catch {
    throw new Problem('bad_request', `${path} is no JSON.`);
  }
}
