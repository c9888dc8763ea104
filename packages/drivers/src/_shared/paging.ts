import type { Page, PageRequest } from '@coffer/core/driver';

/**
 * A page out of one entry more than was asked for, so that the last page is known as such.
 * @param markerOf the entry's place in the list's order
 */
export function pageOf<T>(found: readonly T[], request: PageRequest, markerOf: (item: T) => string): Page<T> {
  const items = found.slice(0, request.limit);
  const last = items.at(-1);
  return found.length > request.limit && last !== undefined ? { items, next: markerOf(last) } : { items };
}
