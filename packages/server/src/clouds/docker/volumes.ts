import { randomUUID } from 'node:crypto';
import { mkdir, open, rm, statfs, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import type { CloudVolume, CloudVolumes } from '@coffer/core';
import { Problem } from '@coffer/core';
import type { HostConfig } from '@coffer/core/engine';
import { runAsRoot } from './as-root.ts';
import { answering, type Context, type VolumeRecord } from './context.ts';
import { deviceOf } from './device.ts';
import { attachLoop, detachLoop, refreshLoop } from './loops.ts';
import { usedVolumes } from './observe.ts';

const GIB = 2 ** 30;

/** What lies behind the loop device. */
export const fileOf = (context: Context, id: string): string => join(context.volumesDir, `${id}.img`);
export const folderOf = (context: Context, id: string): string => join(context.volumesDir, id);
/** Points to the loop device of the day. The engine follows it at every start of the container, so numbers may change. */
const linkOf = (context: Context, id: string): string => join(context.volumesDir, `${id}.dev`);

/**
 * Removes a folder that guests wrote into. Their files may be root's; who is not root himself lets a container do it.
 * Repeatable.
 */
export async function removeFolder(context: Context, folder: string): Promise<void> {
  try {
    await rm(folder, { recursive: true, force: true });
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    if (code !== 'EACCES' && code !== 'EPERM') throw error;
    await runAsRoot(context, folder, ['find', folder, '-mindepth', '1', '-delete']);
    await rm(folder, { recursive: true, force: true });
  }
}

/** Makes the volume ready for its guest. Repeatable. */
export async function plugVolume(context: Context, id: string): Promise<void> {
  if (context.volumeKind === 'folder') return;
  try {
    await context.locked('loops', async () => {
      const device = await attachLoop(context.volumesDir, fileOf(context, id));
      await rm(linkOf(context, id), { force: true });
      await symlink(device, linkOf(context, id));
    });
  } catch (error) {
    throw new Problem('cloud_refused', `volume ${id} could not be attached; the cloud's log has the cause`, {
      cause: error,
    });
  }
}

/** Repeatable. */
export async function unplugVolume(context: Context, id: string): Promise<void> {
  if (context.volumeKind === 'folder') return;
  await context.locked('loops', async () => {
    await detachLoop(context.volumesDir, fileOf(context, id));
    await rm(linkOf(context, id), { force: true });
  });
}

/** Removes what a volume consists of, but its record. Repeatable; call it when no server uses the volume. */
export async function removeVolumeData(context: Context, id: string): Promise<void> {
  await unplugVolume(context, id);
  await rm(fileOf(context, id), { force: true });
  await removeFolder(context, folderOf(context, id));
}

/** What the guest's container is created with for its volumes. */
export function volumeConfig(context: Context, ids: readonly string[]): Pick<HostConfig, 'Devices' | 'Mounts'> {
  return context.volumeKind === 'loop'
    ? {
        Devices: ids.map((id, i) => ({
          PathOnHost: linkOf(context, id),
          PathInContainer: deviceOf(context, i),
          CgroupPermissions: 'rwm',
        })),
      }
    : { Mounts: ids.map((id, i) => ({ Type: 'bind', Source: folderOf(context, id), Target: deviceOf(context, i) })) };
}

export function createVolumes(context: Context): CloudVolumes {
  const { volumes, locked } = context;

  const shown = (record: VolumeRecord, used: ReadonlySet<string>): CloudVolume => ({
    id: record.id,
    key: record.key,
    status: used.has(record.id) ? 'in-use' : 'available',
    sizeGib: record.sizeGib,
  });

  const show = async (record: VolumeRecord | undefined) => record && shown(record, await usedVolumes(context));

  const refuseWhatDoesNotFit = async (bytes: number) => {
    const { bavail, bsize } = await statfs(context.volumesDir);
    if (bytes <= bavail * bsize) return;
    const free = Math.floor((bavail * bsize) / GIB);
    throw new Problem(
      'cloud_refused',
      `${bytes / GIB} GiB more do not fit on the disk of this machine, which has ${free} GiB left`,
    );
  };

  const setSize = async (file: string, sizeGib: number) => {
    const handle = await open(file, 'a', 0o600);
    try {
      await handle.truncate(sizeGib * GIB);
      await handle.sync();
    } finally {
      await handle.close();
    }
  };

  return {
    create: (spec) =>
      answering(() =>
        locked('volumes', async () => {
          if (!Number.isInteger(spec.sizeGib) || spec.sizeGib < 1) {
            throw new Problem(
              'cloud_refused',
              `a volume of ${spec.sizeGib} GiB cannot be; ask for 1 or more whole GiB`,
            );
          }
          const there = await show(await volumes.find(spec.key));
          if (there !== undefined) return there;
          await refuseWhatDoesNotFit(spec.sizeGib * GIB);
          const record: VolumeRecord = { id: randomUUID(), key: spec.key, sizeGib: spec.sizeGib };
          // The record last: a volume that is found is whole. What a cut-off create leaves is removed by `recover`.
          try {
            if (context.volumeKind === 'loop') await setSize(fileOf(context, record.id), record.sizeGib);
            else await mkdir(folderOf(context, record.id), { mode: 0o700 });
            await volumes.put(record);
          } catch (error) {
            // Should this fail too, `recover` does it.
            await removeVolumeData(context, record.id).catch(() => undefined);
            throw error;
          }
          return shown(record, new Set());
        }),
      ),

    get: (id) => answering(async () => show(await volumes.get(id))),
    find: (key) => answering(async () => show(await volumes.find(key))),
    list: () =>
      answering(async () => {
        const used = await usedVolumes(context);
        return (await volumes.list()).map((record) => shown(record, used));
      }),

    extend: (id, sizeGib) =>
      answering(() =>
        locked('volumes', async () => {
          const record = await volumes.get(id);
          if (record === undefined) throw new Problem('not_found', `there is no volume ${id}`);
          if (!Number.isInteger(sizeGib) || sizeGib < record.sizeGib) {
            throw new Problem('cloud_refused', `volume ${id} has ${record.sizeGib} GiB and cannot become ${sizeGib}`);
          }
          await refuseWhatDoesNotFit((sizeGib - record.sizeGib) * GIB);
          if (context.volumeKind === 'loop') {
            await setSize(fileOf(context, id), sizeGib);
            await refreshLoop(context.volumesDir, fileOf(context, id));
          }
          await volumes.put({ ...record, sizeGib });
        }),
      ),

    delete: (id) =>
      answering(() =>
        locked('servers', () =>
          locked('volumes', async () => {
            const record = await volumes.get(id);
            if (record === undefined) return;
            if ((await usedVolumes(context)).has(id)) {
              throw new Problem('cloud_refused', `volume ${id} is in use; delete its server first`);
            }
            await removeVolumeData(context, id);
            await volumes.remove(id);
          }),
        ),
      ),
  };
}
