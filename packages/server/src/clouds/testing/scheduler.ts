/** The time a cloud lives by. Handed in, so that a test turns the clock itself and nothing sleeps. */
export interface Scheduler {
  /** Milliseconds since some beginning. */
  now(): number;
  /** Does `work` once, `delayMs` from now. */
  after(delayMs: number, work: () => void): void;
}

/** Real timers; they keep no process alive. */
export const realTime: Scheduler = {
  now: () => Date.now(),
  after(delayMs, work) {
    setTimeout(work, delayMs).unref();
  },
};

export interface ManualTime extends Scheduler {
  /** Moves the clock on and does, in order, what falls due, also what that work schedules within the span. */
  advance(ms: number): Promise<void>;
}

export function createManualTime(start = 0): ManualTime {
  let now = start;
  let due: { at: number; work: () => void }[] = [];
  return {
    now: () => now,
    after(delayMs, work) {
      due.push({ at: now + delayMs, work });
    },
    async advance(ms) {
      const end = now + ms;
      for (;;) {
        // The sort is stable: what was scheduled first for the same moment is done first.
        due.sort((a, b) => a.at - b.at);
        const next = due[0];
        if (next === undefined || next.at > end) break;
        due = due.slice(1);
        now = next.at;
        next.work();
        // Lets promises that the work settled run before the next moment.
        await new Promise((resolve) => setImmediate(resolve));
      }
      now = end;
    },
  };
}
