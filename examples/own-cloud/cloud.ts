import { randomUUID } from 'node:crypto';
import { type Cloud, type CloudPort, type CloudServer, type CloudVolume, type Flavor, Problem } from '@coffer/core';

/** Boots a server's guest from its user data. @returns what shuts it down. */
export type Boot = (userData: string) => () => Promise<void>;

interface Server extends CloudServer {
  userData: string;
  shutDown?: () => Promise<void>;
}

const FLAVORS: Flavor[] = [
  { id: '1', name: 'small', vcpus: 1, ramMib: 1024, diskGib: 0, ephemeralGib: 0 },
  { id: '2', name: 'large', vcpus: 4, ramMib: 8192, diskGib: 0, ephemeralGib: 0 },
];

const refuse = (why: string): never => {
  throw new Problem('cloud_refused', why);
};

/** What every kind of resource is asked; what it answers is a copy. */
function shelf<R extends { id: string; key: string }, Shown>(show: (resource: R) => Shown) {
  const all = new Map<string, R>();
  const shown = (resource: R | undefined): Shown | undefined => resource && structuredClone(show(resource));
  return {
    all,
    get: async (id: string) => shown(all.get(id)),
    find: async (key: string) => shown([...all.values()].find((one) => one.key === key)),
    list: async () => [...all.values()].map((one) => structuredClone(show(one))),
    need: (id: string): R => {
      const found = all.get(id);
      if (!found) throw new Problem('not_found', `there is no ${id} in this cloud`);
      return found;
    },
    add(resource: R): Shown {
      all.set(resource.id, resource);
      return structuredClone(show(resource));
    },
  };
}

/** Our cloud, in the words of Coffer: servers, volumes and ports in memory, each server's guest in this process. */
export function createOwnCloud(boot: Boot): Cloud & { close(): Promise<void> } {
  const servers = shelf(({ userData: _, shutDown: __, ...server }: Server): CloudServer => server);
  const volumes = shelf((volume: CloudVolume) => volume);
  const ports = shelf((port: CloudPort) => port);
  const networks: string[] = [];

  const soon = (work: () => void): void => void setTimeout(work, 20);
  const holder = (part: 'volumes' | 'portIds', id: string): Server | undefined =>
    [...servers.all.values()].find((one) =>
      one[part].some((held) => (typeof held === 'string' ? held : held.volumeId) === id),
    );

  async function deleteServer(id: string): Promise<void> {
    const server = servers.all.get(id);
    if (!server || server.status === 'DELETING') return;
    server.status = 'DELETING';
    await server.shutDown?.();
    servers.all.delete(id);
    for (const { volumeId } of server.volumes) volumes.need(volumeId).status = 'available';
    for (const portId of server.portIds) ports.need(portId).status = 'DOWN';
  }

  /** The network of a project: the next free /24. */
  function networkOf(projectId: string): string {
    if (!networks.includes(projectId)) networks.push(projectId);
    return `10.60.${networks.indexOf(projectId)}`;
  }

  function freeAddress(prefix: string, wanted?: string): string {
    const taken = new Set([...ports.all.values()].map(({ address }) => address));
    const free = Array.from({ length: 250 }, (_, host) => `${prefix}.${host + 2}`).filter((one) => !taken.has(one));
    const address = wanted === undefined ? free[0] : free.find((one) => one === wanted);
    return address ?? refuse(`no address ${wanted ?? ''} is free in ${prefix}.0/24`);
  }

  return {
    name: 'own',
    ping: async () => {},
    flavors: { list: async () => structuredClone(FLAVORS) },
    servers: {
      ...servers,
      async create({ key, flavorId, portIds, volumeIds, userData }) {
        if (!FLAVORS.some(({ id }) => id === flavorId)) refuse(`there is no flavor ${flavorId}`);
        for (const id of portIds)
          if (!ports.all.has(id) || holder('portIds', id)) refuse(`port ${id} is not to be had`);
        for (const id of volumeIds)
          if (volumes.all.get(id)?.status !== 'available') refuse(`volume ${id} is not to be had`);
        const attached = volumeIds.map((volumeId, index) => ({ volumeId, device: `/dev/vd${'bcdefgh'[index]}` }));
        const id = randomUUID();
        const server: Server = { id, key, status: 'BUILD', portIds, volumes: attached, userData };
        for (const id of volumeIds) volumes.need(id).status = 'in-use';
        soon(() => {
          if (servers.all.get(id)?.status !== 'BUILD') return;
          server.status = 'ACTIVE';
          server.managementAddress = '127.0.0.1';
          for (const portId of portIds) ports.need(portId).status = 'ACTIVE';
          server.shutDown = boot(userData);
        });
        return servers.add(server);
      },
      delete: async (id) => soon(() => void deleteServer(id)),
      async reboot(id) {
        const server = servers.need(id);
        await server.shutDown?.();
        server.shutDown = boot(server.userData);
      },
      consoleLog: async (id) => `${servers.need(id).key} is up`,
    },
    volumes: {
      ...volumes,
      async create({ key, sizeGib }) {
        if (sizeGib < 1) refuse(`a volume of ${sizeGib} GiB cannot be`);
        const id = randomUUID();
        soon(() => {
          const made = volumes.all.get(id);
          if (made) made.status = 'available';
        });
        return volumes.add({ id, key, sizeGib, status: 'creating' });
      },
      async extend(id, sizeGib) {
        const volume = volumes.need(id);
        if (sizeGib < volume.sizeGib) refuse(`volume ${id} has ${volume.sizeGib} GiB and does not shrink`);
        volume.sizeGib = sizeGib;
      },
      async delete(id) {
        if (volumes.all.get(id)?.status === 'in-use') refuse(`volume ${id} is in use`);
        volumes.all.delete(id);
      },
    },
    ports: {
      ...ports,
      async create({ key, projectId, networkId, address }) {
        const prefix = networkOf(projectId);
        if (networkId !== undefined && networkId !== prefix)
          refuse(`there is no network ${networkId} for ${projectId}`);
        const free = freeAddress(prefix, address);
        const port = { id: randomUUID(), key, projectId, networkId: prefix, prefixLength: 24, address: free };
        return ports.add({ ...port, status: 'DOWN' });
      },
      delete: async (id) => void ports.all.delete(id),
    },
    async close() {
      for (const id of servers.all.keys()) await deleteServer(id);
    },
  };
}
