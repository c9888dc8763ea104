import { existsSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { type Logger, Problem, type SecretBox } from '@coffer/core';
import type { Releases } from './release.ts';
import { createSecretBox, readMasterKeyFile } from './secrets.ts';
import { isServing } from './server-lock.ts';
import { launchPostgres, runningPostgres } from './store/postgres.ts';
import { careForPostgres } from './store/postgres-care.ts';
import { createStore, migrate, type Store } from './store/store.ts';

export interface StoreLocation {
  dataDir: string;
  /** A PostgreSQL of somebody's instead of one in the data folder. */
  storeUrl?: string;
  log: Logger;
}

export interface LocalStore {
  store: Store;
  secrets: SecretBox;
}

/** The store and the master key of a data folder, or of a PostgreSQL that a URL names; brought up to this build's schema. */
export async function openLocalStore(options: StoreLocation, releases: Releases): Promise<LocalStore> {
  const { dataDir, storeUrl, log } = options;
  await mkdir(dataDir, { recursive: true });
  const own = { dataDir: join(dataDir, 'store'), log };
  const postgres = await launchPostgres({ ...own, ...(storeUrl !== undefined && { url: storeUrl }) });
  releases.add('PostgreSQL', () => postgres.stop());
  if (storeUrl === undefined) releases.add('the care for PostgreSQL', careForPostgres(own));
  const store = createStore({ url: postgres.url, log });
  releases.add('the store', () => store.close());
  await migrate(store);
  const secrets = createSecretBox([await readMasterKeyFile(join(dataDir, 'master.key'))]);
  return { store, secrets };
}

/**
 * The store as it is, for those who only look: nothing is made, and the schema stays what it is. One in the data folder that
 * lies still is started for the while, unless a server runs over it, which had better notice.
 * @throws Problem `not_found` when there is none yet, `unavailable` when the server's is down.
 */
export async function visitStore({ dataDir, storeUrl, log }: StoreLocation, releases: Releases): Promise<Store> {
  const url = storeUrl ?? runningPostgres(join(dataDir, 'store')) ?? (await wake(dataDir, log, releases));
  const store = createStore({ url, log, maxConnections: 2 });
  releases.add('the store', () => store.close());
  await store.ping();
  return store;
}

async function wake(dataDir: string, log: Logger, releases: Releases): Promise<string> {
  const folder = join(dataDir, 'store');
  if (!existsSync(folder))
    throw new Problem('not_found', `There is no store in ${dataDir} yet; \`coffer serve\` makes one.`);
  if (await isServing(dataDir))
    throw new Problem(
      'unavailable',
      `A server runs over ${dataDir}, and its PostgreSQL is down; the server starts it again, and \`tail ${join(folder, 'postgresql.log')}\` says why it does not come up.`,
    );
  const postgres = await launchPostgres({ dataDir: folder, log });
  releases.add('PostgreSQL', () => postgres.stop());
  return postgres.url;
}
