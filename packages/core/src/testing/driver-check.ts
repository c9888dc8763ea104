/** One thing that a driver owes. Group and name together are its name for ever. */
export interface Check {
  group: string;
  name: string;
  timeoutMs: number;
  /** Rejects when the driver does not keep it. */
  run(): Promise<void>;
  /** Why it does not apply to this driver; then it is not run. */
  skip?: string;
}

export type CheckOutcome = 'passed' | 'failed' | 'skipped';

export interface CheckResult {
  group: string;
  name: string;
  outcome: CheckOutcome;
  /** Why it failed or was skipped. */
  reason?: string;
  ms: number;
}

/** The result of a run, as JSON holds it. */
export interface DriverReport {
  datastore: string;
  version: string;
  groups: readonly string[];
  passed: number;
  failed: number;
  skipped: number;
  ms: number;
  checks: CheckResult[];
}

/** Adds a check to the group; a text instead of the work is the reason why it does not apply. */
export type AddCheck = (name: string, work: string | (() => Promise<void>), timeoutMs?: number) => void;

const TIMEOUT_MS = 30_000;

/** Checks of one group, in order. @param prepare is waited for before each of them, apart from its deadline */
export function checkGroup(group: string, fill: (add: AddCheck) => void, prepare?: () => Promise<unknown>): Check[] {
  const checks: Check[] = [];
  fill((name, work, timeoutMs = TIMEOUT_MS) => {
    const check = { group, name, timeoutMs };
    if (typeof work === 'string') checks.push({ ...check, skip: work, run: async () => {} });
    else
      checks.push({
        ...check,
        async run() {
          await prepare?.();
          await withDeadline(work(), timeoutMs);
        },
      });
  });
  return checks;
}

async function withDeadline(work: Promise<void>, timeoutMs: number): Promise<void> {
  const { promise, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(new Error(`it did not end within ${timeoutMs} ms`)), timeoutMs);
  try {
    await Promise.race([work, promise]);
  } finally {
    clearTimeout(timer);
  }
}

/** Runs one check. Never rejects. */
export async function runCheck(check: Check): Promise<CheckResult> {
  const { group, name, skip } = check;
  if (skip !== undefined) return { group, name, outcome: 'skipped', reason: skip, ms: 0 };
  const since = performance.now();
  const elapsed = (): number => Math.round(performance.now() - since);
  try {
    await check.run();
    return { group, name, outcome: 'passed', ms: elapsed() };
  } catch (error) {
    return { group, name, outcome: 'failed', reason: told(error), ms: elapsed() };
  }
}

/** With its causes: what a library wraps says less than what it wraps. */
function told(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const own = error.stack ?? error.message;
  return error.cause === undefined ? own : `${own}\ncaused by ${told(error.cause)}`;
}
