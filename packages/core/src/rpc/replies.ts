import type { ProblemJson } from '../problem.ts';

/** What a call ended with. */
export type StoredReply = { result: unknown } | { problem: ProblemJson };

/** Results by operation id, kept for ten minutes, so that a repeat is answered and not run again. */
export interface ReplyStore {
  get(operationId: string): Promise<StoredReply | undefined>;
  put(operationId: string, reply: StoredReply): Promise<void>;
}

export const REPLY_LIFETIME_MS = 10 * 60_000;

/** In memory: gone with the process. An agent that is to answer repeats across its own restart keeps files in a tmpfs. */
export function createMemoryReplies(now: () => number = Date.now): ReplyStore {
  const kept = new Map<string, { reply: StoredReply; until: number }>();
  const forget = () => {
    for (const [id, { until }] of kept) {
      if (until > now()) break; // insertion order is order of expiry
      kept.delete(id);
    }
  };
  return {
    async get(operationId) {
      forget();
      return kept.get(operationId)?.reply;
    },
    async put(operationId, reply) {
      forget();
      kept.delete(operationId);
      kept.set(operationId, { reply, until: now() + REPLY_LIFETIME_MS });
    },
  };
}
