import { mkdir, readFile, rm, stat, statfs, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Problem } from '@coffer/core';
import type { Context } from './context.ts';
import { isRoot, runProgram } from './program.ts';

const TMPFS = 0x01021994;

const folderOf = (context: Context, serverId: string): string => join(context.userDataDir, serverId);

/** Where the guest finds its user data: the file `user-data` in this folder, read-only. */
export const USER_DATA_FOLDER = '/run/coffer-user-data';

export const userDataBind = (context: Context, serverId: string): string =>
  `${folderOf(context, serverId)}:${USER_DATA_FOLDER}:ro`;

/** Lays the user data ready before the server is made. It lies in memory alone: 0600, gone with the machine's power. */
export async function layUserData(context: Context, serverId: string, userData: string): Promise<void> {
  await ensureUserDataFolder(context, serverId);
  await writeFile(join(folderOf(context, serverId), 'user-data'), userData, { mode: 0o600 });
}

/** After a reboot of the machine only the folder is made again: the guest has enrolled and keeps what it needs. */
export async function ensureUserDataFolder(context: Context, serverId: string): Promise<void> {
  await mkdir(folderOf(context, serverId), { recursive: true, mode: 0o700 });
}

export const removeUserData = (context: Context, serverId: string): Promise<void> =>
  rm(folderOf(context, serverId), { recursive: true, force: true });

const isTmpfs = async (folder: string): Promise<boolean> => (await statfs(folder)).type === TMPFS;

/** Sees to it that what is written into `runDir` never reaches a disk. @returns a sentence when that cannot be had. */
export async function ensureMemory(runDir: string): Promise<string | undefined> {
  await mkdir(runDir, { recursive: true, mode: 0o700 });
  const { uid } = await stat(runDir);
  // In a folder that everybody may write to, somebody else may have been there first.
  if (uid !== process.getuid?.())
    throw new Problem('bad_request', `${runDir} belongs to user ${uid}; give a folder of your own with --run-dir`);
  if (await isTmpfs(runDir)) return undefined;
  if (!isRoot()) return `what guests start with lies on the disk in ${runDir}; give a folder on a tmpfs with --run-dir`;
  await runProgram('mount', ['-t', 'tmpfs', '-o', 'mode=0700,nosuid,nodev,noexec,size=64m', 'coffer', runDir]);
  return undefined;
}

/** Takes away the tmpfs of {@link ensureMemory}, if that made one, and the folder when it is empty. */
export async function releaseMemory(runDir: string): Promise<void> {
  if (isRoot() && (await mountedHere(runDir))) await runProgram('umount', [runDir]);
}

export async function mountedHere(runDir: string): Promise<boolean> {
  const mounts = await readFile('/proc/self/mounts', 'utf8');
  return mounts.split('\n').some((line) => line.startsWith(`coffer ${runDir} tmpfs `));
}
