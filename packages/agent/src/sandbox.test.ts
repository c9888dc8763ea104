import { join } from 'node:path';
import { silentLogger } from '@coffer/core';
import { createFakeRuntime } from '@coffer/core/testing';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { RunCommand } from './run-command.ts';
import { createSandbox, SANDBOX } from './sandbox.ts';
import { scratch, spec } from './testing.ts';

interface FakeLink {
  ifname: string;
  link_type: string;
  addr_info: { local: string; prefixlen: number }[];
}

/** Namespaces with interfaces, and the few verbs of `ip` that the sandbox speaks. */
async function stage() {
  const folder = await scratch(onTestFinished);
  const netnsPath = join(folder, 'tenant.netns');
  const runtime = createFakeRuntime({ images: ['fakedb:1'] });
  const spaces = new Map<string, FakeLink[]>();
  const link = (ifname: string, local: string): FakeLink => ({
    ifname,
    link_type: 'ether',
    addr_info: [{ local, prefixlen: 16 }],
  });
  spaces.set('guest', [
    { ifname: 'lo', link_type: 'loopback', addr_info: [] },
    link('eth0', '172.20.0.3'),
    link('eth1', '10.9.0.5'),
  ]);
  let kept: string | undefined;
  const routes: string[] = [];
  const ran: string[] = [];

  const run: RunCommand = async (command, args) => {
    ran.push(command);
    const ok = (stdout = '') => ({ exitCode: 0, stdout, stderr: '' });
    if (command === 'umount') return ok();
    if (command === 'mount') {
      kept = args[1];
      return ok();
    }
    const isInside = command === 'nsenter';
    const path = isInside ? args[0]?.replace('--net=', '') : 'guest';
    const space = path === netnsPath ? kept : path;
    const [object, verb, ...rest] = args.slice(isInside ? 2 : args[0] === '-j' ? 1 : 0).filter((word) => word !== '-j');
    if (space === undefined) return { exitCode: 1, stdout: '', stderr: 'no such namespace' };
    const links = spaces.get(space) ?? [];
    spaces.set(space, links);
    if (object === 'addr' && verb === 'show') return ok(JSON.stringify(links));
    if (object === 'link' && rest[1] === 'netns') {
      const moved = links.find(({ ifname }) => ifname === rest[0]);
      if (!moved) return { exitCode: 1, stdout: '', stderr: 'no such device' };
      links.splice(links.indexOf(moved), 1);
      const target = `/proc/${rest[2]}/ns/net`;
      spaces.set(target, [...(spaces.get(target) ?? []), { ...moved, addr_info: [] }]);
    }
    if (object === 'addr' && verb !== 'show') {
      const [local = '', prefix] = (rest[0] ?? '').split('/');
      const target = links.find(({ ifname }) => ifname === rest[2]);
      if (target) target.addr_info = target.addr_info.filter((one) => one.local !== local);
      if (verb === 'replace') target?.addr_info.push({ local, prefixlen: Number(prefix) });
    }
    if (object === 'route') routes.push(rest.join(' '));
    return ok();
  };
  const begin = () =>
    createSandbox({ runtime, run, netnsPath, log: silentLogger, networkOf: async (pid) => `net-${pid}` });
  const pid = async (): Promise<number> => (await runtime.inspect(SANDBOX))?.pid ?? 0;
  const inside = async (): Promise<FakeLink[]> => spaces.get(`/proc/${await pid()}/ns/net`) ?? [];
  return { begin, runtime, spaces, routes, ran, pid, inside };
}

describe('the sandbox', () => {
  it('takes the interface that has the address, whatever its name, and gives it address and route', async () => {
    const { begin, inside, spaces, routes, runtime } = await stage();
    await begin().ensure(spec, 'fakedb:1');
    expect(await inside()).toEqual([
      { ifname: 'eth1', link_type: 'ether', addr_info: [{ local: '10.9.0.5', prefixlen: 24 }] },
    ]);
    expect(spaces.get('guest')?.map(({ ifname }) => ifname)).toEqual(['lo', 'eth0']);
    expect(routes).toEqual(['default via 10.9.0.1 dev eth1']);
    expect(runtime.created.get(SANDBOX)).toMatchObject({ network: 'none', readOnlyRoot: true });
  });

  it('is left alone when it stands, by this agent and by the next', async () => {
    const { begin, runtime, inside, ran } = await stage();
    const sandbox = begin();
    await sandbox.ensure(spec, 'fakedb:1');
    ran.length = 0;
    await sandbox.ensure(spec, 'fakedb:1');
    expect(ran).toEqual([]);
    await begin().ensure(spec, 'fakedb:1');
    expect(runtime.calls.filter(({ method }) => method === 'start')).toHaveLength(1);
    expect(await inside()).toHaveLength(1);
  });

  it('gets its interface back out of the network of a sandbox that died', async () => {
    const { begin, runtime, inside, pid } = await stage();
    const sandbox = begin();
    await sandbox.ensure(spec, 'fakedb:1');
    const first = await pid();
    runtime.die(SANDBOX, 137);
    await sandbox.ensure(spec, 'fakedb:1');
    expect(await pid()).not.toBe(first);
    expect((await inside()).map(({ ifname }) => ifname)).toEqual(['eth1']);
    expect(await sandbox.holds(first)).toBe(false);
    expect(await sandbox.holds(await pid())).toBe(true);
  });

  it('goes on where it was cut off after the move', async () => {
    const { begin, runtime, spaces, inside, pid } = await stage();
    await runtime.create({
      name: SANDBOX,
      image: 'fakedb:1',
      network: 'none',
      labels: { 'coffer.instance': spec.instanceId, 'coffer.role': 'sandbox' },
    });
    await runtime.start(SANDBOX);
    spaces.set('guest', []);
    spaces.set(`/proc/${await pid()}/ns/net`, [{ ifname: 'eth7', link_type: 'ether', addr_info: [] }]);
    await begin().ensure(spec, 'fakedb:1');
    expect((await inside())[0]?.addr_info).toEqual([{ local: '10.9.0.5', prefixlen: 24 }]);
  });

  it('says which interfaces there are when none has the address', async () => {
    const { begin } = await stage();
    const wrong = { ...spec, network: { address: '10.1.1.1', prefixLength: 24 } };
    await expect(begin().ensure(wrong, 'fakedb:1')).rejects.toMatchObject({
      code: 'unavailable',
      detail: expect.stringMatching(/10\.1\.1\.1.*eth0 172\.20\.0\.3.*eth1 10\.9\.0\.5/),
    });
  });
});
