import type { CloudPort, CloudPorts, PortCreate } from '@coffer/core';
import { Problem } from '@coffer/core';
import { isAcknowledged, type TestingNetwork, type World } from './world.ts';

export function createPorts(world: World): CloudPorts {
  const { suffer, ports, networks } = world;
  const shown = (port: CloudPort | undefined) => port && structuredClone(port);

  const ownNetwork = (projectId: string): TestingNetwork => {
    const id = `network-of-${projectId}`;
    const there = networks.get(id);
    if (there !== undefined) return there;
    const network = {
      id,
      subnetId: `subnet-of-${projectId}`,
      projectId,
      prefix: `10.${20 + (networks.size >> 8)}.${networks.size & 255}`,
    };
    networks.set(id, network);
    return network;
  };

  const networkOf = (spec: PortCreate): TestingNetwork => {
    const network = spec.networkId === undefined ? ownNetwork(spec.projectId) : networks.get(spec.networkId);
    // Another project's network reads as none at all.
    if (network === undefined || network.projectId !== spec.projectId) {
      throw new Problem('cloud_refused', `project ${spec.projectId} has no network ${spec.networkId}`);
    }
    if (spec.subnetId !== undefined && spec.subnetId !== network.subnetId) {
      throw new Problem('cloud_refused', `network ${network.id} has no subnet ${spec.subnetId}`);
    }
    return network;
  };

  const addressFor = (network: TestingNetwork, wanted: string | undefined): string => {
    const taken = new Set(ports.all().map((port) => port.address));
    const all = Array.from({ length: 253 }, (_, i) => `${network.prefix}.${i + 2}`);
    if (wanted !== undefined && !all.includes(wanted)) {
      throw new Problem('cloud_refused', `address ${wanted} is not in ${network.prefix}.0/24`);
    }
    if (wanted !== undefined && taken.has(wanted)) throw new Problem('cloud_refused', `address ${wanted} is taken`);
    const address = wanted ?? all.find((candidate) => !taken.has(candidate));
    if (address === undefined) throw new Problem('cloud_refused', `network ${network.id} has no free address`);
    return address;
  };

  return {
    create: (spec) =>
      suffer('ports.create', (fault) => {
        const network = networkOf(spec);
        const port: CloudPort = {
          id: world.newId(),
          key: spec.key,
          projectId: spec.projectId,
          networkId: network.id,
          status: fault?.as === 'error-later' ? 'ERROR' : 'DOWN',
          address: addressFor(network, spec.address),
          prefixLength: 24,
          gateway: `${network.prefix}.1`,
        };
        ports.put(port, isAcknowledged(fault));
        return structuredClone(port);
      }),
    get: (id) => suffer('ports.get', () => shown(ports.get(id))),
    find: (key) => suffer('ports.find', () => shown(ports.find(key))),
    list: () => suffer('ports.list', () => ports.list()),
    // As in Neutron: also one that a server uses, which then silently lacks it.
    delete: (id) => suffer('ports.delete', () => ports.drop(id)),
  };
}
