import { readdir } from 'node:fs/promises';
import { isId } from '../../ids.ts';
import type { Context } from './context.ts';
import { heal } from './heal.ts';
import { loopsIn } from './loops.ts';
import { ensureManagement, ensureTenant } from './networks.ts';
import { usedVolumes } from './observe.ts';
import { runProgram } from './program.ts';
import { refreshRules } from './rules.ts';
import { removeUserData } from './user-data.ts';
import { removeVolumeData } from './volumes.ts';
import type { ServerWork } from './work.ts';

/**
 * After a restart of this process, the engine or the machine: lays networks and rules, attaches volumes, starts guests that
 * should run, goes on with what was under way, removes what no record knows. Repeatable; a guest that runs is not touched.
 */
export async function recover(context: Context, work: ServerWork): Promise<void> {
  await ensureManagement(context);
  for (const network of await context.networks.list()) await ensureTenant(context, network);
  await refreshRules(context);
  await releaseLeftovers(context);
  await removeUnknown(context);
  await heal(context, work);
}

/** Devices whose volume no server uses: a process died between taking the server away and detaching. */
async function releaseLeftovers(context: Context): Promise<void> {
  if (context.volumeKind === 'folder') return;
  await context.locked('servers', async () => {
    const used = await usedVolumes(context);
    for (const { device, file } of await loopsIn(context.volumesDir)) {
      const isUsed = [...used].some((id) => file === `${context.volumesDir}/${id}.img`);
      if (!isUsed) await runProgram('losetup', ['--detach', device]);
    }
  });
}

/** Records come last when something is made: what has none was begun by a process that died, and nobody will ask for it. */
function removeUnknown(context: Context): Promise<void> {
  const { locked, log, servers, volumes } = context;
  return locked('servers', () =>
    locked('volumes', async () => {
      const known = await servers.list();
      const serverIds = new Set(known.map(({ id }) => id));
      for (const id of await idsIn(context.userDataDir)) {
        if (serverIds.has(id)) continue;
        await removeUserData(context, id);
        log.warn({ server: id }, 'user data of an unknown server removed');
      }
      // What a server names stays, whatever became of the record: it is somebody's data.
      const volumeIds = new Set([
        ...(await volumes.list()).map(({ id }) => id),
        ...known.flatMap((server) => server.volumeIds),
      ]);
      for (const id of await idsIn(context.volumesDir)) {
        if (volumeIds.has(id)) continue;
        await removeVolumeData(context, id);
        log.warn({ volume: id }, 'data of an unknown volume removed');
      }
    }),
  );
}

/** The ids that begin the names in a folder: `<id>`, `<id>.img`, `<id>.dev`. */
async function idsIn(folder: string): Promise<Set<string>> {
  const names = await readdir(folder).catch((error: unknown) => {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return [];
    throw error;
  });
  return new Set(names.map((name) => name.replace(/\.(img|dev)$/, '')).filter(isId));
}
