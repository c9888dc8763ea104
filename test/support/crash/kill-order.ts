import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { vi } from 'vitest';
import type { LocalCloud } from '../../../scripts/local-cloud.ts';

/** Name of the file that says where the server kills itself next: `<kind>: before|after|recorded <step>`. */
export const KILL_ORDER = 'kill-order';

export const orderKill = (cloud: LocalCloud, place: string): Promise<void> =>
  writeFile(join(cloud.dataDir, KILL_ORDER), place);

/** Until the server has died of its order; then another begins over the same data. @param between before that. */
export async function succeed(cloud: LocalCloud, between?: () => Promise<void>): Promise<void> {
  await vi.waitFor(
    () => {
      if (existsSync(join(cloud.dataDir, KILL_ORDER))) throw new Error('the server has not come to where it is to die');
    },
    { timeout: 60_000, interval: 50 },
  );
  await cloud.kill();
  await between?.();
  await cloud.start();
}
