import { randomBytes } from 'node:crypto';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { Cloud, CloudPort, CloudServer, CloudVolume, ServerCreate } from '../cloud.ts';
import { Problem } from '../problem.ts';

export interface CloudUnderTest {
  cloud: Cloud;
  /** Lets time pass between two looks at the cloud. Default 25 ms of real time. */
  pass?(): Promise<void>;
  /** Releases whatever the cloud holds, once, after the last test. */
  dispose?(): Promise<void>;
}

export interface CloudSuiteOptions {
  /** Shown in the report. */
  name: string;
  /** A project whose network the ports are made on. Default `project-of-the-suite`. */
  projectId?: string;
  /** Default the first flavor of the list. */
  flavorId?: string;
  /** How long one change may take, in looks at the cloud. Default 1200: half a minute of real time. */
  patience?: number;
}

/** The life of every resource as Coffer's jobs rely on it: run it on your own cloud before you run Coffer on it. */
export function testCloud(makeCloud: () => Promise<CloudUnderTest>, options: CloudSuiteOptions): void {
  describe(`cloud ${options.name}`, () => {
    const projectId = options.projectId ?? 'project-of-the-suite';
    const userData = '{"note":"nothing secret"}';
    const unknown = '00000000-0000-4000-8000-000000000000';
    let under: CloudUnderTest;
    let cloud: Cloud;
    let flavorId: string;

    beforeAll(async () => {
      under = await makeCloud();
      cloud = under.cloud;
      const flavors = await cloud.flavors.list();
      flavorId = options.flavorId ?? flavors[0]?.id ?? 'none';
    });
    afterAll(() => under?.dispose?.());

    /** Looks until `look` finds something that is not undefined. */
    async function until<T>(what: string, look: () => Promise<T | undefined>): Promise<T> {
      for (let left = options.patience ?? 1200; left > 0; left -= 1) {
        const found = await look();
        if (found !== undefined) return found;
        await (under.pass?.() ?? new Promise((resolve) => setTimeout(resolve, 25)));
      }
      throw new Error(`waited in vain until ${what}`);
    }
    const gone = (what: string, get: () => Promise<unknown>) =>
      until(`${what} is gone`, async () => ((await get()) === undefined ? true : undefined));

    const key = (what: string) => `${what}-${randomBytes(4).toString('hex')}`;

    async function settled(server: CloudServer): Promise<CloudServer> {
      return until(`server ${server.key} is ACTIVE or in ERROR`, async () => {
        const now = await cloud.servers.get(server.id);
        return now?.status === 'ACTIVE' || now?.status === 'ERROR' ? now : undefined;
      });
    }
    async function active(server: CloudServer): Promise<CloudServer> {
      const now = await settled(server);
      if (now.status !== 'ACTIVE') throw new Error(`server ${server.key} is in ERROR: ${now.fault?.message}`);
      return now;
    }
    const volumeIn = (id: string, status: CloudVolume['status']) =>
      until(`volume ${id} is ${status}`, async () => {
        const now = await cloud.volumes.get(id);
        return now?.status === status ? now : undefined;
      });

    const makeVolume = async (sizeGib = 1): Promise<CloudVolume> => {
      const made = await cloud.volumes.create({ key: key('volume'), sizeGib });
      return volumeIn(made.id, 'available');
    };
    const makePort = (): Promise<CloudPort> =>
      cloud.ports.create({ key: key('port'), projectId, allowedCidrs: [], tcpPorts: [3306] });
    const makeServer = (spec: Partial<ServerCreate> = {}): Promise<CloudServer> =>
      cloud.servers.create({
        key: key('server'),
        flavorId,
        portIds: [],
        volumeIds: [],
        userData,
        metadata: {},
        ...spec,
      });

    async function codeOf(call: Promise<unknown>): Promise<string> {
      const error = await call.then(
        () => undefined,
        (thrown: unknown) => thrown,
      );
      return error instanceof Problem ? error.code : `no problem: ${String(error)}`;
    }

    // Every test leaves the cloud as empty as it found it, whatever it made.
    afterEach(async () => {
      for (const server of await cloud.servers.list()) await cloud.servers.delete(server.id);
      for (const server of await cloud.servers.list()) {
        await gone(`server ${server.key}`, () => cloud.servers.get(server.id));
      }
      for (const volume of await cloud.volumes.list()) {
        await until(`volume ${volume.key} is not in use`, async () =>
          (await cloud.volumes.get(volume.id))?.status === 'in-use' ? undefined : true,
        );
        await cloud.volumes.delete(volume.id);
        await gone(`volume ${volume.key}`, () => cloud.volumes.get(volume.id));
      }
      for (const port of await cloud.ports.list()) {
        await cloud.ports.delete(port.id);
        await gone(`port ${port.key}`, () => cloud.ports.get(port.id));
      }
    });

    it('answers a ping and has flavors that a server can be made of', async () => {
      await cloud.ping();
      const flavors = await cloud.flavors.list();
      expect(flavors.length).toBeGreaterThan(0);
      expect(new Set(flavors.map((flavor) => flavor.id)).size).toBe(flavors.length);
      for (const flavor of flavors) {
        expect(flavor.ramMib).toBeGreaterThan(0);
        expect(flavor.vcpus).toBeGreaterThan(0);
      }
    });

    it('knows nothing of ids and keys that it never gave', async () => {
      for (const part of [cloud.servers, cloud.volumes, cloud.ports]) {
        expect(await part.get(unknown)).toBeUndefined();
        expect(await part.get('../../etc/passwd')).toBeUndefined();
        expect(await part.find('no such key')).toBeUndefined();
        await part.delete(unknown);
      }
      expect(await codeOf(cloud.servers.reboot(unknown))).toBe('not_found');
      expect(await codeOf(cloud.servers.consoleLog(unknown, 10))).toBe('not_found');
      expect(await codeOf(cloud.volumes.extend(unknown, 2))).toBe('not_found');
    });

    it('takes a server with its volume and port from BUILD to ACTIVE to gone', async () => {
      const volume = await makeVolume();
      const port = await makePort();
      const made = await makeServer({ volumeIds: [volume.id], portIds: [port.id] });
      expect(made.status).toBe('BUILD');
      const server = await active(made);
      expect(server).toMatchObject({ id: made.id, key: made.key, portIds: [port.id] });
      expect(server.managementAddress).toMatch(/^[\d.]+$/);
      expect(server.volumes).toEqual([{ volumeId: volume.id, device: expect.stringMatching(/^\//) }]);
      await volumeIn(volume.id, 'in-use');
      await until('the port is ACTIVE', async () =>
        (await cloud.ports.get(port.id))?.status === 'ACTIVE' ? true : undefined,
      );
      expect(await codeOf(cloud.volumes.delete(volume.id))).toBe('cloud_refused');
      expect(await codeOf(makeServer({ volumeIds: [volume.id] }))).toBe('cloud_refused');
      expect(await codeOf(makeServer({ portIds: [port.id] }))).toBe('cloud_refused');

      await cloud.servers.delete(server.id);
      await gone('the server', () => cloud.servers.get(server.id));
      await cloud.servers.delete(server.id);
      expect(await cloud.servers.find(server.key)).toBeUndefined();
      await volumeIn(volume.id, 'available');
      expect((await cloud.ports.get(port.id))?.status).toBe('DOWN');
      await cloud.volumes.delete(volume.id);
      await gone('the volume', () => cloud.volumes.get(volume.id));
      await cloud.volumes.delete(volume.id);
      await cloud.ports.delete(port.id);
      await gone('the port', () => cloud.ports.get(port.id));
      await cloud.ports.delete(port.id);
    });

    it('finds again by key what it made, so that looking before a create makes no second one', async () => {
      const [serverKey, volumeKey, portKey] = [key('server'), key('volume'), key('port')];
      const ids = new Set<string>();
      for (let time = 0; time < 3; time += 1) {
        const volume =
          (await cloud.volumes.find(volumeKey)) ?? (await cloud.volumes.create({ key: volumeKey, sizeGib: 1 }));
        const port =
          (await cloud.ports.find(portKey)) ??
          (await cloud.ports.create({ key: portKey, projectId, allowedCidrs: [], tcpPorts: [3306] }));
        await volumeIn(volume.id, time === 0 ? 'available' : 'in-use');
        const server =
          (await cloud.servers.find(serverKey)) ??
          (await makeServer({ key: serverKey, volumeIds: [volume.id], portIds: [port.id] }));
        for (const made of [server, volume, port]) ids.add(made.id);
        expect([server.key, volume.key, port.key]).toEqual([serverKey, volumeKey, portKey]);
        await active(server);
      }
      expect(ids.size).toBe(3);
    });

    it('makes a new one under a key whose first one was deleted', async () => {
      const first = await makeServer();
      await cloud.servers.delete(first.id);
      await gone('the first server', () => cloud.servers.get(first.id));
      const second = await makeServer({ key: first.key });
      expect(second.id).not.toBe(first.id);
      await active(second);
      expect(await cloud.servers.get(first.id)).toBeUndefined();
      expect((await cloud.servers.find(first.key))?.id).toBe(second.id);
    });

    it('deletes a server that is still being built, and one that is being deleted', async () => {
      const server = await makeServer();
      await cloud.servers.delete(server.id);
      await cloud.servers.delete(server.id);
      await gone('the server', () => cloud.servers.get(server.id));
    });

    it('lists exactly what it made, until it is gone', async () => {
      const volumes = [await makeVolume(), await makeVolume()];
      const ports = [await makePort(), await makePort()];
      const servers = [await makeServer(), await makeServer()];
      const lists = async () => {
        const listed = [await cloud.servers.list(), await cloud.volumes.list(), await cloud.ports.list()].flat();
        return listed.map(({ id, key: label }) => `${label} ${id}`).sort();
      };
      const all = [...volumes, ...ports, ...servers].map(({ id, key: label }) => `${label} ${id}`).sort();
      await until('all are listed', async () => ((await lists()).join() === all.join() ? true : undefined));
      for (const server of servers) await cloud.servers.delete(server.id);
      const rest = [...volumes, ...ports].map(({ id, key: label }) => `${label} ${id}`).sort();
      await until('the servers are not listed any more', async () =>
        (await lists()).join() === rest.join() ? true : undefined,
      );
    });

    it('grows a volume, free or in use, and never shrinks one', async () => {
      const volume = await makeVolume(1);
      const grown = (sizeGib: number, status: CloudVolume['status']) =>
        until(`the volume has ${sizeGib} GiB`, async () => {
          const now = await cloud.volumes.get(volume.id);
          return now?.sizeGib === sizeGib && now.status === status ? now : undefined;
        });
      await cloud.volumes.extend(volume.id, 2);
      await grown(2, 'available');
      await active(await makeServer({ volumeIds: [volume.id] }));
      await cloud.volumes.extend(volume.id, 3);
      await grown(3, 'in-use');
      expect(await codeOf(cloud.volumes.extend(volume.id, 2))).toBe('cloud_refused');
      expect((await cloud.volumes.get(volume.id))?.sizeGib).toBe(3);
    });

    it('gives every port its own address on the network of its project', async () => {
      const [one, two] = [await makePort(), await makePort()];
      const other = await cloud.ports.create({
        key: key('port'),
        projectId: `${projectId}-2`,
        allowedCidrs: ['10.0.0.0/8'],
        tcpPorts: [3306],
      });
      for (const port of [one, two, other]) {
        expect(port.address).toMatch(/^\d+\.\d+\.\d+\.\d+$/);
        expect(port.prefixLength).toBeGreaterThan(7);
        expect(port.prefixLength).toBeLessThan(31);
      }
      expect(one.networkId).toBe(two.networkId);
      expect(other.networkId).not.toBe(one.networkId);
      expect(new Set([one.address, two.address, other.address]).size).toBe(3);
      const many = await Promise.all(Array.from({ length: 8 }, makePort));
      expect(new Set(many.map((port) => port.address)).size).toBe(8);

      const ask = (address: string, networkId?: string) =>
        cloud.ports.create({
          key: key('port'),
          projectId,
          address,
          ...(networkId !== undefined && { networkId }),
          allowedCidrs: [],
          tcpPorts: [],
        });
      expect(await codeOf(ask(one.address))).toBe('cloud_refused');
      expect(await codeOf(ask('203.0.113.7'))).toBe('cloud_refused');
      expect(await codeOf(ask(one.address, 'no-such-network'))).toBe('cloud_refused');
      expect(await codeOf(ask(one.address, other.networkId))).toBe('cloud_refused');
      await cloud.ports.delete(two.id);
      await gone('the port', () => cloud.ports.get(two.id));
      expect((await ask(two.address, one.networkId)).address).toBe(two.address);
    });

    it('refuses a server of a flavor, volume or port that is not there', async () => {
      expect(await codeOf(makeServer({ flavorId: 'no-such-flavor' }))).toBe('cloud_refused');
      expect(await codeOf(makeServer({ volumeIds: [unknown] }))).toBe('cloud_refused');
      expect(await codeOf(makeServer({ portIds: [unknown] }))).toBe('cloud_refused');
      expect(await codeOf(cloud.volumes.create({ key: key('volume'), sizeGib: 0 }))).toBe('cloud_refused');
    });

    it('reboots a server and shows its console', async () => {
      const server = await active(await makeServer());
      await cloud.servers.reboot(server.id);
      const back = await active(server);
      expect(back.id).toBe(server.id);
      expect(typeof (await cloud.servers.consoleLog(server.id, 5))).toBe('string');
    });

    it('keeps the user data out of what it shows', async () => {
      const secret = randomBytes(12).toString('hex');
      const server = await active(await makeServer({ userData: `{"token":"${secret}"}` }));
      const shown = JSON.stringify([server, await cloud.servers.list(), await cloud.servers.consoleLog(server.id, 50)]);
      expect(shown).not.toContain(secret);
    });
  });
}
