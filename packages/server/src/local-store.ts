import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Logger, SecretBox } from '@coffer/core';
import type { Releases } from './release.ts';
import { createSecretBox, readMasterKeyFile } from './secrets.ts';
import { launchPostgres } from './store/postgres.ts';
import { createStore, migrate, type Store } from './store/store.ts';

export interface LocalStore {
  store: Store;
  secrets: SecretBox;
}

/** The store and the master key of a data folder, or of a PostgreSQL that a URL names; brought up to this build's schema. */
export async function openLocalStore(
  options: { dataDir: string; storeUrl?: string; log: Logger },
  releases: Releases,
): Promise<LocalStore> {
  const { dataDir, storeUrl, log } = options;
  await mkdir(dataDir, { recursive: true });
  const postgres = await launchPostgres({
    dataDir: join(dataDir, 'store'),
    log,
    ...(storeUrl !== undefined && { url: storeUrl }),
  });
  releases.add('PostgreSQL', () => postgres.stop());
  const store = createStore({ url: postgres.url, log });
  releases.add('the store', () => store.close());
  await migrate(store);
  const secrets = createSecretBox([await readMasterKeyFile(join(dataDir, 'master.key'))]);
  return { store, secrets };
}
