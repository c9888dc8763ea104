import type { Context } from './context.ts';
import { wordsOf } from './faults.ts';
import { type Observed, observe } from './observe.ts';
import type { ServerWork } from './work.ts';

const isDown = ({ record, container }: Observed): boolean =>
  record?.state === 'built' && (container?.State === 'exited' || container?.State === 'created');

/**
 * Starts guests that should run and do not, attaches their volumes before, and goes on with what was under way. Repeatable;
 * a guest that runs, or is being changed or deleted, is left to whoever does that.
 */
export async function heal(context: Context, work: ServerWork): Promise<void> {
  for (const seen of await observe(context)) {
    if (seen.record === undefined) continue;
    work.resume(seen.record);
    if (isDown(seen)) await startAgain(context, work, seen.record);
  }
}

async function startAgain(context: Context, work: ServerWork, { id, key }: { id: string; key: string }): Promise<void> {
  try {
    await context.locked(`server-${id}`, async () => {
      // Looked at again: a deletion or a reboot may have come while the lock was another's.
      const now = (await observe(context, id))[0];
      if (now?.record === undefined || !isDown(now)) return;
      await work.start(now.record);
      context.log.info({ server: id, key }, 'guest started again');
    });
  } catch (error) {
    // One guest that does not come up must not keep the others down; it shows as SHUTOFF.
    context.log.error({ server: id, key, error: wordsOf(error) }, 'guest could not be started again');
  }
}
