import type { Scheduler } from './scheduler.ts';

interface Entry<T> {
  item: T;
  since: number;
  /** Whether its maker was told that it exists. */
  isAcknowledged: boolean;
  goneAt?: number;
}

/**
 * Where resources of one kind lie. Keys are mere labels: two things may carry the same one, as names do in Nova.
 * Listings lag by `lagMs()`: what is younger is missing, what went within it still shows.
 */
export interface Shelf<T extends { id: string; key: string }> {
  put(item: T, isAcknowledged: boolean): void;
  /** The thing itself, to be changed by its cloud; callers outside get copies. */
  get(id: string): T | undefined;
  /** The oldest with this key. What was acknowledged is found at once; what was not, once listings show it. */
  find(key: string): T | undefined;
  list(): T[];
  all(): T[];
  drop(id: string): void;
}

export function createShelf<T extends { id: string; key: string }>(time: Scheduler, lagMs: () => number): Shelf<T> {
  const entries = new Map<string, Entry<T>>();
  const isPresent = (entry: Entry<T>) => entry.goneAt === undefined;
  const isListed = (entry: Entry<T>) => entry.since + lagMs() <= time.now();
  return {
    put(item, isAcknowledged) {
      entries.set(item.id, { item, since: time.now(), isAcknowledged });
    },
    get(id) {
      const entry = entries.get(id);
      return entry !== undefined && isPresent(entry) ? entry.item : undefined;
    },
    find(key) {
      const found = entries
        .values()
        .find((e) => isPresent(e) && e.item.key === key && (e.isAcknowledged || isListed(e)));
      return found?.item;
    },
    list() {
      const shows = (e: Entry<T>) => isListed(e) && (e.goneAt === undefined || e.goneAt + lagMs() > time.now());
      return [...entries.values().filter(shows)].map((e) => structuredClone(e.item));
    },
    all: () => [...entries.values().filter(isPresent)].map((e) => e.item),
    drop(id) {
      const entry = entries.get(id);
      if (entry !== undefined) entry.goneAt ??= time.now();
    },
  };
}
