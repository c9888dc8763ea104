/** One call of a driver: the id under which it may be repeated, and the signal that ends it. */
export interface Operation {
  id: string;
  signal: AbortSignal;
}
