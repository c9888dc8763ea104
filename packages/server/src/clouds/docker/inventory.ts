import { access, readdir } from 'node:fs/promises';
import { networkInterfaces } from 'node:os';
import { cgroupsOf } from './cgroups.ts';
import type { Context } from './context.ts';
import { loopsIn } from './loops.ts';
import { asFilter } from './names.ts';
import { isRoot, runProgram } from './program.ts';
import { mountedHere } from './user-data.ts';

export interface Folders {
  dataDir: string;
  runDir: string;
}

/** Container ids of guests that were removed, whose control groups are looked for. */
export type RemovedGuests = ReadonlySet<string>;

/**
 * Everything on this machine that belongs to this cloud, one line each, found by label, name and place rather than by
 * records. Empty after a teardown.
 */
export async function takeInventory(context: Context, folders: Folders, removed: RemovedGuests): Promise<string[]> {
  const { engine, names } = context;
  const [containers, networks, volumes] = await Promise.all([
    engine.containers.list({ label: asFilter(names.labels('server')) }),
    engine.networks.list({ label: asFilter(names.labels('network')) }),
    engine.volumes.list({ label: asFilter(names.labels('engine-volume')) }),
  ]);
  const bridges = Object.keys(networkInterfaces()).filter(
    (name) => name === names.managementBridge || name.startsWith(names.tenantBridges),
  );
  const tables = isRoot() ? await runProgram('nft', ['list', 'tables']).catch(() => '') : '';
  const cgroups = await Promise.all([...removed].map(cgroupsOf));
  return [
    ...containers.map((container) => `container ${container.Names.join(' ')}`),
    ...networks.map((network) => `network ${network.Name}`),
    ...volumes.map((volume) => `engine volume ${volume.Name}`),
    ...bridges.map((bridge) => `interface ${bridge}`),
    ...(await loopsIn(context.volumesDir).catch(() => [])).map((loop) => `loop device ${loop.device} of ${loop.file}`),
    ...(tables.split('\n').includes(`table inet ${names.table}`) ? [`nftables table inet ${names.table}`] : []),
    ...cgroups.flat().map((folder) => `control group ${folder}`),
    ...((await mountedHere(folders.runDir)) ? [`mount ${folders.runDir}`] : []),
    ...(await filesIn(folders.runDir)),
    ...(await filesIn(folders.dataDir)),
  ];
}

async function filesIn(folder: string): Promise<string[]> {
  const isThere = await access(folder).then(
    () => true,
    () => false,
  );
  if (!isThere) return [];
  const names = await readdir(folder, { recursive: true });
  return [folder, ...names.map((name) => `${folder}/${name}`)].map((path) => `file ${path}`);
}
