import { Problem } from '@coffer/core';
import { DAY_MS, hostsOf, parseCertificate, RENEW_BEFORE_DAYS } from '../../certificates/authority.ts';
import { createServiceAuthority } from '../../certificates/service-authority.ts';
import { CONFIGURE_INSTANCE, type ConfigureInstanceInput } from '../../services/job-inputs.ts';
import type { Queries } from '../../store/store.ts';
import { defineJob, type JobContext, type JobKind } from '../job-kind.ts';
import { certificateSteps } from './certificate-steps.ts';
import { type Loaded, loadInstance, manifestOf, placeOf, specOf } from './instance-spec.ts';
import { jobFault, LONGEST_MESSAGE } from './job-fault.ts';
import { type Outcomes, readOutcomes } from './outcomes.ts';
import type { InstanceTaskDeps } from './task-deps.ts';

const CALL_MS = 60_000;
const WAITS = 'A change waits for the guest, which does not answer; it is made when it does.';

type ConfigureDeps = Pick<InstanceTaskDeps, 'store' | 'cloud' | 'guests' | 'secrets'>;

/** What the guest answered; or that it did not. */
type Answer = { outcomes: Outcomes } | { silent: true };

interface Plan {
  /** Of the order to come; absent where none is wanted any more. */
  revision?: number;
  needsCertificate: boolean;
}

/**
 * Brings the guest to what the rows say now: parameters of the group that is attached, logs, TLS. A certificate that ends soon,
 * or that somebody wants renewed, is made anew on the way. A guest that does not answer gets its order later, from the conductor.
 */
export function configureInstanceTask(deps: ConfigureDeps): JobKind {
  const { store, cloud, guests } = deps;
  const certificates = { guests, authority: createServiceAuthority(deps) };

  async function plan(instanceId: string): Promise<Plan> {
    const loaded = await loadInstance(store, instanceId);
    const { task, specRevision } = loaded.instance;
    // What is being taken away needs no order; a delete waits for the end of this job. What was never made can take none.
    if (task === 'deleting' || task.startsWith('build_error')) return { needsCertificate: false };
    return { revision: specRevision + 1, needsCertificate: await needsCertificate(loaded) };
  }

  async function needsCertificate(loaded: Loaded): Promise<boolean> {
    const { id, addresses } = loaded.instance;
    if (!(await manifestOf(store, loaded)).groups.includes('tls')) return false;
    const newest = await store.certificates.newest(id);
    if (!newest || newest.renewalAskedAt !== null) return true;
    const isLasting = newest.expiresAt.getTime() - Date.now() > RENEW_BEFORE_DAYS * DAY_MS;
    const hosts = hostsOf(parseCertificate(newest.certificate));
    return !isLasting || addresses.some(({ address }) => !hosts.includes(address));
  }

  async function place(instanceId: string) {
    const [port, server, volume] = await Promise.all(
      ['port', 'server', 'volume'].map(async (kind) => (await store.ledger.find(kind, instanceId))?.cloudId),
    );
    if (!port || !server || !volume) throw new Problem('cloud_refused', 'its server, port or volume is gone');
    return placeOf(cloud, { port, server, volume });
  }

  async function order({ instanceId, job, signal }: JobContext, revision: number): Promise<Answer> {
    const spec = await specOf(store, await loadInstance(store, instanceId), await place(instanceId), revision);
    try {
      const { outcomes } = await guests.call(
        instanceId,
        'configure',
        { spec },
        // The job's own id: whoever runs the job again joins the guest's work, or gets its stored answer.
        { operationId: job.id, timeoutMs: CALL_MS, signal },
      );
      return { outcomes: readOutcomes(outcomes) };
    } catch (error) {
      signal.throwIfAborted();
      if (!(error instanceof Problem) || error.code !== 'timeout') throw error;
      return { silent: true };
    }
  }

  const wait = (tx: Queries, { instanceId, job }: Pick<JobContext, 'instanceId' | 'job'>): Promise<unknown> =>
    tx.instances.update(instanceId, {
      changeWaitsSince: new Date(),
      fault: jobFault(WAITS, new Problem('timeout', 'the guest did not answer'), job.id),
    });

  async function note(tx: Queries, instanceId: string, outcomes: Outcomes): Promise<void> {
    const instance = await tx.instances.get(instanceId);
    if (!instance) return;
    // What this change is not about stands as it was; the next report says all of it.
    const isNews = (name: string) => Object.hasOwn(outcomes, name);
    const news = Object.entries(outcomes);
    const waiting = news.flatMap(([name, { outcome }]) => (outcome === 'restart_required' ? [name] : []));
    const refused = news.flatMap(([name, said]) => (said.outcome === 'rejected' ? [[name, said.reason]] : []));
    const others = Object.entries(instance.rejected).filter(([name]) => !isNews(name));
    await tx.instances.update(instanceId, {
      changeWaitsSince: null,
      restartRequired: [...instance.restartRequired.filter((name) => !isNews(name)), ...waiting],
      rejected: Object.fromEntries([...others, ...refused]),
      // A change that somebody asked for and that ended well takes the last fault away.
      ...((instance.task === 'updating' || instance.changeWaitsSince) && { fault: null }),
    });
    const newest = await tx.certificates.newest(instanceId);
    if (newest) await tx.certificates.forgetBefore(instanceId, newest.fingerprint);
  }

  async function run(ctx: JobContext<ConfigureInstanceInput>): Promise<void> {
    const { instanceId } = ctx;
    const { revision, needsCertificate } = await ctx.step(
      'plan',
      () => plan(instanceId),
      async (tx, made) =>
        made.revision === undefined ? undefined : tx.instances.update(instanceId, { specRevision: made.revision }),
    );
    if (revision === undefined) return;
    if (needsCertificate) {
      const hosts = async () => [(await place(instanceId)).port.address];
      if (!(await certificateSteps(ctx, certificates, hosts, (tx) => wait(tx, ctx)))) return;
    }
    await ctx.step(
      'configure',
      () => order(ctx, revision),
      async (tx, answer) => ('silent' in answer ? wait(tx, ctx) : note(tx, instanceId, answer.outcomes)),
    );
  }

  return defineJob<ConfigureInstanceInput>({
    kind: CONFIGURE_INSTANCE,
    // Below the ten minutes for which a guest remembers what it did under this id.
    deadlineMs: 9 * 60_000,
    maxAttempts: 30,
    run,
    async ended(tx, end, job) {
      if (job.instanceId === null) return;
      if (!end.ok) {
        const { code, detail, mayRetry } = end.problem;
        const why = code === 'internal' ? 'an operator finds the reason in the log' : detail;
        const message = `The change was not made: ${why}`.slice(0, LONGEST_MESSAGE);
        await tx.instances.update(job.instanceId, {
          fault: jobFault(message, end.problem, job.id),
          ...(mayRetry && { changeWaitsSince: new Date() }),
        });
      }
      await tx.instances.settle(job.instanceId, job.id);
    },
  });
}
