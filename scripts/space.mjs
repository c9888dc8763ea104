// A full disk shows in a hundred ways, each in another program's words: it is asked about before, and said in ours.
import { existsSync, statfsSync } from 'node:fs';
import { dirname } from 'node:path';
import { Stop } from './say.mjs';

const MIB = 2 ** 20;

/**
 * @param {string} folder need not be there yet
 * @param {number} needed bytes
 * @param {string} what needs them, e.g. `the images`
 * @param {string} hint how to come by space, e.g. ``(`df -h` says what is full)``
 * @throws Stop with a sentence when the disk below the folder has less
 */
export function checkSpace(folder, needed, what, hint) {
  let there = folder;
  while (!existsSync(there)) there = dirname(there);
  const { bavail, bsize } = statfsSync(there);
  const free = bavail * bsize;
  if (free < needed) {
    throw new Stop(
      `The disk of ${there} has ${Math.floor(free / MIB)} MiB free and ${what} need ${Math.ceil(needed / MIB)}; free some ${hint}, then run this again.`,
    );
  }
}
