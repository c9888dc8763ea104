import { readdir, rmdir } from 'node:fs/promises';
import { join } from 'node:path';
import { runAsRoot } from './as-root.ts';
import type { Context } from './context.ts';
import { isRoot } from './program.ts';

const ROOT = '/sys/fs/cgroup';

const foldersIn = async (folder: string): Promise<string[]> => {
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => []);
  return entries.filter((entry) => entry.isDirectory()).map((entry) => join(folder, entry.name));
};

/**
 * Control groups that bear the container's id, in every hierarchy. Those of a removed guest stay when containers of its
 * inner engine had groups below.
 */
export async function cgroupsOf(containerId: string): Promise<string[]> {
  const roots = [ROOT, ...(await foldersIn(ROOT))];
  const folders = await Promise.all(
    roots.flatMap((root) => [foldersIn(join(root, 'docker')), foldersIn(join(root, 'system.slice'))]),
  );
  return folders
    .flat()
    .filter((folder) => folder.endsWith(`/${containerId}`) || folder.endsWith(`/docker-${containerId}.scope`));
}

/** Removes what is empty; a group with a process in it stays. */
export async function removeCgroups(context: Context, containerId: string): Promise<void> {
  const folders = await cgroupsOf(containerId);
  if (isRoot()) for (const folder of folders) await removeTree(folder);
  else if (folders.length > 0)
    await runAsRoot(context, ROOT, ['find', ...folders, '-depth', '-type', 'd', '-exec', 'rmdir', '{}', ';']);
}

async function removeTree(folder: string): Promise<void> {
  for (const child of await foldersIn(folder)) await removeTree(child);
  await rmdir(folder).catch(() => undefined);
}
