import { rm, rmdir } from 'node:fs/promises';
import { join } from 'node:path';
import { removeCgroups } from './cgroups.ts';
import type { Context } from './context.ts';
import type { Folders } from './inventory.ts';
import { loopsIn } from './loops.ts';
import { asFilter } from './names.ts';
import { removeNetwork } from './networks.ts';
import { runProgram } from './program.ts';
import { removeRules } from './rules.ts';
import { releaseMemory } from './user-data.ts';
import { folderOf, removeFolder } from './volumes.ts';

/** What lies in the data folder; whatever else somebody put there stays. */
const OURS = ['servers', 'volumes', 'ports', 'networks', 'owner'];

/**
 * Removes everything that {@link takeInventory} finds: guests with their data, networks, rules, devices, files. For
 * machines that are done with; repeatable, and each step goes on where a cut-off one stopped.
 * @returns ids of the containers removed.
 */
export async function tearDown(context: Context, folders: Folders): Promise<string[]> {
  const { engine, names } = context;
  const containers = await engine.containers.list({ label: asFilter(names.labels('server')) });
  await Promise.all(
    containers.map(async ({ Id }) => {
      await engine.containers.remove(Id);
      await removeCgroups(context, Id);
    }),
  );
  const volumes = await engine.volumes.list({ label: asFilter(names.labels('engine-volume')) });
  await Promise.all(volumes.map((volume) => engine.volumes.remove(volume.Name)));
  for (const { Id } of await engine.networks.list({ label: asFilter(names.labels('network')) }))
    await removeNetwork(context, Id);
  // Without the program there can be no device.
  for (const loop of await loopsIn(context.volumesDir).catch(() => []))
    await runProgram('losetup', ['--detach', loop.device]);
  await removeRules(context).catch((error: unknown) => context.log.warn({ error: String(error) }, 'rules not removed'));
  await rm(context.userDataDir, { recursive: true, force: true });
  await releaseMemory(folders.runDir);
  for (const { id } of await context.volumes.list().catch(() => [])) await removeFolder(context, folderOf(context, id));
  for (const name of OURS) await rm(join(folders.dataDir, name), { recursive: true, force: true });
  for (const folder of [folders.runDir, folders.dataDir]) await rmdir(folder).catch(() => undefined);
  return containers.map(({ Id }) => Id);
}
