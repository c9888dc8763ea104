import { type Logger, silentLogger } from '@coffer/core';

/** What was acquired, given back in reverse order, each whatever became of the others. */
export interface Releases {
  add(name: string, release: () => Promise<unknown> | unknown): void;
  /** Repeatable. @throws the first error once everything was tried. */
  run(): Promise<void>;
}

export function createReleases(log: Logger = silentLogger): Releases {
  const held: { name: string; release: () => Promise<unknown> | unknown }[] = [];
  return {
    add: (name, release) => void held.push({ name, release }),
    async run() {
      const errors: unknown[] = [];
      for (let last = held.pop(); last; last = held.pop()) {
        const began = performance.now();
        try {
          await last.release();
          log.debug({ name: last.name, ms: Math.round(performance.now() - began) }, 'given back');
        } catch (error) {
          errors.push(new Error(`${last.name} could not be given back`, { cause: error }));
        }
      }
      if (errors.length > 0) throw errors[0];
    },
  };
}
