import type { Logger } from '@coffer/core';
import type { GuestReport } from '@coffer/core/rpc';
import { sleep } from './sleep.ts';

export interface StatusReporterParts {
  report(): Promise<GuestReport>;
  /** Resolves when the broker has it. */
  send(report: GuestReport): Promise<void>;
  intervalMs: number;
  log: Logger;
  /** 0 to 1. Default `Math.random`. */
  random?: () => number;
}

export interface StatusReporter {
  /** Reports now, then at every interval (10 % more or less, so that guests do not march in step), until the signal fires. */
  run(signal: AbortSignal): Promise<void>;
  /** Something changed: the next report goes out at once, or as soon as the one under way is through. */
  nudge(): void;
}

/** One way, one at a time. A report that is lost is replaced by the next. */
export function createStatusReporter({
  report,
  send,
  intervalMs,
  log,
  random = Math.random,
}: StatusReporterParts): StatusReporter {
  let isDue = false;
  let waiting = new AbortController();

  async function tell(): Promise<void> {
    try {
      await send(await report());
    } catch (error) {
      log.debug({ error }, 'a report did not reach the broker; the next one replaces it');
    }
  }

  return {
    async run(signal) {
      const stopped = new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
      while (!signal.aborted) {
        isDue = false;
        // A broker that is away takes seconds to refuse a report: the end does not wait for it.
        await Promise.race([tell(), stopped]);
        if (isDue) continue;
        waiting = new AbortController();
        const waitMs = intervalMs * (0.9 + 0.2 * random());
        await sleep(waitMs, AbortSignal.any([signal, waiting.signal]));
      }
    },
    nudge() {
      isDue = true;
      waiting.abort();
    },
  };
}
