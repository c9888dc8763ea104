import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { Problem } from '@coffer/core';
import { blocksOf, isUsedByHost, parseCidr, type Subnet, sizeOf, toAddress, toCidr } from './addresses.ts';
import type { Context, NetworkRecord } from './context.ts';

const BRIDGE_NAME = 'com.docker.network.bridge.name';
/** How the engine names an endpoint whose container it does not know any more. */
const LEFT_ENDPOINT = 'ep-';
const LOOK_AGAIN_MS = 100;
const RELEASED_WITHIN_MS = 5000;
const INTER_CONTAINER = 'com.docker.network.bridge.enable_icc';

export interface ManagementNetwork {
  bridge: string;
  /** This host's address on it: where guests reach the broker. */
  gateway: string;
  cidr: string;
}

/** Undefined while there is none. */
export async function findManagement({ engine, names }: Context): Promise<ManagementNetwork | undefined> {
  const there = await engine.networks.inspect(names.managementNetwork);
  const config = there?.IPAM.Config?.[0];
  if (config?.Subnet === undefined) return undefined;
  const subnet = parseCidr(config.Subnet);
  const gateway = config.Gateway ?? toAddress(subnet.base + 1);
  return { bridge: names.managementBridge, gateway, cidr: toCidr(subnet) };
}

/** The network between this host and the guests; guests do not see each other on it. Made when missing. */
export async function ensureManagement(context: Context): Promise<ManagementNetwork> {
  const { names, locked } = context;
  const bridge = names.managementBridge;
  return locked('networks', async () => {
    const there = await findManagement(context);
    if (there !== undefined) return there;
    for (const subnet of blocksOf(context.managementPool, Math.max(22, context.managementPool.prefixLength))) {
      const isMade = await makeNetwork(context, {
        name: names.managementNetwork,
        bridge,
        subnet,
        isInternal: false,
        options: { [INTER_CONTAINER]: 'false' },
      });
      if (isMade) return { bridge, gateway: toAddress(subnet.base + 1), cidr: toCidr(subnet) };
    }
    throw noRoom('management', context.managementPool);
  });
}

/** The network of a project, made when missing. Call it under the lock `ports`. */
export async function networkOfProject(context: Context, projectId: string): Promise<NetworkRecord> {
  const there = await context.networks.find(projectId);
  if (there !== undefined) {
    await ensureTenant(context, there);
    return there;
  }
  const taken = new Set((await context.networks.list()).map((network) => network.index));
  for (const { index, ...subnet } of blocksOf(context.tenantPool, Math.max(24, context.tenantPool.prefixLength))) {
    if (taken.has(index)) continue;
    const record: NetworkRecord = { id: randomUUID(), key: projectId, index, subnet };
    if (!(await makeTenant(context, record))) continue;
    await context.networks.put(record);
    return record;
  }
  throw noRoom('tenant', context.tenantPool);
}

/** Makes the engine's network again after somebody pruned it. */
export async function ensureTenant(context: Context, record: NetworkRecord): Promise<void> {
  if ((await context.engine.networks.inspect(context.names.tenantNetwork(record.index))) !== undefined) return;
  if (!(await makeTenant(context, record))) {
    throw new Problem(
      'cloud_refused',
      `the network ${toCidr(record.subnet)} of project ${record.key} is gone and its addresses are used by others now; free them`,
    );
  }
}

/** Removes the network of a project that has no port any more, unless something of the tenant's is still plugged in. */
export async function dropNetwork(context: Context, record: NetworkRecord): Promise<void> {
  const name = context.names.tenantNetwork(record.index);
  if ((await pluggedIn(context, name)).length > 0) return;
  await removeUnplugged(context, name);
  await context.networks.remove(record.id);
}

/** Removes a network of the engine with whatever is plugged in; those containers live on without it. */
export async function removeNetwork(context: Context, id: string): Promise<void> {
  for (const container of await pluggedIn(context, id)) await context.engine.networks.disconnect(id, container);
  await removeUnplugged(context, id);
}

/** What the engine takes for a container when it is to be unplugged: one that is gone left its name alone. */
async function pluggedIn({ engine }: Context, network: string): Promise<string[]> {
  const endpoints = Object.entries((await engine.networks.inspect(network))?.Containers ?? {});
  return endpoints.map(([id, { Name }]) => (id.startsWith(LEFT_ENDPOINT) ? Name : id));
}

/**
 * The engine counts an endpoint a moment longer than it shows it, and refuses to remove the network meanwhile.
 * @throws Problem `cloud_refused` when that does not pass.
 */
async function removeUnplugged({ engine }: Context, network: string): Promise<void> {
  for (let waited = 0; ; waited += LOOK_AGAIN_MS) {
    try {
      return await engine.networks.remove(network);
    } catch (error) {
      const isCounting = error instanceof Problem && error.detail.includes('has active endpoints');
      if (!isCounting || waited >= RELEASED_WITHIN_MS) throw error;
    }
    await sleep(LOOK_AGAIN_MS);
  }
}

const makeTenant = (context: Context, record: NetworkRecord): Promise<boolean> =>
  context.locked('networks', () =>
    makeNetwork(context, {
      name: context.names.tenantNetwork(record.index),
      bridge: context.names.tenantBridge(record.index),
      subnet: record.subnet,
      // No way out, whatever becomes of the rules.
      isInternal: true,
      options: {},
    }),
  );

interface NetworkSpec {
  name: string;
  bridge: string;
  subnet: Subnet;
  isInternal: boolean;
  options: Readonly<Record<string, string>>;
}

/** @returns false when the addresses are somebody's already. */
async function makeNetwork(context: Context, spec: NetworkSpec): Promise<boolean> {
  const { subnet } = spec;
  if (isUsedByHost(subnet)) return false;
  const config = {
    Subnet: toCidr(subnet),
    Gateway: toAddress(subnet.base + 1),
    // Containers that the tenant plugs in himself get the upper half, ports the lower: the engine knows nothing of ports.
    ...(spec.isInternal && {
      IPRange: toCidr({ base: subnet.base + sizeOf(subnet) / 2, prefixLength: subnet.prefixLength + 1 }),
    }),
  };
  try {
    await context.engine.networks.create({
      Name: spec.name,
      Driver: 'bridge',
      Internal: spec.isInternal,
      Labels: context.names.labels('network'),
      Options: { [BRIDGE_NAME]: spec.bridge, ...spec.options },
      IPAM: { Config: [config] },
    });
    return true;
  } catch (error) {
    if (error instanceof Problem && error.code === 'forbidden') return false;
    throw error;
  }
}

const noRoom = (kind: string, pool: Subnet): Problem =>
  new Problem(
    'cloud_refused',
    `every block of the ${kind} pool ${toCidr(pool)} is in use on this machine; configure another pool`,
  );
