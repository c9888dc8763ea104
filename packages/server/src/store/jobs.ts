import type { Sealed } from '@coffer/core';
import { type Kysely, type Selectable, sql } from 'kysely';
import type { JobError, JobStepsTable, JobsTable, Schema } from './schema.ts';
import { inTransaction } from './transaction.ts';

export type JobRow = Selectable<JobsTable>;
export type JobStepRow = Selectable<JobStepsTable>;

/** Channel on which a new job is announced; the payload is its kind. */
export const JOBS_CHANNEL = 'coffer_jobs';

export interface NewJob {
  kind: string;
  /** JSON. Holds no secret: those go into `secrets`. */
  input?: unknown;
  /** By name; erased in the transaction that ends the job. */
  secrets?: Record<string, Sealed>;
  instanceId?: string;
  projectId?: string;
  /** While a job with this text is queued or running, no second one is made. */
  dedup?: string;
  /** Not before so many ms from now. */
  delayMs?: number;
}

export interface ClaimRequest {
  /** Drawn fresh for every claim, never per process: a job claimed twice has two owners. */
  owner: string;
  kinds: readonly { kind: string; deadlineMs: number; maxAttempts: number }[];
  leaseMs: number;
  limit: number;
}

export interface ClaimedJob extends JobRow {
  /** Until the deadline, ms; below zero when it has passed. */
  remainingMs: number;
}

/** The lease is another's: whatever this run still wanted to write must not be written. */
export class LeaseLost extends Error {
  constructor(jobId: string) {
    super(`the lease of job ${jobId} was lost to another worker`);
    this.name = 'LeaseLost';
  }
}

const ms = (value: number) => sql`${value}::float8 * interval '1 ms'`;

export function jobQueries(db: Kysely<Schema>) {
  /** Holds the lease on, and with it the row, until the transaction ends. @throws LeaseLost. */
  async function hold(tx: Kysely<Schema>, id: string, owner: string, leaseMs: number): Promise<void> {
    if (!(await jobQueries(tx).renew(id, owner, leaseMs))) throw new LeaseLost(id);
  }

  return {
    /**
     * Call it in the transaction that makes what the job is about. Jobs of one instance run one after another in the order in
     * which they were committed, for which the instance's row is locked.
     */
    enqueue: (job: NewJob): Promise<{ id: string; created: boolean }> => inTransaction(db, (tx) => enqueue(tx, job)),

    /**
     * Takes jobs that are due, or whose worker's lease ran out, and whose instance has no earlier job. Two claimers never get
     * the same job.
     */
    async claim(request: ClaimRequest): Promise<ClaimedJob[]> {
      // The index predicates stand here word for word; see the migration.
      const { rows } = await sql<ClaimedJob>`
        with kinds as (
          select * from unnest(${request.kinds.map((kind) => kind.kind)}::text[], ${request.kinds.map((kind) => kind.deadlineMs)}::float8[],
            ${request.kinds.map((kind) => kind.maxAttempts)}::int[]) as k(kind, deadline_ms, attempts)),
        due as (
          select t.id, t.kind from jobs t
          where state in ('queued', 'running') and run_at <= now() and (lease_until is null or lease_until < now())
            and t.kind in (select kind from kinds)
            and (instance_id is null or not exists (
              select 1 from jobs o where o.instance_id = t.instance_id and o.state in ('queued', 'running')
                and o.id <> t.id and (o.state = 'running' or o.seq < t.seq)))
          order by run_at, seq limit ${request.limit} for update skip locked)
        update jobs t set state = 'running', attempt = attempt + 1, max_attempts = k.attempts,
          lease_owner = ${request.owner}::uuid, lease_until = now() + ${ms(request.leaseMs)},
          started_at = coalesce(started_at, now()), deadline_at = coalesce(deadline_at, now() + k.deadline_ms * interval '1 ms')
        from due join kinds k on k.kind = due.kind where t.id = due.id
        returning t.*, (extract(epoch from t.deadline_at - now()) * 1000)::float8 as remaining_ms`.execute(db);
      return rows;
    },

    /** @returns false when the lease is another's or the job has ended. */
    async renew(id: string, owner: string, leaseMs: number): Promise<boolean> {
      const result = await db
        .updateTable('jobs')
        .set({ leaseUntil: sql<Date>`clock_timestamp() + ${ms(leaseMs)}` })
        .where('id', '=', id)
        .where('leaseOwner', '=', owner)
        .where('state', '=', 'running')
        .executeTakeFirst();
      return result.numUpdatedRows > 0n;
    },

    /** Writes under the lease, renewing it in the same transaction. @throws LeaseLost, and nothing is written. */
    underLease: <T>(id: string, owner: string, leaseMs: number, work: (tx: Kysely<Schema>) => Promise<T>): Promise<T> =>
      inTransaction(db, async (tx) => {
        await hold(tx, id, owner, leaseMs);
        return work(tx);
      }),

    /** Notes which step runs, for those who ask. Call it under the lease. */
    async beginStep(jobId: string, name: string): Promise<void> {
      await db
        .updateTable('jobs')
        .set({ step: name, stepSince: sql<Date>`clock_timestamp()` })
        .where('id', '=', jobId)
        .execute();
    },

    async recordStep(jobId: string, step: { name: string; result: unknown; startedAt: Date }): Promise<void> {
      const result = step.result === undefined ? null : JSON.stringify(step.result);
      await db
        .insertInto('jobSteps')
        .values({ jobId, name: step.name, result, startedAt: step.startedAt, endedAt: sql<Date>`clock_timestamp()` })
        .execute();
    },

    steps: (jobId: string): Promise<JobStepRow[]> =>
      db.selectFrom('jobSteps').selectAll().where('jobId', '=', jobId).orderBy('endedAt').execute(),

    /** Ends the job and erases what was secret: its secrets, and the results of its steps. Call it under the lease. */
    async end(id: string, state: 'done' | 'failed', error?: JobError): Promise<void> {
      await db
        .updateTable('jobs')
        .set({
          state,
          secrets: null,
          leaseOwner: null,
          leaseUntil: null,
          endedAt: sql<Date>`now()`,
          ...(error && { error: JSON.stringify(error) }),
        })
        .where('id', '=', id)
        .execute();
      await db.updateTable('jobSteps').set({ result: null }).where('jobId', '=', id).execute();
    },

    /** Gives the job up: from now on its compensation runs, with attempts of its own. Call it under the lease. */
    async giveUp(id: string, error: JobError): Promise<void> {
      await db
        .updateTable('jobs')
        .set({ failing: true, attempt: 1, error: JSON.stringify(error) })
        .where('id', '=', id)
        .execute();
    },

    /** Back to the queue, after a failure or (not counting the attempt) because the worker stops. Call it under the lease. */
    async requeue(id: string, options: { delayMs: number; error?: JobError; uncounted?: boolean }): Promise<void> {
      await db
        .updateTable('jobs')
        .set({
          state: 'queued',
          leaseOwner: null,
          leaseUntil: null,
          runAt: sql<Date>`now() + ${ms(options.delayMs)}`,
          ...(options.error && { error: JSON.stringify(options.error) }),
          ...(options.uncounted && { attempt: sql<number>`greatest(0, attempt - 1)` }),
        })
        .where('id', '=', id)
        .execute();
      if (options.delayMs <= 0) await sql`select pg_notify(${JOBS_CHANNEL}, '')`.execute(db);
    },

    get: (id: string): Promise<JobRow | undefined> =>
      db.selectFrom('jobs').selectAll().where('id', '=', id).executeTakeFirst(),

    /** Newest first. */
    ofInstance: (instanceId: string, limit = 20): Promise<JobRow[]> =>
      db
        .selectFrom('jobs')
        .selectAll()
        .where('instanceId', '=', instanceId)
        .orderBy('seq', 'desc')
        .limit(limit)
        .execute(),

    /** How many jobs wait, run, and run under a lease that has run out (their worker died; the next claim takes them). */
    async counts(): Promise<{ queued: number; running: number; expired: number }> {
      const { rows } = await sql<{ queued: number; running: number; expired: number }>`
        select count(*) filter (where state = 'queued') as queued, count(*) filter (where state = 'running') as running,
          count(*) filter (where lease_until < now()) as expired
        from jobs where state in ('queued', 'running')`.execute(db);
      return rows[0] ?? { queued: 0, running: 0, expired: 0 };
    },
  };
}

async function enqueue(tx: Kysely<Schema>, job: NewJob): Promise<{ id: string; created: boolean }> {
  if (job.instanceId !== undefined) {
    await tx.selectFrom('instances').select('id').where('id', '=', job.instanceId).forUpdate().execute();
  }
  const { rows } = await sql<{ id: string }>`
    insert into jobs (kind, instance_id, project_id, input, secrets, dedup, run_at)
    values (${job.kind}, ${job.instanceId ?? null}::uuid, ${job.projectId ?? null}, ${JSON.stringify(job.input ?? {})}::jsonb,
      ${job.secrets ? JSON.stringify(job.secrets) : null}::jsonb, ${job.dedup ?? null}, now() + ${ms(job.delayMs ?? 0)})
    on conflict (dedup) where state in ('queued', 'running') do nothing
    returning id`.execute(tx);
  const id = rows[0]?.id;
  if (id) {
    await sql`select pg_notify(${JOBS_CHANNEL}, ${job.kind})`.execute(tx);
    return { id, created: true };
  }
  const twin = await tx
    .selectFrom('jobs')
    .select('id')
    .where('dedup', '=', job.dedup ?? '')
    .where('state', 'in', ['queued', 'running'])
    .executeTakeFirst();
  // It ended between the two statements: then this job is wanted after all.
  return twin ? { id: twin.id, created: false } : enqueue(tx, job);
}
