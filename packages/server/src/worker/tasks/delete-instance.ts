import type { DeleteInstanceInput } from '../../services/job-inputs.ts';
import type { ResourceKinds } from '../cloud-resources.ts';
import { defineJob, type JobKind } from '../job-kind.ts';
import { jobFault } from './job-fault.ts';

/**
 * Takes away whatever the ledger has of an instance: first its voice at the broker, then the server, then what hung on it. The
 * quota was given back when the delete was accepted.
 */
export function deleteInstanceTask({ resources }: { resources: ResourceKinds }): JobKind {
  return defineJob<DeleteInstanceInput>({
    kind: 'delete_instance',
    deadlineMs: 2 * 3600_000,
    maxAttempts: 60,
    async run(ctx) {
      const { instanceId } = ctx;
      // All of it at once: should this job ever be given up, the conductor still knows what is to go.
      await ctx.step(
        'mark',
        async () => undefined,
        async (tx) => void (await tx.ledger.markAll(instanceId)),
      );
      for (const kind of ['account', 'server', 'port', 'volume']) {
        const resource = resources[kind];
        if (resource) await ctx.remove(kind, instanceId, { ...resource.remover(instanceId), intervalMs: 100 });
      }
    },
    async ended(tx, end, job) {
      if (job.instanceId === null) return;
      if (end.ok) {
        await tx.guests.delete(job.instanceId);
        await tx.certificates.forgetAll(job.instanceId);
        await tx.instances.markDeleted(job.instanceId);
        return;
      }
      // The instance stays as being deleted; the conductor goes on with what the ledger has marked, and a repeated delete begins anew.
      const message = 'The instance could not be deleted yet; it is tried again.';
      await tx.instances.update(job.instanceId, { fault: jobFault(message, end.problem, job.id) });
    },
  });
}
