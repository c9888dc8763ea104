import type { Body, Schema } from '@coffer/core';
import type { LogDetails, LogRequest } from '../services/logs.ts';

/** As Trove shows what was never published. */
const NOWHERE = 'None';

function statusOf({ isEnabled, sizeBytes }: LogDetails['log']): Schema<'Log'>['status'] {
  if (!isEnabled) return 'Disabled';
  return sizeBytes > 0 ? 'Ready' : 'Enabled';
}

export function logView({ instanceId, datastoreName, log }: LogDetails): Schema<'Log'> {
  return {
    name: log.name,
    type: log.isSwitchable ? 'USER' : 'SYS',
    status: statusOf(log),
    published: 0,
    pending: log.sizeBytes,
    container: NOWHERE,
    prefix: NOWHERE,
    metafile: `${instanceId}/${datastoreName}-${log.name}_metafile`,
  };
}

export function logRequest({ name, enable, disable, publish, discard }: Body<'changeLog'>): LogRequest {
  return {
    name,
    enable: Boolean(enable),
    disable: Boolean(disable),
    publish: Boolean(publish),
    discard: Boolean(discard),
  };
}
