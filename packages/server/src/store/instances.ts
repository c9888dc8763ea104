import { Problem, type ServerState, type ServiceStatus, type Task } from '@coffer/core';
import { type Insertable, type Kysely, type Selectable, sql, type Updateable } from 'kysely';
import { jobQueries, type NewJob } from './jobs.ts';
import { type Amounts, quotaQueries } from './quotas.ts';
import type { InstanceAccess, InstanceAddress, InstanceFault, InstancesTable, NicRequest, Schema } from './schema.ts';
import { inTransaction } from './transaction.ts';

/** An instance with the names of its datastore and version. */
export interface InstanceRow extends Selectable<InstancesTable> {
  datastoreName: string;
  versionName: string;
  versionNumber: string;
  /** Of the group that is attached. */
  configurationName: string | null;
}

type JsonColumns = 'network' | 'addresses' | 'access' | 'fault' | 'image' | 'logs' | 'restartRequired' | 'rejected';

export interface NewInstance
  extends Omit<
    Insertable<InstancesTable>,
    JsonColumns | 'deletedAt' | 'createdAt' | 'updatedAt' | 'serverStatus' | 'serviceStatus'
  > {
  /** Drawn by the caller: secrets of its job are sealed for this instance before the row is there. */
  id: string;
  network?: NicRequest[];
  access?: InstanceAccess | null;
  region?: string | null;
  serviceDetail?: never;
}

export interface InstanceChanges
  extends Omit<
    Updateable<InstancesTable>,
    JsonColumns | 'id' | 'projectId' | 'createdAt' | 'deletedAt' | 'serverNumber'
  > {
  addresses?: InstanceAddress[];
  access?: InstanceAccess | null;
  fault?: InstanceFault | null;
  image?: InstancesTable['image']['__select__'];
  logs?: string[];
  restartRequired?: string[];
  rejected?: Record<string, string>;
}

/** A job of the instance that the call is about. */
export type InstanceJob = Omit<NewJob, 'instanceId' | 'projectId'>;

export function instanceQueries(db: Kysely<Schema>) {
  function live() {
    return db
      .selectFrom('instances')
      .innerJoin('datastoreVersions', 'datastoreVersions.id', 'instances.datastoreVersionId')
      .innerJoin('datastores', 'datastores.id', 'datastoreVersions.datastoreId')
      .leftJoin('configurations', 'configurations.id', 'instances.configurationId')
      .selectAll('instances')
      .select([
        'datastores.name as datastoreName',
        'datastoreVersions.name as versionName',
        'datastoreVersions.number as versionNumber',
        'configurations.name as configurationName',
      ])
      .where('instances.deletedAt', 'is', null);
  }

  return {
    /** Being deleted, and no job is about it: their delete was given up. */
    abandonedDeletes: (): Promise<{ id: string; projectId: string }[]> =>
      db
        .selectFrom('instances')
        .select(['id', 'projectId'])
        .where('deletedAt', 'is', null)
        .where('task', '=', 'deleting')
        .where(({ not, exists, selectFrom }) =>
          not(
            exists(
              selectFrom('jobs')
                .select('jobs.id')
                .whereRef('jobs.instanceId', '=', 'instances.id')
                .where('jobs.state', 'in', ['queued', 'running']),
            ),
          ),
        )
        .execute(),

    /**
     * Instance, job and quota in one transaction: all are there, or none.
     * @throws Problem `over_quota`.
     */
    create: (
      instance: NewInstance,
      job: InstanceJob,
      quota: { deltas: Amounts; defaults: Amounts },
    ): Promise<{ jobId: string }> =>
      inTransaction(db, async (tx) => {
        await quotaQueries(tx).reserve(instance.projectId, quota.deltas, quota.defaults);
        const { network, access, serviceDetail: _, ...rest } = instance;
        await tx
          .insertInto('instances')
          .values({
            task: 'building',
            ...rest,
            serviceStatus: 'new',
            network: JSON.stringify(network ?? []),
            addresses: '[]',
            access: access ? JSON.stringify(access) : null,
          })
          .execute();
        const { id: jobId } = await jobQueries(tx).enqueue({
          ...job,
          instanceId: instance.id,
          projectId: instance.projectId,
        });
        return { jobId };
      }),

    /** A live instance; with a project, only one of its own. */
    get(id: string, projectId?: string): Promise<InstanceRow | undefined> {
      const one = live().where('instances.id', '=', id);
      return (projectId === undefined ? one : one.where('instances.projectId', '=', projectId)).executeTakeFirst();
    },

    /** Live instances of a project by id, those after `after`. */
    list(projectId: string, page: { limit: number; after?: string }): Promise<InstanceRow[]> {
      const all = live().where('instances.projectId', '=', projectId).orderBy('instances.id').limit(page.limit);
      return (page.after === undefined ? all : all.where('instances.id', '>', page.after)).execute();
    },

    /**
     * Whether the operation may run and that it runs are one conditional UPDATE; its job is queued in the same transaction.
     * @throws Problem `instance_busy` when the task is none of `from`; `not_found`.
     */
    begin: (
      id: string,
      tasks: { from: readonly Task[]; to: Task; projectId?: string },
      job: InstanceJob,
    ): Promise<{ jobId: string; instance: Selectable<InstancesTable> }> =>
      inTransaction(db, async (tx) => {
        let update = tx
          .updateTable('instances')
          .set({ task: tasks.to, updatedAt: sql<Date>`now()` })
          .where('id', '=', id)
          .where('deletedAt', 'is', null)
          .where('task', 'in', tasks.from);
        if (tasks.projectId !== undefined) update = update.where('projectId', '=', tasks.projectId);
        const instance = await update.returningAll().executeTakeFirst();
        if (!instance) throw await whyNot(tx, id, tasks.projectId);
        const { id: jobId } = await jobQueries(tx).enqueue({ ...job, instanceId: id, projectId: instance.projectId });
        return { jobId, instance };
      }),

    /** @returns false when there is no such live instance. */
    async update(id: string, changes: InstanceChanges): Promise<boolean> {
      const { addresses, access, fault, image, logs, restartRequired, rejected, ...plain } = changes;
      const result = await db
        .updateTable('instances')
        .set({
          updatedAt: sql<Date>`now()`,
          ...plain,
          ...(addresses && { addresses: JSON.stringify(addresses) }),
          ...(access !== undefined && { access: access && JSON.stringify(access) }),
          ...(fault !== undefined && { fault: fault && JSON.stringify(fault) }),
          ...(image !== undefined && { image: image && JSON.stringify(image) }),
          ...(logs && { logs: JSON.stringify(logs) }),
          ...(restartRequired && { restartRequired: JSON.stringify(restartRequired) }),
          ...(rejected && { rejected: JSON.stringify(rejected) }),
        })
        .where('id', '=', id)
        .where('deletedAt', 'is', null)
        .executeTakeFirst();
      return result.numUpdatedRows > 0n;
    },

    /** That its guest is being changed, where nothing else is done to it. */
    async markUpdating(id: string): Promise<void> {
      await db
        .updateTable('instances')
        .set({ task: 'updating', updatedAt: sql<Date>`now()` })
        .where('id', '=', id)
        .where('task', '=', 'none')
        .execute();
    },

    /**
     * That the job which changes its guest has come to its end: the instance is at rest, unless another such job waits. Locks the
     * instance first: who queues one meanwhile is seen, or sees this.
     */
    async settle(id: string, jobId: string): Promise<void> {
      await db.selectFrom('instances').select('id').where('id', '=', id).forUpdate().execute();
      await db
        .updateTable('instances')
        .set({ task: 'none', updatedAt: sql<Date>`now()` })
        .where('id', '=', id)
        .where('task', '=', 'updating')
        .where(({ not, exists, selectFrom }) =>
          not(
            exists(
              selectFrom('jobs')
                .select('jobs.id')
                .whereRef('jobs.instanceId', '=', 'instances.id')
                .where('jobs.kind', '=', (job) => job.selectFrom('jobs as this').select('kind').where('id', '=', jobId))
                .where('jobs.id', '<>', jobId)
                .where('jobs.state', 'in', ['queued', 'running']),
            ),
          ),
        )
        .execute();
    },

    /** Live ones that have the group attached, by id, those after `after`. */
    ofConfiguration(
      configurationId: string,
      page: { limit?: number; after?: string; projectId?: string } = {},
    ): Promise<InstanceRow[]> {
      let all = live().where('instances.configurationId', '=', configurationId).orderBy('instances.id');
      if (page.limit !== undefined) all = all.limit(page.limit);
      if (page.after !== undefined) all = all.where('instances.id', '>', page.after);
      if (page.projectId !== undefined) all = all.where('instances.projectId', '=', page.projectId);
      return all.execute();
    },

    /**
     * Those at rest whose change has waited for this long for a guest that is heard now, and those whose newest certificate ends
     * within `certificateMs`, unless a change failed for good less than `waitedMs` ago.
     */
    async withChangeDue(due: {
      /** Of the job that makes changes. */
      kind: string;
      waitedMs: number;
      certificateMs: number;
    }): Promise<{ id: string; projectId: string }[]> {
      const { rows } = await sql<{ id: string; projectId: string }>`
        select id, project_id from instances i
        where deleted_at is null and task = ${'none' satisfies Task} and service_status <> ${'agent_timeout' satisfies ServiceStatus}
          and (change_waits_since < now() - ${due.waitedMs}::float8 * interval '1 ms'
            or (change_waits_since is null and exists (select 1 from certificates c where c.instance_id = i.id)
              and not exists (select 1 from certificates c where c.instance_id = i.id
                and c.expires_at > now() + ${due.certificateMs}::float8 * interval '1 ms')
              and not exists (select 1 from jobs j where j.instance_id = i.id and j.kind = ${due.kind} and j.state = 'failed'
                and j.ended_at > now() - ${due.waitedMs}::float8 * interval '1 ms')))`.execute(db);
      return rows;
    },

    /** What the cloud says of the server, where it is news and no operation is running. */
    async setServerStatus(id: string, serverStatus: ServerState): Promise<void> {
      await db
        .updateTable('instances')
        .set({ serverStatus })
        .where('id', '=', id)
        .where('task', '=', 'none')
        .where('serverStatus', 'is distinct from', serverStatus)
        .where('deletedAt', 'is', null)
        .execute();
    },

    /** The row stays for history; every query here answers as if it were gone. Repeatable. */
    async markDeleted(id: string): Promise<void> {
      await db
        .updateTable('instances')
        .set({ deletedAt: sql<Date>`now()`, task: 'none', configurationId: null })
        .where('id', '=', id)
        .where('deletedAt', 'is', null)
        .execute();
    },

    /** Those whose guest's clock was off by more than this at its last report, in the order of their ids. */
    async withClockOff(moreThanMs: number): Promise<{ id: string; skewMs: number }[]> {
      const { rows } = await sql<{ id: string; skewMs: number }>`
        select id, clock_skew_ms as skew_ms from instances
        where deleted_at is null and abs(clock_skew_ms) > ${moreThanMs} order by id`.execute(db);
      return rows;
    },

    /** Whether a guest has reported within this time whose server is not known to be up: it must be by now. */
    async anyReturned(withinMs: number): Promise<boolean> {
      const { rows } = await sql`
        select 1 from instances where deleted_at is null and task = ${'none' satisfies Task}
          and server_status is distinct from ${'ACTIVE' satisfies ServerState}
          and service_status_at > now() - ${withinMs}::float8 * interval '1 ms' limit 1`.execute(db);
      return rows.length > 0;
    },

    /**
     * Marks every instance that reported once and has been silent for longer than this. The next report undoes it.
     * @returns ids of those that were not marked yet.
     */
    async markSilent(olderThanMs: number): Promise<string[]> {
      const { rows } = await sql<{ id: string }>`
        update instances set service_status = ${'agent_timeout' satisfies ServiceStatus},
          service_detail = 'No report since ' || to_char(service_status_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"')
        where id in (
          select id from instances
          where deleted_at is null and service_status_at < now() - ${olderThanMs}::float8 * interval '1 ms'
            and service_status not in ('agent_timeout', 'restart_required')
          -- Whose row is being written is being heard, perhaps; and nobody waits for another in a circle.
          for update skip locked)
        returning id`.execute(db);
      return rows.map((row) => row.id);
    },
  };
}

async function whyNot(db: Kysely<Schema>, id: string, projectId: string | undefined): Promise<Problem> {
  const row = await db
    .selectFrom('instances')
    .select(['task', 'projectId', 'deletedAt'])
    .where('id', '=', id)
    .executeTakeFirst();
  if (!row || row.deletedAt || (projectId !== undefined && row.projectId !== projectId)) {
    return new Problem('not_found', `Instance ${id} could not be found.`);
  }
  return new Problem(
    'instance_busy',
    `Instance ${id} is not ready for this now (its task is ${row.task}); try again when it is done.`,
  );
}
