import { type LocalStore, openLocalStore } from '../local-store.ts';
import { createReleases } from '../release.ts';
import { createLog } from './log.ts';

/** What `addStoreOptions` gives a command. */
export interface StoreFlags {
  dataDir: string;
  store?: string;
  logLevel: string;
}

/** Runs one command's work on the store that its options name, and gives the store back whatever became of it. */
export async function withStore<T>(flags: StoreFlags, work: (local: LocalStore) => Promise<T>): Promise<T> {
  const log = createLog(flags.logLevel);
  const releases = createReleases(log);
  try {
    const url = flags.store === undefined ? {} : { storeUrl: flags.store };
    return await work(await openLocalStore({ dataDir: flags.dataDir, log, ...url }, releases));
  } finally {
    await releases.run();
  }
}
