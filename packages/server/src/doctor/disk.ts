import type { Examination } from '../examination.ts';

export interface DiskDeps {
  /** What lies there, and where. A place that is not there is left out. */
  places: readonly { what: string; path: string }[];
  /** Undefined when there is no such folder. `device` tells file systems apart. */
  space(path: string): Promise<{ device: number; freeBytes: number; totalBytes: number } | undefined>;
}

const GIB = 2 ** 30;
/** An image, its container and a little data. */
const LEAST_FREE = 3 * GIB;
const LEAST_SHARE = 0.05;

/** Whether there is room where databases grow. */
export async function checkDisk({ places, space }: DiskDeps): Promise<Examination> {
  const seen = new Set<number>();
  const facts: string[] = [];
  const faults: string[] = [];
  for (const { what, path } of places) {
    const found = await space(path);
    if (!found || seen.has(found.device)) continue;
    seen.add(found.device);
    const { freeBytes, totalBytes } = found;
    const free = `${(freeBytes / GIB).toFixed(1)} of ${(totalBytes / GIB).toFixed(1)} GiB free`;
    facts.push(`${path}: ${free}`);
    const mend = `make room: \`docker system df\` and \`du -xh --max-depth=2 ${path} | sort -h | tail\` show what takes it`;
    if (freeBytes < LEAST_FREE)
      faults.push(`The disk of ${what} (${path}) is full, ${free}: databases on it stop soon; ${mend}.`);
    else if (freeBytes < LEAST_SHARE * totalBytes)
      faults.push(`The disk of ${what} (${path}) fills up, ${free}; ${mend}.`);
  }
  return { facts: facts.join('; '), faults };
}
