import { IDLE_TASKS, Problem } from '@coffer/core';
import type { CertificateRow } from '../store/certificates.ts';
import type { TlsMode } from '../store/schema.ts';
import type { Store } from '../store/store.ts';
import { type Actor, findInstance, reach } from './actor.ts';
import type { AskGuest } from './guest-calls.ts';
import { findReadyInstance } from './guest-objects.ts';
import { configureJob } from './job-inputs.ts';
import { checkAct } from './state.ts';

export interface SslRequest {
  verbs: readonly ('enable' | 'disable' | 'rollback' | 'renew')[];
  mode?: TlsMode | 'mtls';
  hasContainer: boolean;
}

/** TLS of an instance as its database speaks it. */
export interface Ssl {
  isOn: boolean;
  mode: TlsMode | undefined;
  /** What new connections are shown, where it is one of ours. */
  certificate?: CertificateRow;
}

export type SslService = ReturnType<typeof createSslService>;

const refuse = (detail: string): never => {
  throw new Problem('bad_request', detail);
};

/** @throws Problem `bad_request`; `not_supported` for what needs a certificate store. */
function checkRequest({ verbs, mode, hasContainer }: SslRequest): void {
  const [verb, another] = verbs;
  if (another) refuse(`ssl holds both ${verb} and ${another}; give one.`);
  if (verb === 'enable' && !hasContainer)
    refuse(
      'ssl.enable needs ssl.container_ref; to choose who is let in with the present certificate, give ssl.mode alone.',
    );
  if (verb !== undefined && verb !== 'renew')
    throw new Problem(
      'not_supported',
      `ssl.${verb} needs a certificate store, which this service has not; the certificate that it makes is there already.`,
    );
  if (mode === 'mtls')
    throw new Problem('not_supported', 'ssl.mode mtls needs a certificate store, which this service has not.');
}

/** How connections to an instance's database are secured. */
export function createSslService({ store, askGuest }: { store: Store; askGuest: AskGuest }) {
  return {
    async show(actor: Actor, id: string): Promise<Ssl> {
      const { row } = await findReadyInstance(store, actor, id, 'tls');
      const { fingerprint } = await askGuest(row.id, 'tls_status', {});
      const mode = row.tlsMode ?? undefined;
      if (typeof fingerprint !== 'string') return { isOn: false, mode };
      const certificate = await store.certificates.byFingerprint(
        row.id,
        fingerprint.replaceAll('\0', '').toLowerCase(),
      );
      return { isOn: true, mode, ...(certificate && { certificate }) };
    },

    /** @returns whether something is to change. @throws Problem `not_found`; `not_ready`; as {@link checkRequest}. */
    async change(actor: Actor, id: string, request: SslRequest): Promise<boolean> {
      const row = await findInstance(store, actor, id);
      checkAct(row);
      const version = await store.datastores.version(row.datastoreVersionId);
      if (!version?.manifest.groups.includes('tls'))
        throw new Problem('not_supported', `${row.datastoreName} has no TLS that could be managed here.`);
      checkRequest(request);
      const { mode, verbs } = request;
      if (verbs.length === 0 && mode === undefined) return false;
      const projectId = reach(actor);
      await store.transaction(async (tx) => {
        await tx.instances.begin(
          row.id,
          { from: IDLE_TASKS, to: 'updating', ...(projectId !== undefined && { projectId }) },
          configureJob(),
        );
        if (mode === 'basic' || mode === 'enforced') await tx.instances.update(row.id, { tlsMode: mode });
        if (verbs.includes('renew')) await tx.certificates.askRenewal(row.id);
      });
      return true;
    },
  };
}
