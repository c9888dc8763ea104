/**
 * Numbers that rise for each receiver, so that its replay window leaves none behind. Receivers that have not been written to for
 * longest are forgotten beyond `limit`; whoever comes back goes on above every number that was forgotten.
 */
export function createRisingNumbers(limit = 10_000): (receiver: string) => number {
  const last = new Map<string, number>();
  let forgotten = 0;
  return (receiver) => {
    const number = (last.get(receiver) ?? forgotten) + 1;
    // In the order in which they were last used.
    last.delete(receiver);
    last.set(receiver, number);
    if (last.size > limit) {
      const [oldest] = last;
      if (oldest) {
        forgotten = Math.max(forgotten, oldest[1]);
        last.delete(oldest[0]);
      }
    }
    return number;
  };
}
