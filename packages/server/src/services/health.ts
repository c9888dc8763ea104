import { type Logger, silentLogger } from '@coffer/core';
import { createSayOnce } from '../say-once.ts';
import { within } from '../within.ts';

const DEADLINE_MS = 3_000;

/** What the service depends on. */
export type Part = 'store' | 'broker' | 'cloud';

export type PartHealth = { isOk: true } | { isOk: false; detail: string };

export type HealthReport = Record<Part, PartHealth>;

/**
 * What `/healthz` answers, from one ping of each part, which rejects within seconds when the part is away. Asked for by everybody
 * without a token, so it says which part fails and nothing of where it is; the log has the rest.
 */
export function createHealth(
  pings: Record<Part, () => Promise<void>>,
  log: Logger = silentLogger,
): () => Promise<HealthReport> {
  const sayOnce = createSayOnce(log);

  async function check(part: Part): Promise<PartHealth> {
    try {
      await within(DEADLINE_MS, pings[part](), () => new Error(`no answer in ${DEADLINE_MS} ms`));
      sayOnce(`health of the ${part}`, undefined);
      return { isOk: true };
    } catch (error) {
      // Whoever balances the load asks every few seconds.
      sayOnce(`health of the ${part}`, {
        fields: { err: error, part },
        message: 'a part of the service does not answer',
      });
      return { isOk: false, detail: `The ${part} does not answer.` };
    }
  }

  return async () => {
    const [store, broker, cloud] = await Promise.all([check('store'), check('broker'), check('cloud')]);
    return { store, broker, cloud };
  };
}
