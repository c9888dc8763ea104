import { createHash } from 'node:crypto';
import { Problem } from '@coffer/core';
import type { GuestCaller } from '@coffer/core/rpc';
import type { ServiceAuthority } from '../../certificates/service-authority.ts';
import type { Queries } from '../../store/store.ts';
import type { JobContext } from '../job-kind.ts';

const CALL_MS = 60_000;

export interface CertificateDeps {
  guests: GuestCaller;
  authority: ServiceAuthority;
}

/** The id of a job's second call to a guest, the same in each run: the first has the job's own. */
export function operationOf(jobId: string, what: string): string {
  const hex = createHash('sha256').update(`${jobId} ${what}`).digest('hex');
  return hex.slice(0, 32).replace(/^(.{8})(.{4}).(.{3}).(.{3})(.{12})$/, '$1-$2-4$3-8$4-$5');
}

/**
 * A new key in the guest, and a certificate for it in the store. It is in force once the guest has it in its order.
 * @param hosts under which clients reach the database.
 * @param onSilence what to write where the guest does not answer; without it, that is an error.
 * @returns whether the guest answered.
 */
export async function certificateSteps(
  ctx: JobContext,
  { guests, authority }: CertificateDeps,
  hosts: () => Promise<readonly string[]>,
  onSilence?: (tx: Queries) => Promise<unknown>,
): Promise<boolean> {
  const { instanceId, job, signal } = ctx;
  const made = await ctx.step(
    'make key',
    async (): Promise<{ publicKey?: string; isSilent?: true }> => {
      const operationId = operationOf(job.id, 'tls_request');
      try {
        const { publicKey } = await guests.call(
          instanceId,
          'tls_request',
          {},
          { operationId, timeoutMs: CALL_MS, signal },
        );
        return { publicKey };
      } catch (error) {
        signal.throwIfAborted();
        if (!(error instanceof Problem)) throw error;
        // An agent of the build before does not know the question: its database serves as it did.
        if (error.code === 'not_supported') return {};
        if (onSilence && error.code === 'timeout') return { isSilent: true };
        throw error;
      }
    },
    async (tx, { isSilent }) => (isSilent ? onSilence?.(tx) : undefined),
  );
  const { publicKey, isSilent } = made;
  if (isSilent) return false;
  if (publicKey === undefined) return true;
  await ctx.step(
    'sign certificate',
    async () => authority.issueFor(instanceId, publicKey, await hosts()),
    async (tx, issued) => tx.certificates.add({ instanceId, ...issued }),
  );
  return true;
}
