import type { Body, Schema } from '@coffer/core';
import { hostsOf, parseCertificate } from '../certificates/authority.ts';
import type { Ssl, SslRequest } from '../services/ssl.ts';
import { wireTime } from './common.ts';

export function sslView({ isOn, mode, certificate }: Ssl, withPayload: boolean): Schema<'Ssl'> {
  const status = { status: isOn ? ('on' as const) : ('off' as const), mode: mode ?? ('builtin' as const) };
  if (!certificate) return status;
  const parsed = parseCertificate(certificate.certificate);
  return {
    ...status,
    certificate: {
      cn: parsed.subjectName.getField('CN')[0] ?? '',
      san: hostsOf(parsed),
      expire_at: wireTime(certificate.expiresAt),
      ...(withPayload && { payload: certificate.certificate }),
    },
    ca: certificate.ca,
  };
}

const VERBS = ['enable', 'disable', 'rollback', 'renew'] as const;

export function sslRequest({ ssl }: Body<'changeSsl'>): SslRequest {
  return {
    verbs: VERBS.filter((verb) => ssl[verb] === true),
    hasContainer: typeof ssl.container_ref === 'string' && ssl.container_ref !== '',
    ...(ssl.mode !== undefined && { mode: ssl.mode }),
  };
}
