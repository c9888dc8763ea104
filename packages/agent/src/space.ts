import type { Volume } from './volume.ts';

const MIB = 1024 * 1024;

/**
 * Less free space than this is a full volume. PostgreSQL ends itself when it cannot lay its next 16 MiB of log, and MySQL's
 * commits wait without a word to anybody while its reads, and so its probe, go on.
 */
const FULL_BYTES = 32 * MIB;
/** This much must be free again before it is full no more, so that a database at the edge does not change its word all the time. */
const ROOM_BYTES = 2 * FULL_BYTES;

/** Whether the data volume is full, of which a database may say nothing. */
export interface Space {
  /** @returns why the database cannot write, for its user to read; undefined while there is room, or nothing is known. */
  look(): Promise<string | undefined>;
}

export function createSpace(volume: Pick<Volume, 'freeBytes' | 'usage'>): Space {
  let full: string | undefined;

  async function sentence(): Promise<string> {
    const { totalBytes } = (await volume.usage()) ?? {};
    const size = totalBytes === undefined ? '' : ` of ${Math.round(totalBytes / MIB)} MiB`;
    return `The volume${size} is full, and what is written waits or is refused; make it larger, or delete data until ${ROOM_BYTES / MIB} MiB are free.`;
  }

  return {
    async look() {
      const freeBytes = await volume.freeBytes();
      if (freeBytes === undefined) return undefined;
      if (freeBytes >= (full === undefined ? FULL_BYTES : ROOM_BYTES)) full = undefined;
      // Kept as it was first said: whatever is said anew is reported anew.
      else full ??= await sentence();
      return full;
    },
  };
}
