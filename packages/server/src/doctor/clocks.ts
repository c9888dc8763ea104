import type { Examination } from '../examination.ts';
import { CLOCK_TOLERANCE_MS, skewWords } from '../services/clock-skew.ts';

export interface ClocksDeps {
  /** Ms since 1970 by this host's clock. */
  now(): number;
  /** The store's clock, and guests whose clock was off by more than this at their last report; undefined when it cannot be asked. */
  store:
    | { now(): Promise<Date>; skewed(moreThanMs: number): Promise<readonly { id: string; skewMs: number }[]> }
    | undefined;
}

const HOST_TOLERANCE_MS = 2_000;
const SHOWN = 5;
const MEND = '`timedatectl set-ntp true`';

/** Whether this host, the store and the guests agree on what time it is. */
export async function checkClocks({ now, store }: ClocksDeps): Promise<Examination> {
  if (!store) return { facts: 'not compared, as the store does not answer', faults: [] };
  const asked = now();
  const stored = (await store.now()).getTime();
  const answered = now();
  // The store looked at its clock somewhere between the two.
  const offMs = stored < asked ? stored - asked : stored > answered ? stored - answered : 0;
  const faults: string[] = [];
  if (Math.abs(offMs) > HOST_TOLERANCE_MS)
    faults.push(
      `This host's clock is ${Math.round(Math.abs(offMs) / 1000)} s ${offMs > 0 ? 'behind' : 'ahead of'} the store's; set the one that is wrong: ${MEND}.`,
    );
  const skewed = await store.skewed(CLOCK_TOLERANCE_MS);
  if (skewed.length > 0) {
    const shown = skewed.slice(0, SHOWN).map(({ id, skewMs }) => `${id} (${skewWords(skewMs)})`);
    const more = skewed.length > SHOWN ? ` and ${skewed.length - SHOWN} more` : '';
    faults.push(
      `The clocks of guests are off: ${shown.join(', ')}${more}; set them on the machines that guests run on: ${MEND}.`,
    );
  }
  return { facts: `this host ${offMs === 0 ? 'agrees with the store' : `${offMs} ms from the store`}`, faults };
}
