import { randomBytes } from 'node:crypto';
import { Problem } from '../problem.ts';

const MARK = Buffer.from('coffer echo ');
const TIMEOUT_MS = 2_500;

/** Proves that a broker carries messages, which an open connection does not: what is sent to one's own queue comes back. */
export interface Echo {
  /** Calls at one time share one message. @throws Problem `unavailable`. */
  ask(): Promise<void>;
  /** Takes what comes by the own queue. @returns whether it was an echo, also one that came too late. */
  hear(bytes: Uint8Array): boolean;
}

/** @param send to the own queue, good for so many ms. */
export function createEcho(send: (bytes: Uint8Array, ttlMs: number) => Promise<void>): Echo {
  let asked: { word: Buffer; answered: () => void; done: Promise<void> } | undefined;

  async function ask(word: Buffer, back: Promise<void>): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_, reject) => {
      const problem = new Problem('unavailable', 'the message broker holds the connection and carries no message');
      timer = setTimeout(() => reject(problem), TIMEOUT_MS);
    });
    try {
      await Promise.race([Promise.all([send(word, TIMEOUT_MS), back]), late]);
    } finally {
      clearTimeout(timer);
      asked = undefined;
    }
  }

  return {
    ask() {
      if (!asked) {
        const word = Buffer.concat([MARK, randomBytes(16)]);
        const back = Promise.withResolvers<void>();
        asked = { word, answered: back.resolve, done: ask(word, back.promise) };
      }
      return asked.done;
    },
    hear(bytes) {
      if (!MARK.equals(bytes.subarray(0, MARK.length))) return false;
      // Guests may write to this queue as well: only the word itself, which nobody else knows, is an answer.
      if (asked?.word.equals(bytes)) asked.answered();
      return true;
    },
  };
}
