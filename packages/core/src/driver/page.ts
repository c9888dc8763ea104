export interface PageRequest {
  /** At most this many entries, 1 to 1,000. */
  limit: number;
  /** Entries after this one in the list's own order (byte order of the name; users: `name@host`). */
  marker?: string;
}

export interface Page<T> {
  items: T[];
  /** Marker of the next page; absent on the last one. */
  next?: string;
}
