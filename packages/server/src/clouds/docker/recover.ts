import type { Context } from './context.ts';
import { loopsIn } from './loops.ts';
import { ensureManagement, ensureTenant } from './networks.ts';
import { observe, usedVolumes } from './observe.ts';
import { runProgram } from './program.ts';
import { refreshRules } from './rules.ts';
import type { ServerWork } from './work.ts';

/**
 * After a restart of this process, the engine or the machine: lays networks and rules, attaches volumes, starts guests that
 * should run, goes on with what was under way. Repeatable; a guest that runs is not touched.
 */
export async function recover(context: Context, work: ServerWork): Promise<void> {
  await ensureManagement(context);
  for (const network of await context.networks.list()) await ensureTenant(context, network);
  await refreshRules(context);
  await releaseLeftovers(context);
  for (const { record, container } of await observe(context)) {
    if (record === undefined) continue;
    work.resume(record);
    if (record.state !== 'built' || container?.State === 'running') continue;
    try {
      await work.start(record);
      context.log.info({ server: record.id, key: record.key }, 'guest started again');
    } catch (error) {
      // One guest that does not come up must not keep the others down; it shows as SHUTOFF.
      context.log.error(
        { server: record.id, key: record.key, error: String(error) },
        'guest could not be started again',
      );
    }
  }
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
