import { Problem } from '@coffer/core';

/** What a call ends with whose signal has fired. */
export function whyAborted(signal: AbortSignal, title: string): Problem {
  if (signal.reason instanceof Problem) return signal.reason;
  return new Problem('timeout', `The call was ended before ${title} had answered; it may be repeated.`);
}

/** Settles like `start` does, or rejects as soon as the signal fires. */
export function abortable<T>(
  signal: AbortSignal,
  title: string,
  start: (resolve: (value: T) => void, reject: (error: unknown) => void) => void,
): Promise<T> {
  return new Promise((resolve, reject) => {
    const abort = (): void => reject(whyAborted(signal, title));
    if (signal.aborted) return abort();
    signal.addEventListener('abort', abort, { once: true });
    const done = (): void => signal.removeEventListener('abort', abort);
    start(
      (value) => {
        done();
        resolve(value);
      },
      (error) => {
        done();
        reject(error);
      },
    );
  });
}

/** @throws Problem when the signal fires before */
export function pause(ms: number, signal: AbortSignal, title = 'the database'): Promise<void> {
  return abortable(signal, title, (resolve) => void setTimeout(resolve, ms));
}

/** One caller at a time, in the order in which they came. */
export interface Turns {
  /** Whether somebody has a turn, or waits for one. */
  readonly isBusy: boolean;
  /** Resolves when it is the caller's turn. @returns what ends it @throws Problem when the signal fires before */
  next(signal: AbortSignal): Promise<() => void>;
  /** After those that are waiting now. */
  idle(): Promise<void>;
}

export function createTurns(title: string): Turns {
  let last: Promise<void> = Promise.resolve();
  let turns = 0;
  return {
    get isBusy() {
      return turns > 0;
    },
    async next(signal) {
      const previous = last;
      const { promise, resolve } = Promise.withResolvers<void>();
      last = previous.then(() => promise);
      turns += 1;
      const release = (): void => {
        turns -= 1;
        resolve();
      };
      try {
        await abortable<void>(signal, title, (go) => void previous.then(go));
      } catch (error) {
        release();
        throw error;
      }
      return release;
    },
    idle: () => last,
  };
}
