import type { Delivery } from 'rhea';

export type Verdict = 'accept' | 'release' | 'reject';

/**
 * Settles deliveries of one connection, never two with different verdicts in one go. rhea 3.0.5 writes neighbouring deliveries
 * that are settled in one tick as one range, and of the first two it does not compare the outcomes (`write_dispositions` in its
 * session.js): a message that was given back would be settled as accepted, and lost.
 */
export function createSettler(): (
  delivery: Delivery,
  verdict: Verdict,
  why?: { condition: string; description: string },
) => void {
  const waiting: { verdict: Verdict; act: () => void }[] = [];
  let current: Verdict | undefined;

  function drain(): void {
    current = waiting[0]?.verdict;
    if (current === undefined) return;
    while (waiting[0]?.verdict === current) waiting.shift()?.act();
    // rhea writes on the next tick, so by then this batch is out.
    setImmediate(drain);
  }

  return (delivery, verdict, why) => {
    const act = () => {
      if (verdict === 'accept') delivery.accept();
      else if (verdict === 'release') delivery.release();
      else delivery.reject(why);
    };
    if (current === verdict && waiting.length === 0) return act();
    waiting.push({ verdict, act });
    if (current === undefined) drain();
  };
}
