import { randomUUID } from 'node:crypto';
import type { CloudPort, CloudPorts, PortCreate } from '@coffer/core';
import { Problem } from '@coffer/core';
import { contains, parseCidr, sizeOf, toAddress, toCidr, toNumber } from './addresses.ts';
import { answering, type Context, type NetworkRecord, type PortRecord } from './context.ts';
import { dropNetwork, ensureTenant, networkOfProject } from './networks.ts';
import { observe } from './observe.ts';
import { refreshRules } from './rules.ts';

export function createPorts(context: Context): CloudPorts {
  const { ports, networks, engine, names, locked } = context;

  const networkFor = async (spec: PortCreate): Promise<NetworkRecord> => {
    if (spec.networkId === undefined) return networkOfProject(context, spec.projectId);
    const network = await networks.get(spec.networkId);
    // Another project's network reads as none at all.
    if (network === undefined || network.key !== spec.projectId) {
      throw new Problem('cloud_refused', `project ${spec.projectId} has no network ${spec.networkId}`);
    }
    await ensureTenant(context, network);
    return network;
  };

  const addressOn = async (network: NetworkRecord, wanted: string | undefined): Promise<string> => {
    const { subnet } = network;
    const used = new Set((await ports.list()).map((port) => port.address));
    const plugged = await engine.networks.inspect(names.tenantNetwork(network.index));
    for (const { IPv4Address } of Object.values(plugged?.Containers ?? {})) used.add(IPv4Address.split('/')[0] ?? '');
    const cidr = toCidr(subnet);
    if (wanted !== undefined) {
      const number = toNumber(wanted);
      const isHost =
        number !== undefined &&
        contains(subnet, number) &&
        number > subnet.base + 1 &&
        number < subnet.base + sizeOf(subnet) - 1;
      if (!isHost) throw new Problem('cloud_refused', `"${wanted}" is no address for a port on ${cidr}`);
      if (used.has(wanted)) throw new Problem('cloud_refused', `address ${wanted} is in use`);
      return wanted;
    }
    for (let number = subnet.base + 2; number < subnet.base + sizeOf(subnet) / 2; number += 1) {
      if (!used.has(toAddress(number))) return toAddress(number);
    }
    throw new Problem('cloud_refused', `network ${network.id} (${cidr}) has no free address for a port`);
  };

  const shown = (record: PortRecord, prefixLength: number, active: ReadonlySet<string>): CloudPort => ({
    id: record.id,
    key: record.key,
    projectId: record.projectId,
    networkId: record.networkId,
    status: active.has(record.id) ? 'ACTIVE' : 'DOWN',
    address: record.address,
    prefixLength,
  });
  const show = async (records: readonly PortRecord[]): Promise<CloudPort[]> => {
    if (records.length === 0) return [];
    const running = (await observe(context)).filter(({ container }) => container?.State === 'running');
    const active = new Set(running.flatMap(({ record }) => record?.portIds ?? []));
    const lengths = new Map((await networks.list()).map((network) => [network.id, network.subnet.prefixLength]));
    return records.map((record) => shown(record, lengths.get(record.networkId) ?? 24, active));
  };
  const showOne = async (record: PortRecord | undefined) =>
    record === undefined ? undefined : (await show([record]))[0];

  const check = (spec: PortCreate) => {
    for (const cidr of spec.allowedCidrs) parseCidr(cidr);
    for (const port of spec.tcpPorts) {
      if (!Number.isInteger(port) || port < 1 || port > 65_535)
        throw new Problem('bad_request', `${port} is no TCP port`);
    }
  };

  return {
    create: (spec) =>
      answering(async () => {
        check(spec);
        const made = await locked('ports', async () => {
          const there = await ports.find(spec.key);
          if (there !== undefined) return there;
          const network = await networkFor(spec);
          const record: PortRecord = {
            id: randomUUID(),
            key: spec.key,
            projectId: spec.projectId,
            networkId: network.id,
            address: await addressOn(network, spec.address),
            allowedCidrs: spec.allowedCidrs.map((cidr) => toCidr(parseCidr(cidr))),
            tcpPorts: [...spec.tcpPorts],
          };
          await ports.put(record);
          return record;
        });
        await refreshRules(context);
        const port = await showOne(made);
        if (port === undefined) throw new Problem('not_found', `port ${made.id} was deleted meanwhile`);
        return port;
      }),

    get: (id) => answering(async () => showOne(await ports.get(id))),
    find: (key) => answering(async () => showOne(await ports.find(key))),
    list: () => answering(async () => show(await ports.list())),

    delete: (id) =>
      answering(async () => {
        await locked('servers', () =>
          locked('ports', async () => {
            const record = await ports.get(id);
            if (record === undefined) return;
            const user = (await observe(context)).find((server) => server.record?.portIds.includes(id));
            if (user !== undefined) {
              throw new Problem('cloud_refused', `port ${id} is plugged into server ${user.id}; delete that first`);
            }
            const network = await networks.get(record.networkId);
            const isLast = (await ports.list()).every((port) => port.id === id || port.networkId !== record.networkId);
            if (network !== undefined && isLast) await dropNetwork(context, network);
            // Last: a deletion that was cut off finds it when it is repeated, and the network by it.
            await ports.remove(id);
          }),
        );
        // Also when there is no port any more: the deletion before may have ended between the two.
        await refreshRules(context);
      }),
  };
}
