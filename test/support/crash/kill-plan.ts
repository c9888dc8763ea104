import type { StepPoint } from '../../../packages/server/src/worker/job-kind.ts';

/** A place at which a worker may die in jobs of one case. */
export interface Boundary extends Pick<StepPoint, 'step' | 'point'> {
  /** The job's kind, and how things stand where that matters. */
  case: string;
}

export const nameOf = ({ case: of, step, point }: Boundary): string => `${of}: ${point} “${step}”`;

/** A job that stands at its boundary, in the copy that has it. */
export interface Held<Copy> {
  jobId: string;
  boundary: Boundary;
  copy: Copy;
}

interface Plan<Copy> {
  boundary: Boundary;
  state: 'expected' | 'held' | 'spent';
  copy?: Copy;
}

/**
 * Decides which job dies where: each boundary is given to the first job of its case that comes by. Jobs are held at their boundaries
 * until all stand at theirs, and one SIGKILL takes them all. That is no gentler than a death each: nobody may touch a job before its
 * lease has run out, however long its worker stood there.
 */
export interface KillPlan<Copy> {
  /** What the jobs to come are held at. */
  want(boundaries: readonly Boundary[]): void;
  /** Waits for ever when the job is to be killed here. */
  observe(copy: Copy, point: StepPoint): Promise<void>;
  held(): Held<Copy>[];
  /** Since `want`: jobs that were held and went on without a kill, since their lease was lost. Nobody was killed there. */
  missed(): readonly Boundary[];
  /** The copy is dead: what it held may pass from now on. */
  died(copy: Copy): void;
  /** What a job came by, in order, each once. */
  passed(jobId: string): Boundary[];
}

/** @param caseOf asked once for each job, before its first step. */
export function createKillPlan<Copy>(caseOf: (jobId: string, kind: string) => Promise<string>): KillPlan<Copy> {
  let wanted: Boundary[] = [];
  const plans = new Map<string, Plan<Copy>>();
  const cases = new Map<string, Promise<string>>();
  const passed = new Map<string, Map<string, Boundary>>();
  let missed: Boundary[] = [];

  function plan(jobId: string, of: string): Plan<Copy> | undefined {
    const next = wanted.find((boundary) => boundary.case === of);
    if (!next) return undefined;
    wanted = wanted.filter((boundary) => boundary !== next);
    const made: Plan<Copy> = { boundary: next, state: 'expected' };
    plans.set(jobId, made);
    return made;
  }

  return {
    want(boundaries) {
      wanted = [...boundaries];
      missed = [];
    },
    missed: () => missed,
    async observe(copy, { jobId, kind, step, point }) {
      const known = cases.get(jobId);
      const asked = known ?? caseOf(jobId, kind);
      cases.set(jobId, asked);
      const here = { case: await asked, step, point };
      passed.set(jobId, (passed.get(jobId) ?? new Map<string, Boundary>()).set(nameOf(here), here));
      // A job that began before anything was wanted runs through.
      const its = known === undefined ? plan(jobId, here.case) : plans.get(jobId);
      if (!its || its.state === 'spent') return;
      if (its.state === 'held') {
        its.state = 'spent';
        missed.push(its.boundary);
        return;
      }
      if (nameOf(its.boundary) !== nameOf(here)) return;
      its.state = 'held';
      its.copy = copy;
      await new Promise<never>(() => {});
    },
    held: () =>
      [...plans].flatMap(([jobId, { boundary, state, copy }]) =>
        state === 'held' && copy !== undefined ? [{ jobId, boundary, copy }] : [],
      ),
    died(copy) {
      for (const plan of plans.values()) if (plan.state === 'held' && plan.copy === copy) plan.state = 'spent';
    },
    passed: (jobId) => [...(passed.get(jobId)?.values() ?? [])],
  };
}
