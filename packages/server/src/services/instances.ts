import { instanceStatus, mayDelete, Problem, type SecretBox, type Task } from '@coffer/core';
import { checkDatabases, checkUsers } from '@coffer/core/driver';
import type { InstanceRow } from '../store/instances.ts';
import type { Amounts } from '../store/quotas.ts';
import type { Store } from '../store/store.ts';
import { type Actor, checkIdMarker, findInstance, quoted, reach } from './actor.ts';
import {
  checkConfigurable,
  checkVersion,
  configurationIdIn,
  findConfiguration,
  holdConfiguration,
} from './configurations.ts';
import type { DatastoreService } from './datastores.ts';
import type { FlavorService } from './flavors.ts';
import { actOnInstance, type InstanceAction } from './instance-actions.ts';
import { type CreateInstanceInput, type DeleteInstanceInput, sealUsers } from './job-inputs.ts';
import {
  checkAccess,
  checkGrants,
  checkNics,
  checkReplica,
  checkSupported,
  type NewInstanceRequest,
} from './new-instance.ts';
import { checkFlavor } from './parameters.ts';
import { stateOf } from './state.ts';

/** Limits that apply where a project has none of its own; -1 is no limit. */
export interface QuotaDefaults {
  instances: number;
  /** MB. */
  ram: number;
  /** GB. */
  volumes: number;
  backups: number;
}

export interface InstanceServiceOptions {
  store: Store;
  datastores: DatastoreService;
  flavors: FlavorService;
  secrets: SecretBox;
  newId: () => string;
  region: string;
  quotas: QuotaDefaults;
  /** Largest single volume, GB. */
  maxVolumeSizeGib: number;
}

/** An instance and what only operators may know of it. */
export interface InstanceDetails {
  row: InstanceRow;
  /** Ids of server and volume in the cloud; for administrators. */
  cloudIds?: { server: string | null; volume: string | null };
}

export interface InstancePage {
  items: InstanceDetails[];
  /** Marker of the next page; absent on the last. */
  next?: string;
}

/** From every task but a create: a delete waits its turn behind the job that runs. */
const DELETABLE: readonly Task[] = [
  'none',
  'rebooting',
  'resizing',
  'upgrading',
  'restart_required',
  'promoting',
  'ejecting',
  'logging',
  'detaching',
  'updating',
  'migrating',
  'build_error_dns',
  'build_error_server',
  'build_error_volume',
  'build_error_security_group',
  'build_error_replica',
  'build_error_port',
  'build_error_timeout',
  'promotion_error',
  'ejection_error',
  'growing_error',
  'shrinking_error',
  'upgrading_error',
  'access_error',
];

export type InstanceService = ReturnType<typeof createInstanceService>;

export function createInstanceService(options: InstanceServiceOptions) {
  const { store, datastores, flavors, secrets, newId, region, quotas, maxVolumeSizeGib } = options;

  async function withCloudIds(actor: Actor, rows: readonly InstanceRow[]): Promise<InstanceDetails[]> {
    if (!actor.isAdmin || rows.length === 0) return rows.map((row) => ({ row }));
    const ids = rows.map(({ id }) => id);
    const entries = await store.db
      .selectFrom('ledger')
      .select(['instanceId', 'kind', 'cloudId'])
      .where('instanceId', 'in', ids)
      .where('kind', 'in', ['server', 'volume'])
      .execute();
    const idOf = (instance: string, wanted: string) =>
      entries.find(({ instanceId, kind }) => instanceId === instance && kind === wanted)?.cloudId ?? null;
    return rows.map((row) => ({ row, cloudIds: { server: idOf(row.id, 'server'), volume: idOf(row.id, 'volume') } }));
  }

  async function show(actor: Actor, id: string): Promise<InstanceDetails> {
    const row = await findInstance(store, actor, id);
    const [details] = await withCloudIds(actor, [row]);
    return details ?? { row };
  }

  /** In the order in which `reference/api.md` checks them. */
  async function check(actor: Actor, request: NewInstanceRequest) {
    checkReplica(request);
    if (request.sourceId !== undefined) {
      await findInstance(store, actor, request.sourceId);
      checkSupported(request);
    }
    const version = await datastores.choose(request.datastore);
    const { manifest } = version;
    checkDatabases(manifest, request.databases, 'instance.databases');
    checkUsers(manifest, request.users, 'instance.users');
    checkGrants(request.users, request.databases);
    checkNics(request.nics);
    const flavor = await flavors.choose(request.flavor);
    if (flavor.ramMib < manifest.minMemoryMib) {
      throw new Problem(
        'bad_request',
        `instance.flavorRef ${flavor.id} has ${flavor.ramMib} MB of memory; ${manifest.title} needs at least ${manifest.minMemoryMib}.`,
      );
    }
    if (request.region !== undefined && request.region !== region) {
      throw new Problem(
        'bad_request',
        `instance.region_name ${quoted(request.region)} is not served here; leave it out, or give ${region}.`,
      );
    }
    const volume = request.volume;
    if (!volume) throw new Problem('bad_request', 'instance.volume is required; give it a size in GB.');
    if (volume.sizeGib > maxVolumeSizeGib) {
      throw new Problem(
        'too_large',
        `instance.volume.size is ${volume.sizeGib} GB; a volume has at most ${maxVolumeSizeGib} GB.`,
      );
    }
    checkAccess(request.access);
    checkSupported(request);
    for (const group of ['databases', 'users'] as const) {
      if (request[group].length > 0 && !manifest.groups.includes(group)) {
        throw new Problem(
          'not_supported',
          `instance.${group}: ${manifest.title} has none that could be made here; leave it out.`,
        );
      }
    }
    const group =
      request.configuration === undefined
        ? undefined
        : await findConfiguration(store, actor, configurationIdIn(request.configuration));
    if (group) {
      checkConfigurable(version);
      checkVersion(group, version.id);
    }
    return { version, flavor, volume, group };
  }

  return {
    /** A page of the caller's project by id, newest first within the page; administrators too see their own project's. */
    async list(actor: Actor, page: { limit: number; marker?: string }): Promise<InstancePage> {
      checkIdMarker(page.marker, 'an instance');
      const rows = await store.instances.list(actor.projectId, {
        limit: page.limit + 1,
        ...(page.marker !== undefined && { after: page.marker.toLowerCase() }),
      });
      const shown = rows.slice(0, page.limit);
      const next = rows.length > page.limit ? shown.at(-1)?.id : undefined;
      shown.sort((a, b) => b.createdAt.getTime() - a.createdAt.getTime());
      return { items: await withCloudIds(actor, shown), ...(next !== undefined && { next }) };
    },

    show,

    /** Row, quota and the job `create_instance` in one transaction. @throws Problem as `reference/api.md` has it for I3. */
    async create(actor: Actor, request: NewInstanceRequest): Promise<InstanceDetails> {
      const { version, flavor, volume, group } = await check(actor, request);
      const id = newId();
      const sealed = sealUsers(secrets, id, request.users);
      const input: CreateInstanceInput = {
        databases: request.databases,
        users: sealed.users,
        ...(volume.type !== undefined && { volumeType: volume.type }),
      };
      const deltas: Amounts = { instances: 1, ram: flavor.ramMib, volumes: volume.sizeGib };
      const size = { vcpus: flavor.vcpus, memoryMib: flavor.ramMib };
      await store.transaction(async (tx) => {
        if (group) checkFlavor(version, await holdConfiguration(tx, group.id), size, 'The new instance');
        await tx.instances.create(
          {
            id,
            projectId: actor.projectId,
            name: request.name,
            flavorId: flavor.id,
            vcpus: flavor.vcpus,
            ramMib: flavor.ramMib,
            datastoreVersionId: version.id,
            volumeSizeGib: volume.sizeGib,
            network: request.nics,
            access: request.access ?? null,
            region,
            configurationId: group?.id ?? null,
          },
          { kind: 'create_instance', input, secrets: sealed.secrets },
          { deltas, defaults: { ...quotas } },
        );
      });
      return show(actor, id);
    },

    /**
     * Marks it as being deleted, gives its quota back and queues the job `delete_instance`, all or nothing. Repeatable: a delete
     * under way is accepted, and driven on when its job had given up.
     * @throws Problem `not_found`; `not_ready` while it is being built.
     */
    async delete(actor: Actor, id: string): Promise<void> {
      const row = await findInstance(store, actor, id);
      const state = stateOf(row);
      const input: DeleteInstanceInput = {};
      const job = { kind: 'delete_instance', input, dedup: `delete_instance:${row.id}` };
      if (row.task === 'deleting') {
        await store.jobs.enqueue({ ...job, instanceId: row.id, projectId: row.projectId });
        return;
      }
      if (!mayDelete(state)) {
        throw new Problem(
          'not_ready',
          `Instance ${row.id} cannot be deleted now (status: ${instanceStatus(state)}); try again when it is built.`,
        );
      }
      // A build whose server failed shows ERROR, and may be deleted while its job still winds down.
      const from = row.task === 'building' ? [...DELETABLE, 'building' as const] : DELETABLE;
      const projectId = reach(actor);
      await store.transaction(async (tx) => {
        await tx.instances.begin(row.id, { from, to: 'deleting', ...(projectId !== undefined && { projectId }) }, job);
        await tx.instances.update(row.id, { configurationId: null });
        await tx.quotas.release(row.projectId, { instances: 1, ram: row.ramMib, volumes: row.volumeSizeGib });
      });
    },

    act: (actor: Actor, id: string, action: InstanceAction) => actOnInstance(store, actor, id, action),
  };
}
