import type { CloudServer, ServerStatus } from '@coffer/core';
import type { ContainerSummary } from '@coffer/core/engine';
import type { Context, ServerRecord } from './context.ts';
import { deviceOf } from './device.ts';
import { asFilter, LABEL } from './names.ts';

/** A server as records and engine together show it. */
export interface Observed {
  id: string;
  key: string;
  /** Missing for a container of ours whose record was lost. */
  record?: ServerRecord;
  container?: ContainerSummary;
}

/** All servers that exist, or the one with this id. One whose container vanished does not exist, whatever its record says. */
export async function observe(context: Context, id?: string): Promise<Observed[]> {
  const { servers, engine, names } = context;
  // Records first: a server deleted between the two looks then shows as being deleted, not as a stranger.
  const records = id === undefined ? await servers.list() : [await servers.get(id)].filter((r) => r !== undefined);
  const label = [...asFilter(names.labels('server')), ...(id === undefined ? [] : [`${LABEL.id}=${id}`])];
  const containers = await engine.containers.list({ label });
  const byId = new Map(containers.map((container) => [container.Labels[LABEL.id] ?? container.Id, container]));

  const observed: Observed[] = [];
  for (const record of records) {
    const container = byId.get(record.id);
    byId.delete(record.id);
    const needsContainer = record.state === 'built' || record.state === 'rebooting';
    if (needsContainer && container === undefined) continue;
    observed.push({ id: record.id, key: record.key, record, ...(container && { container }) });
  }
  for (const [strayId, container] of byId) {
    const record = await servers.get(strayId);
    const key = record?.key ?? container.Labels[LABEL.key] ?? '';
    observed.push({ id: strayId, key, container, ...(record && { record }) });
  }
  return observed;
}

export function statusOf({ record, container }: Observed): ServerStatus {
  switch (record?.state) {
    case 'building':
      return 'BUILD';
    case 'deleting':
      return 'DELETING';
    case 'failed':
      return 'ERROR';
    case 'rebooting':
      return 'REBOOT';
    case 'built':
    case undefined:
      break;
  }
  switch (container?.State) {
    case 'running':
      return 'ACTIVE';
    case 'created':
    case 'exited':
      return 'SHUTOFF';
    case 'restarting':
      return 'REBOOT';
    case 'removing':
      return 'DELETING';
    case 'dead':
      return 'ERROR';
    default:
      return 'UNKNOWN';
  }
}

export function toServer(context: Context, observed: Observed): CloudServer {
  const { record, container } = observed;
  const address = container?.NetworkSettings?.Networks[context.names.managementNetwork]?.IPAddress;
  return {
    id: observed.id,
    key: observed.key,
    status: statusOf(observed),
    ...(record?.fault !== undefined && { fault: { message: record.fault } }),
    ...(address && { managementAddress: address }),
    portIds: record?.portIds ?? [],
    volumes: (record?.volumeIds ?? []).map((volumeId, i) => ({ volumeId, device: deviceOf(context, i) })),
  };
}

export async function usedVolumes(context: Context): Promise<Set<string>> {
  return new Set((await observe(context)).flatMap(({ record }) => record?.volumeIds ?? []));
}
