import { type Cloud, type CloudPort, Problem } from '@coffer/core';
import { type DriverManifest, evaluateSizing } from '@coffer/core/driver';
import type { InstanceSpec } from '@coffer/core/rpc';
import type { DatastoreVersion } from '../../store/datastores.ts';
import type { InstanceRow } from '../../store/instances.ts';
import type { Store } from '../../store/store.ts';

/** An instance with what it runs. */
export interface Loaded {
  instance: InstanceRow;
  version: DatastoreVersion;
}

/** Where the cloud put it. */
export interface Place {
  port: CloudPort;
  /** Of the data volume. */
  device: string;
}

export const imageOf = (version: DatastoreVersion): InstanceSpec['image'] => ({
  reference: version.image,
  ...(version.registry !== null && { registry: version.registry }),
  ...(version.digest !== null && { digest: version.digest }),
});

/** @throws Problem `not_found`. */
export async function loadInstance(store: Store, instanceId: string): Promise<Loaded> {
  const instance = await store.instances.get(instanceId);
  if (!instance) throw new Problem('not_found', `instance ${instanceId} is gone`);
  const version = await store.datastores.version(instance.datastoreVersionId);
  if (!version)
    throw new Problem(
      'not_found',
      `datastore version ${instance.datastoreVersionId} is gone; register its driver again`,
    );
  return { instance, version };
}

/** As the instance's own driver has it: another may have been registered since. */
export async function manifestOf(store: Store, { instance, version }: Loaded): Promise<DriverManifest> {
  const sha256 = (await store.guests.get(instance.id))?.driver ?? version.driverSha256;
  return (await store.datastores.manifest(sha256)) ?? version.manifest;
}

/** @throws Problem `cloud_unavailable` while the cloud does not show all of it. */
export async function placeOf(
  cloud: Pick<Cloud, 'ports' | 'servers'>,
  ids: { port: string; server: string; volume: string },
): Promise<Place> {
  const [port, server] = await Promise.all([cloud.ports.get(ids.port), cloud.servers.get(ids.server)]);
  const device = server?.volumes.find((volume) => volume.volumeId === ids.volume)?.device;
  if (!port || device === undefined)
    throw new Problem('cloud_unavailable', 'the cloud does not show the server with its port and volume');
  return { port, device };
}

/** What a guest is to be, from what the rows say at this moment. */
export async function specOf(store: Store, loaded: Loaded, place: Place, revision: number): Promise<InstanceSpec> {
  const { instance, version } = loaded;
  const { port, device } = place;
  const [manifest, group, certificate] = await Promise.all([
    manifestOf(store, loaded),
    instance.configurationId === null ? undefined : store.configurations.get(instance.configurationId),
    store.certificates.newest(instance.id),
  ]);
  const flavor = { memoryMib: instance.ramMib, vcpus: instance.vcpus };
  return {
    instanceId: instance.id,
    revision,
    datastore: version.datastoreName,
    version: { name: version.name, number: version.number },
    image: instance.image ?? imageOf(version),
    settings: { ...evaluateSizing(manifest, flavor), ...group?.values },
    ...(instance.logs.length > 0 && { logs: instance.logs }),
    ...(certificate && {
      tls: {
        ca: certificate.ca,
        certificate: certificate.certificate,
        isRequired: instance.tlsMode === 'enforced',
      },
    }),
    ...flavor,
    volume: { device, sizeGib: instance.volumeSizeGib },
    network: {
      address: port.address,
      prefixLength: port.prefixLength,
      ...(port.gateway !== undefined && { gateway: port.gateway }),
    },
    serverId: instance.serverNumber,
  };
}
