import { Problem } from '@coffer/core';
import type { GuestState } from '@coffer/core/rpc';
import type { RestartInstanceInput } from '../../services/job-inputs.ts';
import type { InstanceFault } from '../../store/schema.ts';
import { defineJob, type JobContext, type JobEnd, type JobKind } from '../job-kind.ts';
import { jobFault, LONGEST_MESSAGE } from './job-fault.ts';
import type { InstanceTaskDeps } from './task-deps.ts';

/** The guest says within this time how far it is; what does not answer a good while later is stuck. */
const ANSWER_MS = 45_000;
const CALL_MS = 60_000;
const RETURN_MS = 5 * 60_000;
const HELP = 'Restart it again; if that does not help, an operator must look at it.';

type RestartDeps = Pick<InstanceTaskDeps, 'store' | 'cloud' | 'guests'>;

/** What the guest answered; or that it did not, and the life of its agent that kept silent. */
type Answer = { state: GuestState } | { silent: string | null };

/**
 * Has the guest end its database and start it again. Where the guest does not answer, its server is rebooted, and the
 * agent brings the database back by itself. The instance is at rest again however this ends; what went wrong stands in
 * its fault.
 */
export function restartInstanceTask({ store, cloud, guests }: RestartDeps): JobKind {
  /** A delete waits for the end of this job: it shall not wait for long. */
  async function checkWanted(instanceId: string) {
    const instance = await store.instances.get(instanceId);
    if (instance?.task !== 'rebooting')
      throw new Problem('conflict', `instance ${instanceId} is no longer to be restarted`);
    return instance;
  }

  async function ask({ instanceId, job, signal }: JobContext): Promise<Answer> {
    try {
      return await guests.call(
        instanceId,
        'restart',
        { answerWithinMs: ANSWER_MS },
        // The job's own id: whoever runs the job again joins the guest's work, or gets its stored answer.
        { operationId: job.id, timeoutMs: CALL_MS, signal },
      );
    } catch (error) {
      signal.throwIfAborted();
      if (!(error instanceof Problem) || error.code !== 'timeout') throw error;
      return { silent: (await store.guests.get(instanceId))?.session ?? null };
    }
  }

  async function reboot(instanceId: string, silent: string | null): Promise<void> {
    const entry = await store.ledger.find('server', instanceId);
    const server = entry?.cloudId ? await cloud.servers.get(entry.cloudId) : undefined;
    if (!server) throw new Problem('cloud_refused', 'its server is gone');
    // A run that died had asked for it: it is under way, or over.
    const guest = await store.guests.get(instanceId);
    if (server.status === 'REBOOT' || guest?.session !== silent) return;
    await cloud.servers.reboot(server.id);
  }

  async function run(ctx: JobContext<RestartInstanceInput>): Promise<void> {
    const { instanceId } = ctx;
    await checkWanted(instanceId);
    const answer = await ctx.step(
      'restart database',
      () => ask(ctx),
      // The guest's report may be on its way still.
      async (tx, said) => {
        if ('state' in said) await tx.instances.update(instanceId, { serviceStatus: said.state });
      },
    );
    if ('state' in answer) return;
    ctx.log.warn({ instance: instanceId }, 'the guest does not answer; its server is rebooted');
    await ctx.step(
      'reboot server',
      () => reboot(instanceId, answer.silent),
      // What an earlier life said is not what is waited for.
      async (tx) => void (await tx.instances.update(instanceId, { serviceStatus: 'restarting' })),
    );
    await ctx.step('await guest', () =>
      ctx.waitUntil(
        async () => {
          const [instance, guest] = await Promise.all([checkWanted(instanceId), store.guests.get(instanceId)]);
          const isUp = instance.serviceStatus === 'healthy' || instance.serviceStatus === 'blocked';
          return isUp && guest?.session !== answer.silent;
        },
        { what: 'the guest to come back after its server was rebooted', timeoutMs: RETURN_MS, intervalMs: 100 },
      ),
    );
  }

  return defineJob<RestartInstanceInput>({
    kind: 'restart_instance',
    // Below the ten minutes for which a guest remembers what it did under this id.
    deadlineMs: 9 * 60_000,
    maxAttempts: 30,
    run,
    async ended(tx, end, job) {
      if (job.instanceId === null) return;
      const instance = await tx.instances.get(job.instanceId);
      // A delete that was accepted meanwhile has the say.
      if (instance?.task !== 'rebooting') return;
      // What waited for a restart has had it; should the database still not have it, the next report says so.
      const waited = end.ok ? { restartRequired: [] } : {};
      await tx.instances.update(job.instanceId, { task: 'none', fault: faultOf(end, job.id), ...waited });
    },
  });
}

/** A restart that ended well takes the last fault away. */
function faultOf(end: JobEnd, jobId: string): InstanceFault | null {
  if (end.ok) return null;
  const { code, detail } = end.problem;
  const why = code === 'internal' ? 'an operator finds the reason in the log' : detail.replace(/\.$/, '');
  const room = LONGEST_MESSAGE - HELP.length - 'The restart did not end well: . '.length;
  return jobFault(`The restart did not end well: ${why.slice(0, room)}. ${HELP}`, end.problem, jobId);
}
