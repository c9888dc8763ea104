import type { Queries } from '../store/store.ts';

/** A step in the engine's own words. `prepare` writes what must be known before the effect, and is repeatable like it. */
export interface StepPlan<P, T> {
  name: string;
  prepare: (tx: Queries) => Promise<P>;
  effect: (prepared: P) => Promise<T>;
  record: (tx: Queries, result: T, prepared: P) => Promise<unknown>;
}

export type StepRunner = <P, T>(plan: StepPlan<P, T>) => Promise<T>;
