import { expect, it } from 'vitest';
import { createSpace } from './space.ts';

const MIB = 1024 * 1024;

/** A volume of 1000 MiB. */
const volumeWith = (freeBytes: () => number, totalBytes = () => 1000 * MIB) => ({
  freeBytes: async () => freeBytes(),
  usage: async () => ({ usedBytes: totalBytes() - freeBytes(), totalBytes: totalBytes() }),
});

it('is full below 32 MiB, and has room again from 64 MiB on', async () => {
  let freeMib = 33;
  const space = createSpace(volumeWith(() => freeMib * MIB));
  const isFull = async (mib: number): Promise<boolean> => {
    freeMib = mib;
    return (await space.look()) !== undefined;
  };
  expect([await isFull(32), await isFull(31), await isFull(33), await isFull(63)]).toEqual([false, true, true, true]);
  expect([await isFull(64), await isFull(33)]).toEqual([false, false]);
});

it('says what to do, in the same words while it lasts', async () => {
  let [freeBytes, totalBytes] = [10 * MIB, 1000 * MIB];
  const space = createSpace(
    volumeWith(
      () => freeBytes,
      () => totalBytes,
    ),
  );
  const first = await space.look();
  expect(first).toMatch(/volume of 1000 MiB is full.*make it larger, or delete data/);
  freeBytes -= MIB;
  // As with a plain folder, when somebody else writes on its disk.
  totalBytes -= MIB;
  expect(await space.look()).toBe(first);
});

it('says nothing of a volume that is not there yet', async () => {
  const absent = { freeBytes: async () => undefined, usage: async () => undefined };
  expect(await createSpace(absent).look()).toBeUndefined();
});
