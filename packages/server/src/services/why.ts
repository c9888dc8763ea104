import type { Queries, Store } from '../store/store.ts';
import { type Actor, findInstance } from './actor.ts';
import { type Explanation, explain, type InstanceFacts } from './explain.ts';

/** An explanation with the facts that it was made from. */
export interface Why extends Explanation {
  facts: InstanceFacts;
}

export type WhyService = ReturnType<typeof createWhyService>;

/** Says why an instance is as it is, from one moment of the store alone: it works while guests, broker and cloud are away. */
export function createWhyService({ store }: { store: Pick<Store, 'snapshot'> }) {
  return {
    /** @throws Problem `not_found`; `unavailable` when the store does not answer. */
    why: (actor: Actor, id: string): Promise<Why> =>
      store.snapshot(async (tx, now) => {
        const facts = await gather(tx, now, actor, id);
        return { ...explain(facts), facts };
      }),
  };
}

async function gather(tx: Queries, now: Date, actor: Actor, id: string): Promise<InstanceFacts> {
  const counts = await tx.jobs.counts();
  const instance = await findInstance(tx, actor, id);
  return {
    now,
    instance,
    guest: await tx.guests.get(instance.id),
    jobs: await tx.jobs.ofInstance(instance.id),
    resources: await tx.ledger.ofInstance(instance.id),
    isWorkerSeen: counts.running > counts.expired,
    isConductorSeen: (await tx.leaders.holder('conductor')) !== undefined,
  };
}
