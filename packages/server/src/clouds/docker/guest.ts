import type { Flavor } from '@coffer/core';
import type { ContainerConfig } from '@coffer/core/engine';
import type { Context, ServerRecord } from './context.ts';
import { userDataBind } from './user-data.ts';
import { volumeConfig } from './volumes.ts';

const MIB = 2 ** 20;
/** Engine 160, agent 85, the rest is cache while an image is loaded. */
const GUEST_OVERHEAD_MIB = 512;

/**
 * The container that plays a guest: it runs a container engine of its own, for which it needs nearly every capability and
 * the control groups of the host. Root in it is close to root on the host.
 */
export function guestConfig(context: Context, record: ServerRecord, flavor: Flavor): ContainerConfig {
  const { names } = context;
  const volumes = volumeConfig(context, record.volumeIds);
  return {
    Image: context.guestImage,
    Hostname: record.key.replace(/[^a-zA-Z0-9-]+/g, '-').slice(0, 63),
    Labels: names.labels('server', { id: record.id, key: record.key }),
    // The inner engine first stops the database, which writes out what it holds.
    StopTimeout: 60,
    HostConfig: {
      NetworkMode: names.managementNetwork,
      // Started by `heal` alone: the engine would start it before its volumes are there.
      RestartPolicy: { Name: 'no' },
      // Not `privileged`: SYS_RESOURCE is what hosts in virtual machines and containers often lack themselves.
      CapAdd: ['ALL'],
      CapDrop: ['SYS_RESOURCE'],
      SecurityOpt: ['seccomp=unconfined', 'apparmor=unconfined'],
      CgroupnsMode: 'host',
      Binds: [
        '/sys/fs/cgroup:/sys/fs/cgroup:rw',
        `${names.engineVolume(record.id)}:/var/lib/docker`,
        userDataBind(context, record.id),
        ...(context.imagesDir === undefined ? [] : [`${context.imagesDir}:/var/lib/coffer/images:ro`]),
      ],
      ...volumes,
      // The flavor is the database's, whose own container is held to it. The guest around it has room for its engine and agent,
      // and no limit of processors: loading an image would take three times as long.
      Memory: (flavor.ramMib + GUEST_OVERHEAD_MIB) * MIB,
      MemorySwap: (flavor.ramMib + GUEST_OVERHEAD_MIB) * MIB,
      LogConfig: { Type: 'json-file', Config: { 'max-size': '10m', 'max-file': '2' } },
    },
  };
}
