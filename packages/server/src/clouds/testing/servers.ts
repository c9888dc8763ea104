import type { CloudServer, CloudServers, ServerCreate } from '@coffer/core';
import { Problem } from '@coffer/core';
import { isAcknowledged, type ServerListener, slowness, type World } from './world.ts';

/** The server goes, its ports and volumes become free. */
export function removeServer(world: World, server: CloudServer): void {
  const { time, behaviour, servers, volumes, ports, listeners } = world;
  servers.drop(server.id);
  for (const id of server.portIds) {
    const port = ports.get(id);
    if (port !== undefined) port.status = 'DOWN';
  }
  const free = () => {
    for (const { volumeId } of server.volumes) {
      const volume = volumes.get(volumeId);
      if (volume?.status === 'in-use') volume.status = 'available';
    }
  };
  if (behaviour.detachMs > 0) time.after(behaviour.detachMs, free);
  else free();
  for (const listener of listeners) listener.gone?.(structuredClone(server));
}

export function createServers(world: World): CloudServers {
  const { time, behaviour, suffer, servers, volumes, ports } = world;
  const deleting = new Set<string>();
  let addresses = 1;

  const tell = (say: (listener: ServerListener) => void) => {
    for (const listener of world.listeners) say(listener);
  };

  /** Nova refuses at the door what names something that is not there or not free. */
  const check = (spec: ServerCreate) => {
    if (!world.flavors.some((flavor) => flavor.id === spec.flavorId)) {
      throw new Problem('cloud_refused', `no flavor ${spec.flavorId} in the testing cloud; see flavors.list`);
    }
    for (const id of spec.volumeIds) {
      const status = volumes.get(id)?.status ?? 'missing';
      if (status !== 'available') throw new Problem('cloud_refused', `volume ${id} is ${status}, not available`);
    }
    for (const id of spec.portIds) {
      const holder = servers.all().find((server) => server.portIds.includes(id));
      if (ports.get(id) === undefined) throw new Problem('cloud_refused', `there is no port ${id}`);
      if (holder !== undefined) throw new Problem('cloud_refused', `port ${id} is in use by server ${holder.id}`);
    }
  };

  const shown = (server: CloudServer): CloudServer => {
    const copy = structuredClone(server);
    if (copy.status === 'DELETING') copy.status = behaviour.showsDeletingAs;
    // A port that its network's owner deleted is simply no longer there.
    copy.portIds = copy.portIds.filter((id) => ports.get(id) !== undefined);
    return copy;
  };

  const known = (id: string): CloudServer => {
    const server = servers.get(id);
    if (server === undefined) throw new Problem('not_found', `no server ${id} in the testing cloud`);
    return server;
  };

  return {
    create: (spec) =>
      suffer('servers.create', (fault) => {
        check(spec);
        const server: CloudServer = {
          id: world.newId(),
          key: spec.key,
          status: 'BUILD',
          portIds: fault?.as === 'dropped-ports' ? [] : [...spec.portIds],
          volumes: spec.volumeIds.map((volumeId, i) => ({ volumeId, device: `/dev/vd${String.fromCharCode(98 + i)}` })),
        };
        servers.put(server, isAcknowledged(fault));
        for (const id of spec.volumeIds) {
          const volume = volumes.get(id);
          if (volume !== undefined) volume.status = 'in-use';
        }
        const userData = spec.userData;
        time.after(behaviour.buildMs + slowness(fault), () => {
          if (server.status !== 'BUILD') return;
          if (fault?.as === 'error-later') {
            server.status = 'ERROR';
            server.fault = { message: fault.message };
            return;
          }
          server.status = 'ACTIVE';
          addresses += 1;
          server.managementAddress = `198.18.${(addresses >> 8) & 255}.${addresses & 255}`;
          for (const id of server.portIds) {
            const port = ports.get(id);
            if (port !== undefined) port.status = 'ACTIVE';
          }
          tell((listener) => listener.active?.(shown(server), userData));
        });
        return shown(server);
      }),

    get: (id) =>
      suffer('servers.get', () => {
        const server = servers.get(id);
        return server && shown(server);
      }),

    find: (key) =>
      suffer('servers.find', () => {
        const server = servers.find(key);
        return server && shown(server);
      }),

    list: () => suffer('servers.list', () => servers.list().map(shown)),

    delete: (id) =>
      suffer('servers.delete', (fault) => {
        const server = servers.get(id);
        if (server === undefined) return;
        if (deleting.has(id)) {
          if (behaviour.repeatedDelete === 'accepted') return;
          throw new Problem('cloud_refused', `server ${id} is being deleted already; wait until it is gone`);
        }
        deleting.add(id);
        server.status = 'DELETING';
        time.after(behaviour.deleteMs + slowness(fault), () => {
          deleting.delete(id);
          removeServer(world, server);
        });
      }),

    reboot: (id) =>
      suffer('servers.reboot', () => {
        const server = known(id);
        if (server.status !== 'ACTIVE') {
          throw new Problem('cloud_refused', `server ${id} is ${server.status}; only an ACTIVE one is rebooted`);
        }
        server.status = 'REBOOT';
        time.after(behaviour.buildMs, () => {
          if (server.status !== 'REBOOT') return;
          server.status = 'ACTIVE';
          tell((listener) => listener.rebooted?.(shown(server)));
        });
      }),

    consoleLog: (id, lines) =>
      suffer('servers.consoleLog', () =>
        ['the testing cloud starts', `server ${known(id).key}`].slice(-lines).join('\n'),
      ),
  };
}
