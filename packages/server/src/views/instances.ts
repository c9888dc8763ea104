import {
  type Body,
  type Instance,
  type InstanceStatus,
  type InstanceSummary,
  instanceStatus,
  type NewInstance,
  operatingStatus,
} from '@coffer/core';
import { clockTrouble } from '../services/clock-skew.ts';
import type { InstanceAction } from '../services/instance-actions.ts';
import type { InstanceChange, InstanceUpdate } from '../services/instance-changes.ts';
import type { InstanceDetails } from '../services/instances.ts';
import type { NewInstanceRequest } from '../services/new-instance.ts';
import { rejectedSentence } from '../services/rejected.ts';
import { stateOf } from '../services/state.ts';
import type { InstanceRow } from '../store/instances.ts';
import type { InstanceAccess } from '../store/schema.ts';
import { type LinkContext, linksTo, wireTime } from './common.ts';
import { databaseSpec, userSpec } from './databases.ts';

const GIB = 1024 ** 3;

/** While one of these is shown, the guest has nothing to say of its volume. */
const NO_USAGE: ReadonlySet<InstanceStatus> = new Set([
  'BUILD',
  'REBOOT',
  'RESIZE',
  'PROMOTE',
  'EJECT',
  'UPGRADE',
  'SHUTDOWN',
]);

function accessView(row: InstanceRow): InstanceSummary['access'] {
  if (row.access) {
    const { isPublic, allowedCidrs } = row.access;
    return {
      ...(isPublic !== undefined && { is_public: isPublic }),
      ...(allowedCidrs && { allowed_cidrs: allowedCidrs }),
    };
  }
  return row.addresses.length > 0 ? { is_public: row.addresses.some(({ type }) => type === 'public') } : {};
}

const round = (value: number) => Math.round(value * 100) / 100;

function usageOf(row: InstanceRow): { used?: number; used_percent?: number } {
  const { volumeUsedBytes: used, volumeTotalBytes: total } = row;
  if (used === null || used <= 0 || NO_USAGE.has(instanceStatus(stateOf(row)))) return {};
  return {
    used: round(used / GIB),
    ...(total !== null && total >= used && { used_percent: round((100 * used) / total) }),
  };
}

function addressesView(row: InstanceRow): Pick<InstanceSummary, 'addresses' | 'ip'> {
  const shown = row.addresses.filter(({ address }) => address.includes('.'));
  if (shown.length === 0) return {};
  const addresses = shown.map(({ address, type, networkId }) => ({
    address,
    type,
    ...(type === 'private' && networkId !== undefined && { network: networkId }),
  }));
  return { addresses, ip: shown.map(({ address }) => address) };
}

/** An instance in a list. */
export function summaryView({ row }: InstanceDetails, context: LinkContext, isAdmin: boolean): InstanceSummary {
  const state = stateOf(row);
  return {
    id: row.id,
    name: row.name,
    status: instanceStatus(state),
    operating_status: operatingStatus(state),
    links: linksTo(context, 'instances', row.id),
    flavor: { id: row.flavorId, links: linksTo(context, 'flavors', row.flavorId) },
    datastore: { type: row.datastoreName, version: row.versionName },
    region: row.region,
    access: accessView(row),
    volume: { size: row.volumeSizeGib },
    ...addressesView(row),
    ...(isAdmin && { tenant_id: row.projectId }),
  };
}

/** How its last operation ended badly; else what is wrong with a guest that serves all the same. */
function faultView(row: InstanceRow, isAdmin: boolean): Pick<Instance, 'fault'> {
  if (row.fault) {
    const { message, created, details } = row.fault;
    return {
      fault: {
        message: message.slice(0, 255),
        created: wireTime(new Date(created)),
        details: isAdmin ? details : null,
      },
    };
  }
  const trouble = rejectedSentence(row.rejected)?.slice(0, 255) ?? clockTrouble(row.clockSkewMs);
  const created = wireTime(row.serviceStatusAt ?? row.createdAt);
  return trouble === undefined ? {} : { fault: { message: trouble, created, details: null } };
}

/** An instance in a detailed list. */
export function detailView(details: InstanceDetails, context: LinkContext, isAdmin: boolean): Instance {
  const { row, cloudIds } = details;
  const summary = summaryView(details, context, isAdmin);
  return {
    ...summary,
    datastore: { ...summary.datastore, version_number: row.versionNumber },
    created: wireTime(row.createdAt),
    updated: wireTime(row.updatedAt),
    service_status_updated: wireTime(row.serviceStatusAt ?? row.createdAt),
    ...faultView(row, isAdmin),
    ...(row.configurationId !== null && {
      configuration: {
        id: row.configurationId,
        name: row.configurationName ?? '',
        links: linksTo(context, 'configurations', row.configurationId),
      },
    }),
    ...(cloudIds && { server_id: cloudIds.server, volume_id: cloudIds.volume, encrypted_rpc_messaging: true }),
  };
}

/** One instance: with what its guest last told of the volume. */
export function instanceView(details: InstanceDetails, context: LinkContext, isAdmin: boolean): Instance {
  const view = detailView(details, context, isAdmin);
  return { ...view, volume: { size: details.row.volumeSizeGib, ...usageOf(details.row) } };
}

function accessOf(access: NonNullable<NewInstance['access']>): InstanceAccess {
  return {
    ...(access.is_public !== undefined && { isPublic: access.is_public }),
    ...(access.allowed_cidrs && { allowedCidrs: access.allowed_cidrs }),
  };
}

/** What is asked for, in our own words. */
export function newInstanceRequest(body: NewInstance): NewInstanceRequest {
  const { datastore, volume, access } = body;
  const configuration = body.configuration ?? body.configuration_id;
  return {
    name: body.name,
    ...(body.flavorRef !== undefined && { flavor: body.flavorRef }),
    ...(volume && {
      volume: { sizeGib: Number(volume.size), ...(typeof volume.type === 'string' && { type: volume.type }) },
    }),
    ...(datastore && {
      datastore: {
        ...(datastore.type !== undefined && { type: datastore.type }),
        ...(datastore.version !== undefined && { version: datastore.version }),
        ...(datastore.version_number !== undefined && { versionNumber: datastore.version_number }),
      },
    }),
    databases: (body.databases ?? []).map(databaseSpec),
    users: (body.users ?? []).map(userSpec),
    nics: (body.nics ?? []).map((nic) => {
      const networkId = nic.network_id ?? nic['net-id'];
      return {
        ...(networkId !== undefined && { networkId }),
        ...(nic.subnet_id !== undefined && { subnetId: nic.subnet_id }),
        ...(nic.ip_address !== undefined && { address: nic.ip_address }),
      };
    }),
    ...(access && { access: accessOf(access) }),
    ...(body.region_name !== undefined && { region: body.region_name }),
    ...(body.availability_zone !== undefined && { availabilityZone: body.availability_zone }),
    ...(body.locality !== undefined && { locality: body.locality }),
    ...(typeof configuration === 'string' && { configuration }),
    ...(body.restorePoint && { backupId: body.restorePoint.backupRef }),
    ...(body.replica_of !== undefined && { sourceId: body.replica_of }),
    ...(body.replica_count !== undefined && { replicaCount: body.replica_count }),
    moduleIds: (body.modules ?? []).map(({ id }) => id),
    given: new Set(Object.keys(body)),
  };
}

/** What the keys of a PUT or PATCH ask for. An empty object detaches the group: Go clients do it so. */
export function instanceUpdate({ instance }: Body<'updateInstance'> | Body<'patchInstance'>): InstanceUpdate {
  const { name, configuration, datastore_version: version } = instance;
  const changes: InstanceChange[] = [];
  if (typeof configuration === 'string') changes.push({ key: 'attach', configurationId: configuration });
  if (configuration === null || Object.keys(instance).length === 0) changes.push({ key: 'detach' });
  if (version !== undefined) changes.push({ key: 'upgrade', version });
  if ('replica_of' in instance) changes.push({ key: 'stand_alone' });
  if ('slave_of' in instance) changes.push({ key: 'stand_alone' });
  if ('access' in instance) changes.push({ key: 'access' });
  return { ...(name !== undefined && { name }), changes };
}

/** The one key of the body. */
export function instanceAction(body: Body<'actOnInstance'>): InstanceAction {
  if ('reset_status' in body) {
    const { reset_status: value } = body;
    return typeof value === 'object' && value !== null && 'force_delete' in value
      ? 'force_reset_status'
      : 'reset_status';
  }
  if ('restart' in body) return 'restart';
  if ('resize' in body) return 'resize';
  return 'promote_to_replica_source' in body ? 'promote_to_replica_source' : 'eject_replica_source';
}
