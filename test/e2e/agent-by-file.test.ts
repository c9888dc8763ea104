import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { type ContainerInfo, createEngine, type Engine } from '@coffer/core/engine';
import { createConnection } from 'mysql2/promise';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { DATABASE_IMAGE, guestImage, imagesFolder, packDriver } from '../support/guest-parts.ts';
import { isRoot } from '../support/root.ts';

const run = promisify(execFile);
const engine = createEngine();
const instanceId = randomUUID();
const short = instanceId.slice(0, 8);
const guest = `coffer-test-guest-${short}`;
const management = `coffer-test-mgmt-${short}`;
const tenant = `coffer-test-tenant-${short}`;
const address = '10.231.77.20';
const user = { name: 'app', password: `pw-${randomUUID()}` };

/** Asks until it holds; the last failure is the message when it never does. */
async function until<T>(what: string, timeoutMs: number, ask: () => Promise<T | undefined | false>): Promise<T> {
  const deadline = performance.now() + timeoutMs;
  let last: unknown;
  while (performance.now() < deadline) {
    try {
      const answer = await ask();
      if (answer !== undefined && answer !== false) return answer;
    } catch (error) {
      last = error;
    }
    await sleep(100);
  }
  throw new Error(
    `${what}: not within ${timeoutMs} ms; ${last ?? 'no answer'}\n${(await engine.containers.logText(guest, { tail: 60 })).slice(-6000)}`,
  );
}

/** One row from the tenant's side of the network, by a user of the tenant. */
async function selectOne(): Promise<number> {
  const connection = await createConnection({
    host: address,
    user: user.name,
    password: user.password,
    database: 'shop',
    connectTimeout: 2000,
  });
  try {
    const [rows] = await connection.query({ sql: 'SELECT 1', rowsAsArray: true });
    return Array.isArray(rows) && Array.isArray(rows[0]) ? Number(rows[0][0]) : Number.NaN;
  } finally {
    connection.destroy();
  }
}

async function inGuest(script: string): Promise<string> {
  const { exitCode, stdout, stderr } = await engine.containers.exec(guest, { command: ['sh', '-c', script] });
  if (exitCode !== 0) throw new Error(`${script}: ${exitCode} ${stderr}`);
  return stdout.trim();
}

const agentPid = () =>
  inGuest(
    "for p in /proc/[0-9]*; do tr '\\0' ' ' <$p/cmdline 2>/dev/null | grep -q '^node .*agent.mjs' && basename $p; done; true",
  );

/** The guest's own engine, by its socket in the guest's root. */
async function inner(): Promise<Engine> {
  const pid = (await engine.containers.inspect(guest))?.State.Pid;
  return createEngine({ endpoint: `unix:///proc/${pid}/root/run/docker.sock` });
}

async function database(): Promise<ContainerInfo> {
  const found = await (await inner()).containers.inspect('coffer-database');
  if (!found) throw new Error('there is no database container');
  return found;
}

/** Agent, image, driver and order put into a guest as files: the same reconciler as under a control plane, and no broker. */
// Its volume is a loop device, which root alone can lay.
describe.skipIf(!isRoot)('an agent told by a file', () => {
  let folder: string;
  let loop: string;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'coffer-agent-'));
    const order = join(folder, 'order');
    await mkdir(order);
    const [driver, images, image] = await Promise.all([
      packDriver('mysql', join(order, 'driver.mjs')),
      imagesFolder(),
      guestImage(folder),
    ]);
    await writeFile(
      join(order, 'order.json'),
      JSON.stringify({
        spec: {
          instanceId,
          revision: 1,
          datastore: 'mysql',
          version: { name: '9.7', number: '9.7.4' },
          image: { reference: DATABASE_IMAGE },
          settings: { innodb_buffer_pool_size: 64 * 1024 ** 2, performance_schema: false, max_connections: 40 },
          memoryMib: 512,
          vcpus: 1,
          volume: { device: '/dev/vdb', sizeGib: 2 },
          network: { address, prefixLength: 24, gateway: '10.231.77.1' },
          serverId: 1,
        },
        driver: { name: 'mysql', sha256: driver.sha256 },
        databases: [{ name: 'shop' }],
        users: [{ ...user, databases: ['shop'] }],
      }),
      { mode: 0o600 },
    );
    const disk = join(folder, 'volume.img');
    await run('truncate', ['-s', '2G', disk]);
    loop = (await run('losetup', ['-f', '--show', disk])).stdout.trim();
    await engine.networks.create({ Name: management, Internal: true });
    await engine.networks.create({ Name: tenant, IPAM: { Config: [{ Subnet: '10.231.77.0/24' }] } });
    await engine.volumes.create(guest);
    await engine.containers.create(guest, {
      Image: image,
      Env: ['COFFER_SPEC=/order/order.json', 'COFFER_DRIVER=/order/driver.mjs'],
      HostConfig: {
        NetworkMode: management,
        CapAdd: ['ALL'],
        CapDrop: ['SYS_RESOURCE'],
        SecurityOpt: ['seccomp=unconfined', 'apparmor=unconfined'],
        CgroupnsMode: 'host',
        Devices: [{ PathOnHost: loop, PathInContainer: '/dev/vdb', CgroupPermissions: 'rwm' }],
        Binds: [
          '/sys/fs/cgroup:/sys/fs/cgroup:rw',
          `${guest}:/var/lib/docker`,
          `${order}:/order:ro`,
          `${images}:/var/lib/coffer/images:ro`,
        ],
      },
    });
    await engine.networks.connect(tenant, guest, { IPAMConfig: { IPv4Address: address } });
  }, 400_000);

  afterAll(async () => {
    await engine.containers.remove(guest);
    await engine.volumes.remove(guest);
    for (const network of [management, tenant]) await engine.networks.remove(network);
    if (loop) await run('losetup', ['-d', loop]);
    await rm(folder, { recursive: true, force: true });
  }, 60_000);

  it('brings MySQL up in the network of the sandbox', async () => {
    await engine.containers.start(guest);
    expect(await until('the first query', 40_000, selectOne)).toBe(1);
    expect((await database()).HostConfig.NetworkMode).toMatch(/^container:/);
    const { stdout } = await (await inner()).containers.exec('coffer-database', { command: ['cat', '/proc/net/dev'] });
    // Two lines of heading; the loopback and the tenant's interface, and no other.
    expect(stdout.trim().split('\n')).toHaveLength(4);
  }, 60_000);

  it('gives the database no privilege and no secret that others can see', async () => {
    const { HostConfig } = await database();
    expect(HostConfig).toMatchObject({
      CapDrop: ['ALL'],
      ReadonlyRootfs: true,
      SecurityOpt: ['no-new-privileges'],
      Init: true,
    });
    expect(HostConfig.Memory).toBe(512 * 1024 * 1024);
    const password = JSON.parse(await inGuest('cat /var/lib/coffer/state/service.json')).password;
    const visible =
      JSON.stringify(await database()) +
      (await inGuest("cat /proc/[0-9]*/cmdline | tr '\\0' ' '")) +
      (await engine.containers.logText(guest));
    expect(password.length).toBeGreaterThan(20);
    for (const secret of [password, user.password]) expect(visible).not.toContain(secret);
    expect(await inGuest('find /var/lib/coffer/state -type f -not -perm 600')).toBe('');
    expect(await inGuest('findmnt -n -o FSTYPE,LABEL /var/lib/coffer/data')).toContain(
      instanceId.replaceAll('-', '').slice(0, 12),
    );
  });

  it("stays below the guest's own cgroup", async () => {
    const { Id } = (await engine.containers.inspect(guest)) ?? {};
    expect(Id).toBeDefined();
    expect((await database()).HostConfig.CgroupParent).toContain(Id);
  });

  it('runs on while its agent is killed, and is held by the next one', async () => {
    const { StartedAt } = (await database()).State;
    const pid = await agentPid();
    expect(pid).toMatch(/^\d+$/);
    await inGuest(`kill -9 ${pid}`);
    await until('another agent', 15_000, async () => {
      const now = await agentPid();
      return now !== '' && now !== pid;
    });
    expect(await selectOne()).toBe(1);
    expect((await database()).State.StartedAt).toBe(StartedAt);
    await (await inner()).containers.kill('coffer-database');
    expect(await until('the database after its death', 20_000, selectOne)).toBe(1);
    expect((await database()).State.StartedAt).not.toBe(StartedAt);
  }, 60_000);

  it('keeps its interface when the sandbox dies, and moves the database to the next one', async () => {
    const { StartedAt } = (await database()).State;
    await (await inner()).containers.kill('coffer-sandbox');
    await until('the database in the new sandbox', 20_000, async () => {
      const { State } = await database();
      return State.Running && State.StartedAt !== StartedAt;
    });
    expect(await until('the first query in the new sandbox', 20_000, selectOne)).toBe(1);
  }, 60_000);

  it('comes back by itself after the guest restarts', async () => {
    await engine.containers.restart(guest, { timeoutMs: 30_000 });
    expect(await until('the first query after the restart', 30_000, selectOne)).toBe(1);
  }, 90_000);

  it('keeps within 80 MiB', async () => {
    const kib = Number((await inGuest(`grep VmRSS /proc/${await agentPid()}/status`)).replaceAll(/\D/g, ''));
    expect(kib / 1024).toBeLessThanOrEqual(80);
  });
});
