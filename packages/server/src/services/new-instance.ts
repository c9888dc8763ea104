import { Problem } from '@coffer/core';
import type { DatabaseSpec, UserSpec } from '@coffer/core/driver';
import type { InstanceAccess, NicRequest } from '../store/schema.ts';
import type { WantedDatastore } from './datastores.ts';

/** An instance as asked for, in our own words. */
export interface NewInstanceRequest {
  name: string;
  flavor?: string | number;
  volume?: { sizeGib: number; type?: string };
  datastore?: WantedDatastore;
  databases: DatabaseSpec[];
  users: UserSpec[];
  nics: NicRequest[];
  access?: InstanceAccess;
  region?: string;
  availabilityZone?: string;
  locality?: string;
  configuration?: string;
  backupId?: string;
  sourceId?: string;
  replicaCount?: number;
  moduleIds: string[];
  /** Keys of the request, to tell absent from empty. */
  given: ReadonlySet<string>;
}

const refuse = (detail: string): never => {
  throw new Problem('bad_request', detail);
};

/** What a replica takes from its source may not be given; several replicas need a source. */
export function checkReplica({ sourceId, replicaCount, given, nics }: NewInstanceRequest): void {
  if (sourceId === undefined) {
    if ((replicaCount ?? 1) > 1)
      refuse(
        `instance.replica_count is ${replicaCount}, but only replicas are made in numbers; give instance.replica_of.`,
      );
    return;
  }
  for (const key of ['flavorRef', 'datastore', 'volume', 'locality', 'databases', 'users', 'restorePoint']) {
    if (given.has(key))
      refuse(`instance.${key} cannot be given for a replica, which takes it from its source; leave it out.`);
  }
  if (nics.some(({ address }) => address !== undefined))
    refuse('instance.nics[0].ip_address cannot be given for a replica; leave it out.');
}

export function checkNics(nics: readonly NicRequest[]): void {
  for (const { networkId, subnetId, address } of nics) {
    if (networkId === undefined && subnetId === undefined)
      refuse('instance.nics[0] names neither network_id nor subnet_id; give one.');
    if (address !== undefined && subnetId === undefined)
      refuse('instance.nics[0].ip_address needs instance.nics[0].subnet_id.');
  }
}

/** The schema takes any three digits; no firewall does. */
export function checkAccess(access: InstanceAccess | undefined): void {
  for (const [index, cidr] of (access?.allowedCidrs ?? []).entries()) {
    const isOctet = (part: string) => Number(part) <= 255;
    if (!(cidr.split('/')[0] ?? '').split('.').every(isOctet)) {
      refuse(
        `instance.access.allowed_cidrs[${index}] is ${JSON.stringify(cidr)}; each of its four numbers must be at most 255.`,
      );
    }
  }
}

/** A user's grants name databases of the same request: no others exist yet. */
export function checkGrants(users: readonly UserSpec[], databases: readonly DatabaseSpec[]): void {
  const known = new Set(databases.map(({ name }) => name));
  for (const [index, user] of users.entries()) {
    const missing = user.databases.find((name) => !known.has(name));
    if (missing !== undefined) {
      refuse(
        `instance.users[${index}].databases names ${JSON.stringify(missing)}, which is not in instance.databases; add it there.`,
      );
    }
  }
}

/**
 * What is asked for and not built yet.
 * @throws Problem `not_supported` that names the first of them.
 */
export function checkSupported(request: NewInstanceRequest): void {
  const unsupported: [boolean, string][] = [
    [request.sourceId !== undefined, 'instance.replica_of: replicas'],
    [request.backupId !== undefined, 'instance.restorePoint: restoring a backup'],
    [request.moduleIds.length > 0, 'instance.modules: modules'],
    [request.locality !== undefined, 'instance.locality: placement of replicas'],
    [request.availabilityZone !== undefined, 'instance.availability_zone: availability zones'],
    [request.access?.isPublic === true, 'instance.access.is_public: public addresses'],
  ];
  const first = unsupported.find(([isAsked]) => isAsked);
  if (first) throw new Problem('not_supported', `${first[1]} cannot be had yet; leave it out.`);
}
