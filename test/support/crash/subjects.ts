import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Reply } from '@coffer/core';
import { vi } from 'vitest';
import { type JobStart, jobStarts } from '../jobs-by-api.ts';
import type { CrashWorld, ServerCopy } from './world.ts';

/** What a job is about: one instance, or one resource that nobody wants any more. */
export interface Subject {
  /** The cloud and the ledger have everything of it under this. */
  key: string;
  jobId: string;
}

/** All that is to be seen of a subject, as text that can be compared. */
export interface Facts {
  /** `ACTIVE` for an instance that serves, `gone` for what is no more. */
  end: string;
  /** Of each of its jobs: kind, state. */
  jobs: string[];
  /** What the ledger has: kind, state, id in the cloud. */
  ledger: string[];
  /** The same of what is really there. */
  cloud: string[];
  /** How often the cloud was asked to make each thing. */
  made: string[];
  /** Of each operation that the guest ran: method, how often. */
  runs: string[];
  /** Where something secret still lies. */
  secrets: string[];
}

/** After a job's kind. */
const SILENT = ' of a silent guest';
const SOON = { timeout: 60_000, interval: 100 };

export interface Subjects {
  /** Kinds of jobs that can be started here. */
  readonly kinds: readonly string[];
  /** Each kind as things usually stand, and each of a kind about an instance when its guest does not answer. */
  readonly cases: readonly string[];
  /** Brings about what a job of this case is about. @returns what starts the job. */
  prepare(of: string, copy: ServerCopy): Promise<(copy: ServerCopy) => Promise<Subject>>;
  /** The case of a job that has just begun. */
  caseOf(jobId: string, kind: string): Promise<string>;
  ended(subjects: readonly Subject[]): Promise<void>;
  look(subject: Subject, copy: ServerCopy): Promise<Facts>;
}

export function createSubjects(world: CrashWorld, starts: readonly JobStart[] = jobStarts()): Subjects {
  const { store, cloud } = world;
  const byKind = new Map(starts.map((start) => [start.kind, start]));
  const create = starts.find(({ isOnInstance }) => !isOnInstance);

  const shelves = { server: cloud.servers, volume: cloud.volumes, port: cloud.ports };

  /** All that is there under a key: listings tell when what came or went last is older than their lag. */
  async function inCloud(key: string): Promise<string[]> {
    await sleep(2 * cloud.behaviour.listLagMs);
    const found = Object.entries(shelves).map(async ([kind, shelf]) =>
      (await shelf.list()).filter((one) => one.key === key).map(({ id }) => `${kind} present ${id}`),
    );
    return (await Promise.all(found)).flat();
  }

  const jobOf = async (key: string, kind: string): Promise<string> => {
    const job = (await store.jobs.ofInstance(key)).find((one) => one.kind === kind);
    if (!job) throw new Error(`the request made no job ${kind}`);
    return job.id;
  };

  /** Asks the API as the document's example does. @returns the id of the instance. */
  async function ask(copy: ServerCopy, start: JobStart, instanceId?: string): Promise<string> {
    const path = start.path.replace('{instance_id}', instanceId ?? '');
    const answer = await world.request(copy, start.method, path, start.body);
    const text = await answer.text();
    if (!answer.ok) throw new Error(`${start.method} ${path} answered ${answer.status}: ${text}`);
    if (instanceId !== undefined) return instanceId;
    const { instance }: Reply<'createInstance', 200> = JSON.parse(text);
    return instance.id;
  }

  async function statusOf(key: string, copy: ServerCopy): Promise<string> {
    const answer = await world.request(copy, 'GET', `/v1.0/{project_id}/instances/${key}`);
    if (answer.status === 404) return 'gone';
    const { instance }: Reply<'showInstance', 200> = JSON.parse(await answer.text());
    return instance.status;
  }

  async function ended(subjects: readonly Subject[]): Promise<void> {
    if (subjects.length === 0) return;
    const ids = subjects.map(({ jobId }) => jobId);
    await vi.waitFor(async () => {
      const open = await store.db
        .selectFrom('jobs')
        .select(['kind', 'state', 'attempt', 'error'])
        .where('id', 'in', ids)
        .where('state', 'in', ['queued', 'running'])
        .execute();
      if (open.length > 0) throw new Error(`jobs have not ended: ${JSON.stringify(open)}`);
    }, SOON);
  }

  async function activeInstance(copy: ServerCopy): Promise<string> {
    if (!create) throw new Error('no operation of the document makes an instance');
    const key = await ask(copy, create);
    await ended([{ key, jobId: await jobOf(key, create.kind) }]);
    return key;
  }

  /** A volume that the ledger has as marked, and that no job is about: what a delete leaves that was given up. */
  async function forgottenVolume(): Promise<() => Promise<Subject>> {
    const key = randomUUID();
    const volume = await cloud.volumes.create({ key, sizeGib: 1 });
    await vi.waitFor(async () => {
      if ((await cloud.volumes.get(volume.id))?.status !== 'available') throw new Error('the volume is not there');
    }, SOON);
    return async () => {
      const row = await store.ledger.intend({ kind: 'volume', key });
      await store.ledger.present(row.id, volume.id);
      await store.ledger.mark('volume', key);
      const job = await vi.waitFor(
        () =>
          store.db.selectFrom('jobs').select('id').where('dedup', '=', `cleanup/${row.id}`).executeTakeFirstOrThrow(),
        SOON,
      );
      return { key, jobId: job.id };
    };
  }

  return {
    // The conductor starts a cleanup by itself; all others are started by users.
    kinds: [...byKind.keys(), 'cleanup'],
    cases: [
      ...byKind.keys(),
      'cleanup',
      ...starts.flatMap(({ kind, isOnInstance }) => (isOnInstance ? kind + SILENT : [])),
    ],
    async caseOf(jobId, kind) {
      const instanceId = (await store.jobs.get(jobId))?.instanceId;
      return kind + (instanceId && world.isSilent(instanceId) ? SILENT : '');
    },
    async prepare(of, copy) {
      const kind = of.replace(SILENT, '');
      if (kind === 'cleanup') return forgottenVolume();
      const start = byKind.get(kind);
      if (!start) throw new Error(`no operation of the document is marked with x-coffer-job: ${kind}`);
      const instanceId = start.isOnInstance ? await activeInstance(copy) : undefined;
      if (instanceId !== undefined && of !== kind) world.silence(instanceId);
      return async (now) => {
        const key = await ask(now, start, instanceId);
        return { key, jobId: await jobOf(key, kind) };
      };
    },
    ended,
    async look({ key, jobId }, copy) {
      const end = await vi.waitFor(async () => {
        const status = await statusOf(key, copy);
        if (status !== 'gone' && status !== 'ACTIVE') throw new Error(`instance ${key} is ${status}`);
        return status;
      }, SOON);
      const jobs = await store.db
        .selectFrom('jobs')
        .select(['id', 'kind', 'state', 'secrets'])
        .where((job) => job.or([job('id', '=', jobId), job('instanceId', '=', key)]))
        .execute();
      const results = await store.db
        .selectFrom('jobSteps')
        .select('name')
        .where(
          'jobId',
          'in',
          jobs.map(({ id }) => id),
        )
        .where('result', 'is not', null)
        .execute();
      const rows = await store.db.selectFrom('ledger').selectAll().where('key', '=', key).execute();
      const guest = await store.guests.get(key);
      const accounts = (await world.broker.list()).filter((id) => id === key).map((id) => `account present ${id}`);
      const operations = Object.groupBy(
        world.guests.runs.filter(({ instanceId }) => instanceId === key),
        ({ method, operationId }) => `${method} ${operationId}`,
      );
      return {
        end,
        jobs: jobs.map(({ kind, state }) => `${kind} ${state}`).sort(),
        ledger: rows.map(({ kind, state, cloudId }) => `${kind} ${state} ${cloudId}`).sort(),
        cloud: [...(await inCloud(key)), ...accounts].sort(),
        made: [...world.made]
          .flatMap(([name, times]) => {
            const [kind, of] = name.split(' ');
            return of === key ? [`${kind} ${times}`] : [];
          })
          .sort(),
        runs: Object.values(operations)
          .map((runs) => `${runs?.[0]?.method} ${runs?.length}`)
          .sort(),
        secrets: [
          ...jobs.filter(({ secrets }) => secrets !== null).map(({ kind }) => `job ${kind}`),
          ...results.map(({ name }) => `result of ${name}`),
          ...(guest && guest.token !== null ? ['token'] : []),
        ],
      };
    },
  };
}
