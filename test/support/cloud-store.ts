import { join } from 'node:path';
import type { Client } from 'pg';
import { launchPostgres } from '../../packages/server/src/store/postgres.ts';
import type { LocalCloud } from '../../scripts/local-cloud.ts';
import { asAdmin } from './postgres.ts';

/** A look into the store of a cloud. The running one is adopted, and left running when this is done with it. */
export async function inStoreOf<T>(
  { dataDir }: Pick<LocalCloud, 'dataDir'>,
  work: (store: Client) => Promise<T>,
): Promise<T> {
  const postgres = await launchPostgres({ dataDir: join(dataDir, 'store') });
  try {
    return await asAdmin(postgres.url, work);
  } finally {
    await postgres.stop();
  }
}
