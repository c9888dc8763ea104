import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { access, mkdir, rm, watch, writeFile } from 'node:fs/promises';
import { connect, createServer, type Server } from 'node:net';
import { networkInterfaces } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { type Cloud, type CloudPort, type CloudServer, Problem, type ServerCreate } from '@coffer/core';
import { createEngine } from '@coffer/core/engine';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { testCloud } from '../packages/core/src/testing/cloud-suite.ts';
import type { DockerCloud } from '../packages/server/src/clouds/docker/index.ts';
import { createManualTime, createTestingCloud } from '../packages/server/src/clouds/testing/index.ts';
import {
  type DockerCloudUnderTest,
  dockerCloudUnderTest,
  engine,
  listenIn,
  reaches,
  shell,
  standInGuest,
} from './support/docker-cloud.ts';
import { isRoot } from './support/root.ts';

// A busy machine takes seconds to start a container.
vi.setConfig({ testTimeout: 60_000 });

const execute = async (program: string, args: string[]): Promise<string> =>
  (await promisify(execFile)(program, args)).stdout;

/** What a volume lies in: a file behind a loop device, or a folder. */
const volumeName = (id: string): string => (isRoot ? `${id}.img` : id);

testCloud(
  async () => {
    const time = createManualTime();
    const cloud = createTestingCloud({ time, buildMs: 500, deleteMs: 700, listLagMs: 300, detachMs: 100 });
    return { cloud, pass: () => time.advance(50) };
  },
  { name: 'testing' },
);

testCloud(() => dockerCloudUnderTest(), { name: 'docker' });

describe('the docker cloud', () => {
  let under: DockerCloudUnderTest;
  let cloud: DockerCloud;
  /** A port of this host, on every address, as a broker, a store or anybody's program has one. */
  let listeners: Server[] = [];
  let [brokerPort, otherPort] = [0, 0];

  beforeAll(async () => {
    listeners = await Promise.all([listenOnHost(), listenOnHost()]);
    [brokerPort, otherPort] = listeners.map(portOf) as [number, number];
    under = await dockerCloudUnderTest({ brokerPorts: [brokerPort] });
    cloud = under.cloud;
    await cloud.recover();
  });
  afterAll(async () => {
    for (const listener of listeners) listener.close();
    await under?.dispose();
  });

  const port = (key: string, projectId: string, allowedCidrs: string[] = []) =>
    cloud.ports.create({ key, projectId, allowedCidrs, tcpPorts: [3306] });
  async function guest(key: string, spec: Partial<ServerCreate> = {}): Promise<CloudServer & { container: string }> {
    const made = await cloud.servers.create({
      key,
      flavorId: '1',
      portIds: [],
      volumeIds: [],
      userData: '',
      metadata: {},
      ...spec,
    });
    return { ...(await settled(cloud, made.id)), container: await containerOf(made.id) };
  }

  describe.skipIf(!isRoot)('closes its networks', () => {
    const tenants: Record<string, string> = {};
    let one: CloudPort;
    let choosy: CloudPort;
    let other: CloudPort;
    let first: CloudServer & { container: string };
    let second: CloudServer & { container: string };
    let gateway: string;

    /** A container that a tenant plugs into the network of his project. */
    async function tenant(name: string, of: CloudPort, address?: string): Promise<void> {
      const network = await networkWith(of);
      const container = await engine.containers.create(undefined, {
        Image: await standInGuest(),
        Labels: { 'coffer-test.tenant': cloud.owner },
        HostConfig: { NetworkMode: network, CapAdd: ['NET_ADMIN'], Sysctls: { 'net.ipv6.conf.all.disable_ipv6': '0' } },
        ...(address !== undefined && {
          NetworkingConfig: { EndpointsConfig: { [network]: { IPAMConfig: { IPv4Address: address } } } },
        }),
      });
      tenants[name] = container;
      await engine.containers.start(container);
    }
    const from = (name: string): string => tenants[name] ?? 'no such tenant';

    beforeAll(async () => {
      one = await port('one', 'project-a');
      const base = one.address.replace(/\.\d+$/, '');
      choosy = await port('choosy', 'project-a', [`${base}.200/32`, `${base}.200/30`]);
      other = await port('other', 'project-b');
      [first, second] = await Promise.all([
        guest('first', { portIds: [one.id] }),
        guest('second', { portIds: [choosy.id, other.id] }),
      ]);
      await Promise.all([tenant('own', one), tenant('allowed', one, `${base}.200`), tenant('stranger', other)]);
      gateway = (await cloud.management()).gateway;
      for (const { container } of [first, second]) {
        for (const number of [3306, 2222]) await listenIn(container, number);
      }
      await listenIn(from('own'), 3306);
      // A tenant may well make himself a route to what the engine gave him none to.
      for (const [name, of] of [
        ['own', one],
        ['stranger', other],
      ] as const) {
        await shell(from(name), addRoute(of.address.replace(/\.\d+$/, '.1')));
        expect((await shell(from(name), 'cat /proc/net/route')).stdout).toMatch(/\t00000000\t(?!00000000)/);
      }
    });
    afterAll(async () => {
      for (const container of Object.values(tenants)) await engine.containers.remove(container);
    });

    it('lets a project reach the port of its instance, and only that port', async () => {
      expect(await reaches(from('own'), one.address, 3306)).toBe('yes');
      expect(await reaches(from('own'), one.address, 2222)).toBe('no');
    });

    it('lets in who is in the allowed networks, and nobody else', async () => {
      expect(await reaches(from('allowed'), choosy.address, 3306)).toBe('yes');
      expect(await reaches(from('own'), choosy.address, 3306)).toBe('no');
    });

    it('lets the members of one network reach each other', async () => {
      const info = await engine.containers.inspect(from('own'));
      const address = Object.values(info?.NetworkSettings.Networks ?? {})[0]?.IPAddress ?? '';
      expect(await reaches(from('allowed'), address, 3306)).toBe('yes');
    });

    it('lets this host reach the instance, and answers come back', async () => {
      const socket = connect(3306, one.address);
      await once(socket, 'connect');
      socket.destroy();
    });

    it('keeps a tenant from every address of this host', async () => {
      const addresses = Object.values(networkInterfaces())
        .flatMap((all) => all ?? [])
        .filter((info) => info.family === 'IPv4' && !info.internal)
        .map((info) => info.address);
      expect(addresses).toContain(gateway);
      const reached = await Promise.all(addresses.map((address) => reaches(from('own'), address, brokerPort)));
      expect(new Set(reached)).toEqual(new Set(['no']));
    });

    it("keeps a tenant from guests' management addresses and from other projects", async () => {
      expect(first.managementAddress).toBeDefined();
      const closed = [first.managementAddress, second.managementAddress, other.address];
      const reached = closed.map((address) => reaches(from('own'), address ?? '', 3306));
      expect(await Promise.all(reached)).toEqual(['no', 'no', 'no']);
      expect(await reaches(from('stranger'), other.address, 3306)).toBe('yes');
      expect(await reaches(from('stranger'), one.address, 3306)).toBe('no');
    });

    it('gives a guest the broker on this host and nothing more', async () => {
      const elsewhere = Object.values(networkInterfaces())
        .flatMap((all) => all ?? [])
        .find((info) => info.family === 'IPv4' && !info.internal && info.address !== gateway);
      const reached = await Promise.all([
        reaches(first.container, gateway, brokerPort),
        reaches(first.container, gateway, otherPort),
        reaches(first.container, second.managementAddress ?? '', 3306),
        reaches(first.container, elsewhere?.address ?? gateway, otherPort),
        reaches(first.container, '192.0.2.1', 80),
      ]);
      expect(reached).toEqual(['yes', 'no', 'no', 'no', 'no']);
    });

    it('leaves no way over IPv6, puts its rules back, and leaves the tables of others alone', async () => {
      const { stdout } = await shell(from('own'), 'grep eth0 /proc/net/if_inet6 | head -1 | cut -c1-32');
      const local = `${stdout.trim().match(/.{4}/g)?.join(':')}%eth0`;
      expect(local).toMatch(/^fe80:/);
      const looks = () =>
        Promise.all([
          reaches(from('allowed'), local, 3306),
          reaches(from('own'), gateway, brokerPort),
          reaches(from('own'), one.address, 3306),
        ]);
      expect(await looks()).toEqual(['no', 'no', 'yes']);

      const table = `coffer_${cloud.owner}`;
      const others = async () =>
        (await execute('nft', ['list', 'tables'])).split('\n').filter((line) => !line.includes('coffer_'));
      const before = await others();
      await execute('nft', ['delete', 'table', 'inet', table]);
      expect(await looks()).toEqual(['yes', 'yes', 'yes']);
      await cloud.recover();
      expect(await looks()).toEqual(['no', 'no', 'yes']);
      expect(await others()).toEqual(before);
    });
  });

  it.skipIf(!isRoot)(
    'shows a guest its volume as a device that grows under it, and lets go of it, mounted or not',
    async () => {
      const volume = await cloud.volumes.create({ key: 'growing', sizeGib: 1 });
      const { id, container, volumes } = await guest('grower', { volumeIds: [volume.id] });
      const size = async () =>
        (await shell(container, `perl -e 'open F, "<", "${volumes[0]?.device}"; print sysseek(F, 0, 2)'`)).stdout;
      expect(await size()).toBe(String(2 ** 30));
      await cloud.volumes.extend(volume.id, 2);
      expect(await size()).toBe(String(2 ** 31));
      await execute('mkfs.xfs', ['-q', join(under.dataDir, 'volumes', `${volume.id}.img`)]);
      const { stderr } = await shell(container, `mount ${volumes[0]?.device} /mnt && echo x > /mnt/file`);
      expect(stderr).toBe('');
      await cloud.servers.delete(id);
      await gone(cloud, id);
      expect(await execute('losetup', ['--list', '--output', 'BACK-FILE'])).not.toContain(volume.id);
      await cloud.volumes.delete(volume.id);
      expect((await cloud.inventory()).filter((line) => line.includes(volume.id))).toEqual([]);
    },
  );

  it('hands the user data to root of the guest alone, by memory', async () => {
    const secret = 'a-token-that-nobody-may-see';
    const { container, id } = await guest('told', { userData: secret });
    const { stdout } = await shell(
      container,
      'cat /run/coffer-user-data/user-data; stat -c %a /run/coffer-user-data/user-data',
    );
    expect(stdout).toBe(`${secret}600\n`);
    expect((await shell(container, 'echo x > /run/coffer-user-data/user-data')).exitCode).not.toBe(0);
    expect(JSON.stringify(await engine.containers.inspect(container))).not.toContain(secret);
    expect(await execute('grep', ['-rl', secret, under.dataDir]).catch(() => 'nothing')).toBe('nothing');
    expect(await execute('stat', ['-f', '-c', '%T', under.runDir])).toBe('tmpfs\n');
    await cloud.servers.delete(id);
    await gone(cloud, id);
    expect(await execute('grep', ['-rl', secret, under.runDir]).catch(() => 'nothing')).toBe('nothing');
  });

  it('puts a guest whose image is missing into ERROR, and deletes it without a trace', async () => {
    const poor = await dockerCloudUnderTest({ guestImage: 'coffer-test/no-such-image:1' });
    try {
      const volume = await poor.cloud.volumes.create({ key: 'v', sizeGib: 1 });
      const made = await poor.cloud.servers.create({
        key: 'one',
        flavorId: '1',
        portIds: [],
        volumeIds: [volume.id],
        userData: '',
        metadata: {},
      });
      const failed = await settled(poor.cloud, made.id);
      expect(failed).toMatchObject({ status: 'ERROR', fault: { message: expect.stringContaining('no-such-image') } });
      await poor.cloud.servers.delete(made.id);
      await gone(poor.cloud, made.id);
      await poor.cloud.volumes.delete(volume.id);
      const left = (await poor.cloud.inventory()).filter((line) => /container|engine volume|loop|img/.test(line));
      expect(left).toEqual([]);
    } finally {
      await poor.dispose();
    }
  });

  it('does not know a guest whose container vanished, and frees what it used', async () => {
    const volume = await cloud.volumes.create({ key: 'left', sizeGib: 1 });
    const lost = await guest('lost', { volumeIds: [volume.id] });
    await engine.containers.remove(lost.container);
    expect(await cloud.servers.get(lost.id)).toBeUndefined();
    expect(await cloud.servers.find('lost')).toBeUndefined();
    expect((await cloud.volumes.get(volume.id))?.status).toBe('available');
    const again = await guest('lost', { volumeIds: [volume.id] });
    expect(again).toMatchObject({ status: 'ACTIVE', volumes: [{ volumeId: volume.id }] });
    expect(again.id).not.toBe(lost.id);
  });

  it('makes one of a key, though two copies of the server ask at once', async () => {
    const copies = [cloud, await under.another()];
    const spec = { key: 'once', flavorId: '1', portIds: [], volumeIds: [], userData: '', metadata: {} };
    const made = await Promise.all([...copies, ...copies].map((copy) => copy.servers.create(spec)));
    expect(new Set(made.map(({ id }) => id)).size).toBe(1);
    await Promise.all(copies.map((copy) => settled(copy, made[0]?.id ?? '')));
    const ports = await Promise.all(
      [...copies, ...copies].map((copy, i) =>
        copy.ports.create({ key: `p${i}`, projectId: 'c', allowedCidrs: [], tcpPorts: [] }),
      ),
    );
    expect(new Set(ports.map(({ address }) => address)).size).toBe(4);
    expect(new Set(ports.map(({ networkId }) => networkId)).size).toBe(1);
  });

  it('goes on with a guest that a killed server had begun', async () => {
    const record = {
      id: '11111111-2222-4333-8444-555555555555',
      key: 'begun',
      state: 'building',
      flavorId: '1',
      portIds: [],
      volumeIds: [],
      metadata: {},
    };
    await writeFile(join(under.dataDir, 'servers', `${record.id}.json`), JSON.stringify(record));
    expect((await cloud.servers.find('begun'))?.status).toBe('BUILD');
    expect((await settled(cloud, record.id)).status).toBe('ACTIVE');
    // And with one that it had all but ended.
    const container = await containerOf(record.id);
    await writeFile(join(under.dataDir, 'servers', `${record.id}.json`), JSON.stringify(record));
    expect((await settled(cloud, record.id)).status).toBe('ACTIVE');
    expect(await containerOf(record.id)).toBe(container);
  });

  it('makes the file of a volume before anybody can find the volume', async () => {
    const events = watch(join(under.dataDir, 'volumes'));
    const seen: string[] = [];
    const bothSeen = (async () => {
      for await (const { filename } of events) {
        if (filename !== null && !filename.endsWith('.part')) seen.push(filename);
        if (filename?.endsWith('.json')) return;
      }
    })();
    const { id } = await cloud.volumes.create({ key: 'whole', sizeGib: 1 });
    await bothSeen;
    expect(seen[0]).toBe(volumeName(id));
    expect(seen.at(-1)).toBe(`${id}.json`);
  });

  it('removes what a killed server had begun and no record knows, and nothing else', async () => {
    const unknown = '11111111-2222-4333-8444-666666666666';
    const kept = await cloud.volumes.create({ key: 'known', sizeGib: 1 });
    const volumes = join(under.dataDir, 'volumes');
    const userData = join(under.runDir, cloud.owner, unknown);
    await writeFile(join(volumes, `${unknown}.img`), 'begun');
    await mkdir(userData, { recursive: true });
    await writeFile(join(userData, 'user-data'), 'a-token');
    await cloud.recover();
    expect((await cloud.inventory()).filter((line) => line.includes(unknown))).toEqual([]);
    await access(join(volumes, volumeName(kept.id)));
  });

  it('keeps a port whose network could not be removed, so that the next deletion removes both', async () => {
    let failures = 0;
    const failing = withNetworks({
      async remove(name) {
        if (failures-- > 0) throw new Problem('unavailable', 'the engine is away');
        await engine.networks.remove(name);
      },
    });
    const shaky = await dockerCloudUnderTest({ engine: failing });
    try {
      const { id } = await shaky.cloud.ports.create({ key: 'p', projectId: 'p', allowedCidrs: [], tcpPorts: [] });
      failures = 1;
      await expect(shaky.cloud.ports.delete(id)).rejects.toMatchObject({ code: 'cloud_unavailable' });
      expect(await shaky.cloud.ports.find('p')).toMatchObject({ id });
      await shaky.cloud.ports.delete(id);
      expect(await shaky.cloud.ports.find('p')).toBeUndefined();
      expect((await shaky.cloud.inventory()).filter((line) => /tenant|networks\/./.test(line))).toEqual([]);
    } finally {
      await shaky.dispose();
    }
  });

  it('waits until the engine has let go of what was plugged into a network, also of what no container is behind', async () => {
    let refusals = 2;
    const unplugged: string[] = [];
    const slow = withNetworks({
      async inspect(name) {
        const there = await engine.networks.inspect(name);
        const left = { 'ep-0123': { Name: 'gone-guest', IPv4Address: '', MacAddress: '' } };
        return there && { ...there, Containers: { ...there.Containers, ...left } };
      },
      async disconnect(name, container) {
        unplugged.push(container);
        await engine.networks.disconnect(name, container);
      },
      async remove(name) {
        if (refusals-- > 0)
          throw new Problem('forbidden', `error while removing network: ${name} has active endpoints`);
        await engine.networks.remove(name);
      },
    });
    const busy = await dockerCloudUnderTest({ engine: slow });
    await busy.cloud.management();
    await busy.dispose();
    expect({ refusals, unplugged }).toEqual({ refusals: -1, unplugged: ['gone-guest'] });
  });

  it.skipIf(!isRoot)('lays the rules with every guest', async () => {
    await guest('first-of-two');
    await execute('nft', ['delete', 'table', 'inet', `coffer_${cloud.owner}`]);
    await guest('second-of-two');
    expect(await execute('nft', ['list', 'tables'])).toContain(cloud.owner);
  });

  it('starts a guest again that ended by itself, unless it is being deleted', async () => {
    const volume = await cloud.volumes.create({ key: 'healed', sizeGib: 1 });
    const { id, container } = await guest('healed', { volumeIds: [volume.id] });
    await engine.containers.stop(container, { timeoutMs: 5000 });
    expect((await cloud.servers.get(id))?.status).toBe('SHUTOFF');
    await Promise.all([cloud.heal(), cloud.heal()]);
    expect((await cloud.servers.get(id))?.status).toBe('ACTIVE');
    await engine.containers.stop(container, { timeoutMs: 5000 });
    await Promise.all([cloud.heal(), cloud.servers.delete(id), (await under.another()).heal()]);
    await gone(cloud, id);
    await cloud.heal();
    expect(await containerOf(id)).toBe('none');
    await cloud.volumes.delete(volume.id);
  });

  it.skipIf(!isRoot)('says of a volume that cannot be attached only which it is', async () => {
    const volume = await cloud.volumes.create({ key: 'broken', sizeGib: 1 });
    await rm(join(under.dataDir, 'volumes', `${volume.id}.img`));
    const { status, fault } = await guest('without-volume', { volumeIds: [volume.id] });
    expect(status).toBe('ERROR');
    expect(fault?.message).toBe(`volume ${volume.id} could not be attached; the cloud's log has the cause`);
  });

  it.skipIf(!isRoot)('brings guests back after the machine was restarted', async () => {
    const volume = await cloud.volumes.create({ key: 'kept', sizeGib: 1 });
    const plug = await port('kept', 'project-a');
    const { id, container, volumes } = await guest('kept', {
      volumeIds: [volume.id],
      portIds: [plug.id],
      userData: 'x',
    });
    const device = volumes[0]?.device;
    await shell(container, `echo -n written > ${device}; echo -n state > /state`);
    // What a restart takes away: the process, the device, the memory, the rules. And another device number comes first.
    await engine.containers.stop(container, { timeoutMs: 5000 });
    const loops = JSON.parse(await execute('losetup', ['--list', '--json', '--output', 'NAME,BACK-FILE']));
    const old: string = loops.loopdevices.find((loop: { 'back-file': string }) =>
      loop['back-file'].includes(volume.id),
    ).name;
    await execute('losetup', ['--detach', old]);
    const blocker = join(under.dataDir, 'blocker');
    await writeFile(blocker, Buffer.alloc(1 << 20));
    await execute('losetup', [old, blocker]);
    await rm(join(under.runDir, cloud.owner), { recursive: true });
    await execute('nft', ['delete', 'table', 'inet', `coffer_${cloud.owner}`]);
    try {
      expect((await cloud.servers.get(id))?.status).toBe('SHUTOFF');
      const next = await under.another();
      await next.recover();
      expect(await next.servers.get(id)).toMatchObject({ status: 'ACTIVE', portIds: [plug.id] });
      expect((await shell(container, `head -c 7 ${device}; cat /state`)).stdout).toBe('writtenstate');
      const info = await engine.containers.inspect(container);
      expect(Object.values(info?.NetworkSettings.Networks ?? {}).map((n) => n.IPAddress)).toContain(plug.address);
      expect(await execute('nft', ['list', 'tables'])).toContain(cloud.owner);
    } finally {
      await execute('losetup', ['--detach', old]);
      await rm(blocker);
    }
  });

  it('says that the engine does not answer', async () => {
    const dead = createEngine({ endpoint: 'unix:///nowhere/engine.sock' });
    const lonely = await dockerCloudUnderTest({ engine: dead });
    await expect(lonely.cloud.ping()).rejects.toMatchObject({
      code: 'cloud_unavailable',
      detail: expect.stringContaining('/nowhere/engine.sock'),
    });
    await expect(lonely.cloud.servers.list()).rejects.toMatchObject({ code: 'cloud_unavailable' });
    const folders = await dockerCloudUnderTest({ dataDir: lonely.dataDir, runDir: lonely.runDir });
    await folders.dispose();
    await rm(dirname(lonely.dataDir), { recursive: true });
  });

  it('keeps volumes in folders where there are no devices', async () => {
    const plain = await dockerCloudUnderTest({ volumeKind: 'folder' });
    try {
      const volume = await plain.cloud.volumes.create({ key: 'v', sizeGib: 1 });
      const spec = { key: 'one', flavorId: '1', portIds: [], volumeIds: [volume.id], userData: '', metadata: {} };
      const { id, volumes } = await settled(plain.cloud, (await plain.cloud.servers.create(spec)).id);
      const { exitCode } = await shell(await containerOf(id), `echo x > ${volumes[0]?.device}/file`);
      expect(exitCode).toBe(0);
      await plain.cloud.volumes.extend(volume.id, 2);
      expect((await plain.cloud.volumes.get(volume.id))?.sizeGib).toBe(2);
    } finally {
      await plain.dispose();
    }
  });
});

/** The engine, with some of its ways with networks changed. */
const withNetworks = (changed: Partial<typeof engine.networks>): typeof engine => ({
  ...engine,
  networks: { ...engine.networks, ...changed },
});

async function listenOnHost(): Promise<Server> {
  const server = createServer((socket) => socket.on('error', () => undefined));
  server.listen(0, '::');
  await once(server, 'listening');
  return server;
}

function portOf(server: Server): number {
  const address = server.address();
  return typeof address === 'object' && address !== null ? address.port : 0;
}

async function settled(cloud: Cloud, id: string): Promise<CloudServer> {
  return vi.waitUntil(
    async () => {
      const server = await cloud.servers.get(id);
      return server?.status === 'ACTIVE' || server?.status === 'ERROR' ? server : undefined;
    },
    { timeout: 30_000, interval: 25 },
  );
}

const gone = (cloud: Cloud, id: string) =>
  vi.waitUntil(async () => (await cloud.servers.get(id)) === undefined, { timeout: 30_000, interval: 25 });

async function containerOf(id: string): Promise<string> {
  const found = await engine.containers.list({ label: [`coffer.id=${id}`] });
  return found[0]?.Id ?? 'none';
}

/** The engine's network that has the address of a port. */
async function networkWith(port: CloudPort): Promise<string> {
  const prefix = port.address.replace(/\.\d+$/, '.');
  const all = await engine.networks.list();
  return all.find((network) => network.IPAM.Config?.some(({ Subnet }) => Subnet?.startsWith(prefix)))?.Name ?? 'none';
}

/** A default route in a container without the program ip: the request that the program `route` makes. */
const addRoute = (router: string) => `perl -e '
  use Socket; socket(my $s, AF_INET, SOCK_DGRAM, 0) or die;
  my $a = sub { pack_sockaddr_in(0, inet_aton($_[0])) };
  my $r = pack("x8 a16 a16 a16 S s L L s x6 P L L L", $a->("0.0.0.0"), $a->("${router}"), $a->("0.0.0.0"), 3, 0, 0, 0, 0, undef, 0, 0, 0);
  ioctl($s, 0x890B, $r) or die $!'`;
