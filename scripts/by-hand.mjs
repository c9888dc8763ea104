// The spine by hand: from a file on the host to a row of MySQL over the tenant network, with the plain commands that the docker
// cloud and the agent do by themselves, each part timed; then the proof of what the database container cannot reach.
//   node scripts/by-hand.mjs [--runs 5] [--json]
// Needs root and Linux. Cleans up behind itself, and at its start behind a run that was killed.
import { randomBytes } from 'node:crypto';
import {
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmdirSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import http from 'node:http';
import net from 'node:net';
import { cpus, loadavg, networkInterfaces } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { docker, ensureEngine } from './engine.mjs';
import { archiveName, ensureGuestBase, ensureImage, saveImage } from './images.mjs';
import { ensureNode } from './node.mjs';
import { cacheDir, run, withLock } from './run-command.mjs';
import { mainOf, Stop } from './say.mjs';

const root = resolve(dirname(fileURLToPath(import.meta.url)), '..');
const MYSQL = 'coffer/mysql:9.7';
const NAME = 'coffer-by-hand';
const GUEST = `${NAME}-guest`;
const TENANT_CLIENT = `${NAME}-tenant`;
const MANAGEMENT_CLIENT = `${NAME}-management`;
const NETWORKS = {
  management: { name: `${NAME}-mgmt`, bridge: 'cbh-mgmt', subnet: '10.214.0.0/24', gateway: '10.214.0.1' },
  tenant: { name: `${NAME}-tenant`, bridge: 'cbh-tenant', subnet: '10.215.0.0/24', gateway: '10.215.0.1' },
};
const GUEST_ADDRESS = '10.214.0.20';
const TENANT_ADDRESS = '10.215.0.20';
const RULES = 'coffer_by_hand';
const folder = cacheDir('by-hand');
const volume = join(folder, 'volume.img');

// Root in the guest needs nearly everything for its own engine. Not --privileged: hosts that are virtual machines or containers
// often lack SYS_RESOURCE themselves and refuse it.
const GUEST_FLAGS = [
  '--cap-add=ALL',
  '--cap-drop=SYS_RESOURCE',
  '--security-opt=seccomp=unconfined',
  '--security-opt=apparmor=unconfined',
  '--cgroupns=host',
  '--volume=/sys/fs/cgroup:/sys/fs/cgroup:rw',
  `--volume=${GUEST}:/var/lib/docker`,
];

// The entrypoint begins as root, hands the folders to the server's account and becomes it; nothing more is allowed.
const DATABASE_FLAGS = [
  '--cap-drop=ALL',
  '--cap-add=CHOWN',
  '--cap-add=SETUID',
  '--cap-add=SETGID',
  '--cap-add=DAC_OVERRIDE',
  '--cap-add=FOWNER',
  // The init is root and hands signals on to the server's account: without this it dies at the first one, and the server with it.
  '--cap-add=KILL',
  '--security-opt=no-new-privileges',
  '--read-only',
  '--init',
  '--tmpfs=/tmp:mode=1777',
  '--memory=768m',
  '--pids-limit=500',
];

let guestId;
/** The signal that asked us to end: the part that runs is ended, the next one not begun. */
let stoppedBy;
function goOn() {
  if (stoppedBy) throw new Stop(`Stopped by ${stoppedBy}; what was made is gone.`);
}

async function cleanUp() {
  const known = await docker(['inspect', '--format', '{{.Id}}', GUEST], { allowFail: true });
  if (known.code === 0) guestId = known.stdout.trim();
  // The guest first: its engine holds the volume. Containers of the inner engine die with it.
  for (const name of [GUEST, TENANT_CLIENT, MANAGEMENT_CLIENT, `${NAME}-raw`])
    await docker(['rm', '-f', '-v', name], { allowFail: true });
  await docker(['volume', 'rm', '-f', GUEST], { allowFail: true });
  for (const { name } of Object.values(NETWORKS)) await docker(['network', 'rm', name], { allowFail: true });
  await run('nft', ['delete', 'table', 'inet', RULES], { allowFail: true });
  const { stdout } = await run('losetup', ['--noheadings', '--output', 'NAME', '--associated', volume], {
    allowFail: true,
  });
  for (const loop of stdout
    .split('\n')
    .map((line) => line.trim())
    .filter(Boolean))
    await run('losetup', ['-d', loop], { allowFail: true });
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  removeCgroups();
}

/** Groups of the inner containers outlive the guest, empty. Deepest first; one that is in use refuses. */
function removeCgroups() {
  if (!guestId) return;
  const remove = (dir) => {
    for (const entry of readdirSync(dir, { withFileTypes: true }))
      if (entry.isDirectory()) remove(join(dir, entry.name));
    try {
      rmdirSync(dir);
    } catch {}
  };
  for (const top of ['/sys/fs/cgroup', ...readdirSync('/sys/fs/cgroup').map((name) => `/sys/fs/cgroup/${name}`)]) {
    try {
      remove(`${top}/docker/${guestId}`);
    } catch {}
  }
}

/** Asks until it holds, every 20 ms: a condition, never a guess of how long it takes. */
async function until(what, ask, timeoutMs = 60_000) {
  const deadline = performance.now() + timeoutMs;
  for (;;) {
    goOn();
    const answer = await ask();
    if (answer) return answer;
    if (performance.now() > deadline) throw new Error(`${what}: not within ${timeoutMs / 1000} s`);
    await sleep(20);
  }
}

const pings = (socketPath) =>
  new Promise((done) => {
    const request = http.get({ socketPath, path: '/_ping', timeout: 1000 }, (answer) =>
      done(answer.resume().statusCode === 200),
    );
    request.on('timeout', () => request.destroy());
    request.on('error', () => done(false));
  });

/** True once the server greets, as its port is open before it can log anybody in. */
const greets = (host, port) =>
  new Promise((done) => {
    const socket = net.connect({ host, port, timeout: 1000 });
    const end = (answer) => done(answer) ?? socket.destroy();
    socket
      .on('data', (data) => end(data[4] === 10))
      .on('timeout', () => end(false))
      .on('error', () => end(false))
      .on('close', () => end(false));
  });

const password = randomBytes(18).toString('base64url');
/** The client's option file arrives by standard input: a password is never an argument and in no environment. */
const CLIENT = ['mysql', '--defaults-extra-file=/dev/stdin', '-N', '-e', 'SELECT 1'];
const login = (user) => `[client]\nuser=${user}\npassword=${password}\n`;

async function once(guestImage, imagesDir) {
  const parts = [];
  const load = Math.round(loadavg()[0] * 10) / 10;
  const time = async (name, work) => {
    goOn();
    const since = performance.now();
    const result = await work();
    parts.push({ name, ms: Math.round(performance.now() - since) });
    return result;
  };

  await time('networks', async () => {
    for (const { name, bridge, subnet, gateway } of Object.values(NETWORKS)) {
      await docker([
        'network',
        'create',
        '--subnet',
        subnet,
        '--gateway',
        gateway,
        '-o',
        `com.docker.network.bridge.name=${bridge}`,
        name,
      ]);
    }
    // The host's own addresses answer through the tenants' gateway, and it would route them on: neither may be.
    const { bridge } = NETWORKS.tenant;
    await run('nft', ['-f', '-'], {
      input: `table inet ${RULES} {
  chain input { type filter hook input priority -10; iifname "${bridge}" ct state new drop; }
  chain forward { type filter hook forward priority -10; iifname "${bridge}" oifname != "${bridge}" ct state new drop; }
}\n`,
    });
  });
  // Tenants of the test, there before anything is timed.
  await docker([
    'run',
    '-d',
    '--name',
    TENANT_CLIENT,
    '--network',
    NETWORKS.tenant.name,
    '--entrypoint',
    'sleep',
    MYSQL,
    'infinity',
  ]);
  await docker([
    'run',
    '-d',
    '--name',
    MANAGEMENT_CLIENT,
    '--network',
    NETWORKS.management.name,
    '--entrypoint',
    'sleep',
    MYSQL,
    'infinity',
  ]);

  const loop = await time('volume file, loop device, mkfs', async () => {
    writeFileSync(volume, '', { mode: 0o600 });
    truncateSync(volume, 2 ** 30);
    const device = (await run('losetup', ['--find', '--show', volume])).stdout.trim();
    await run('mkfs.xfs', ['-q', '-L', 'coffer-data', device]);
    return device;
  });

  const guestPid = await time('guest runs', async () => {
    const { name: management } = NETWORKS.management;
    guestId = (
      await docker([
        'create',
        '--name',
        GUEST,
        '--network',
        management,
        '--ip',
        GUEST_ADDRESS,
        `--device=${loop}:/dev/vdb`,
        ...GUEST_FLAGS,
        `--volume=${imagesDir}:/var/lib/coffer/images:ro`,
        guestImage,
      ])
    ).stdout.trim();
    // Both networks are there when it starts, so that its addresses do not change while it runs.
    await docker(['network', 'connect', '--ip', TENANT_ADDRESS, NETWORKS.tenant.name, GUEST]);
    await docker(['start', GUEST]);
    return (await docker(['inspect', '--format', '{{.State.Pid}}', GUEST])).stdout.trim();
  });
  // The host sees the guest's files below its process: no client is needed in the guest.
  const socket = `/proc/${guestPid}/root/run/docker.sock`;
  const inner = (args, options) => docker(['--host', `unix://${socket}`, ...args], options);
  const inGuest = (args) => run('nsenter', ['-t', guestPid, '-m', '-n', ...args]);

  await time('engine in the guest answers', () => until('the inner engine', () => pings(socket)));

  await time('volume mounted', async () => {
    await inGuest(['mkdir', '-p', '/data']);
    await inGuest(['mount', '-t', 'xfs', '-o', 'noatime,nosuid,nodev', '/dev/vdb', '/data']);
    await inGuest(['install', '-d', '-o', '999', '-g', '999', '-m', '0750', '/data/mysql']);
    await inGuest(['mkdir', '-p', '/run/mysqld', '/run/coffer']);
    await inGuest(['chown', '999:999', '/run/mysqld']);
    await inGuest(['mount', '-t', 'tmpfs', '-o', 'mode=0755,size=1m', 'tmpfs', '/run/coffer']);
    writeFileSync(`/proc/${guestPid}/root/run/coffer/password`, password, { mode: 0o444 });
  });

  await time('image loaded', () => inner(['load', '--quiet', '--input', join(imagesDir, archiveName(MYSQL))]));

  // The limits of the guest bind what is below its control group, and the inner engine would begin at the root of the tree.
  const parent = `--cgroup-parent=/docker/${guestId}`;
  await time('sandbox owns the tenant interface', async () => {
    await inner([
      'run',
      '-d',
      '--name',
      'sandbox',
      '--network',
      'none',
      parent,
      '--cap-drop=ALL',
      '--init',
      '--read-only',
      '--entrypoint',
      'sleep',
      MYSQL,
      'infinity',
    ]);
    const sandboxPid = (await inner(['inspect', '--format', '{{.State.Pid}}', 'sandbox'])).stdout.trim();
    // The inner engine counts processes as the guest does. Interfaces change their names, so it is found by its address.
    const links = JSON.parse((await inGuest(['ip', '-j', '-4', 'addr', 'show'])).stdout);
    const link = links.find(({ addr_info }) => addr_info.some(({ local }) => local === TENANT_ADDRESS)).ifname;
    // mount: `ip` of the guest and its view of processes; the namespace is then entered by that process's number.
    await run('nsenter', [
      '-t',
      guestPid,
      '-m',
      '-n',
      '-p',
      'sh',
      '-ec',
      `ip link set ${link} netns ${sandboxPid}
       in="nsenter -t ${sandboxPid} -n ip"
       $in link set lo up; $in addr add ${TENANT_ADDRESS}/24 dev ${link}; $in link set ${link} up
       $in route add default via ${NETWORKS.tenant.gateway}`,
    ]);
  });

  await time('database container runs', () =>
    inner([
      'run',
      '-d',
      '--name',
      'database',
      '--network',
      'container:sandbox',
      parent,
      ...DATABASE_FLAGS,
      '--volume=/data/mysql:/var/lib/mysql',
      '--volume=/run/mysqld:/var/run/mysqld',
      '--volume=/run/coffer:/run/secrets:ro',
      '--env=MYSQL_ROOT_PASSWORD_FILE=/run/secrets/password',
      '--env=MYSQL_USER=app',
      '--env=MYSQL_PASSWORD_FILE=/run/secrets/password',
      '--env=MYSQL_DATABASE=shop',
      MYSQL,
      '--mysqlx=0',
      '--innodb-numa-interleave=0',
      '--partial-revokes=1',
      // As the driver has it for a guest of this size: it is a third of what the start costs.
      '--performance-schema=0',
    ]),
  );

  const asked = async (ask) => (await ask()).stdout.trim() === '1';
  await time('first query over the tenant network', async () => {
    // The host may speak first: it is the tenants that may not begin.
    await until('the server greets', () => greets(TENANT_ADDRESS, 3306));
    await until('the first query', () =>
      asked(() =>
        docker(['exec', '-i', TENANT_CLIENT, ...CLIENT, '-h', TENANT_ADDRESS], {
          input: login('app'),
          allowFail: true,
        }),
      ),
    );
  });
  const total = parts.reduce((sum, { ms }) => sum + ms, 0) - (parts[0]?.ms ?? 0);
  const cpu = cpuOf(guestId);
  await time('query by the socket', async () => {
    if (!(await asked(() => inner(['exec', '-i', 'database', ...CLIENT], { input: login('root') }))))
      throw new Error('no answer by the socket');
  });
  await time('query from the host', async () => {
    const args = [
      'run',
      '--rm',
      '-i',
      '--network',
      'host',
      '--entrypoint',
      CLIENT[0],
      MYSQL,
      ...CLIENT.slice(1),
      '-h',
      TENANT_ADDRESS,
    ];
    if (!(await asked(() => docker(args, { input: login('app') })))) throw new Error('no answer from the host');
  });
  const walls = await proveWalls(inner, guestPid);
  const memory = memoryOf(guestPid);
  await time('database stops', () => inner(['stop', '--time', '60', 'database']));
  await time('guest stops', () => docker(['stop', '--time', '60', GUEST]));
  return { total, cpu, load, parts, walls, memory };
}

/** Processor time that the guest and all in it have used, in ms: what a busy machine does not change much. */
function cpuOf(id) {
  const read = (file) => {
    try {
      return readFileSync(file, 'utf8');
    } catch {
      return '';
    }
  };
  const v1 = Number(read(`/sys/fs/cgroup/cpuacct/docker/${id}/cpuacct.usage`));
  const v2 = Number(/^usage_usec (\d+)/m.exec(read(`/sys/fs/cgroup/docker/${id}/cpu.stat`))?.[1] ?? 0);
  return Math.round(v1 / 1e6 || v2 / 1e3);
}

/** What each of the guest's own processes costs, in MiB of proportional set size. */
function memoryOf(guestPid) {
  const namespace = readFileLink(`/proc/${guestPid}/ns/pid`);
  const found = {};
  for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
    if (readFileLink(`/proc/${pid}/ns/pid`) !== namespace) continue;
    const name = readFileSync(`/proc/${pid}/comm`, 'utf8').trim();
    const [, kib] = /^Pss:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8')) ?? [];
    found[name] = (found[name] ?? 0) + Math.round(Number(kib) / 1024);
  }
  return found;
}

/**
 * From the database container, which shares the sandbox's network: nothing may answer but the tenants. Each address is first seen
 * to answer from where it may be reached, so that a silence means the wall and not a missing listener.
 */
async function proveWalls(inner, guestPid) {
  const server = net.createServer((socket) => socket.end()).listen(0, '0.0.0.0');
  await new Promise((done) => server.once('listening', done));
  const port = server.address().port;
  const listen = `require('node:net').createServer((s) => s.end()).listen(${port}, '0.0.0.0')`;
  await docker(['exec', '-d', GUEST, 'node', '-e', listen]);
  const probe = (address) => [
    'timeout',
    '2',
    'bash',
    '-c',
    `exec 3<>/dev/tcp/${address}/${port === undefined ? 0 : port}`,
  ];
  const reaches = async (exec, address) => (await exec(probe(address))).code === 0;
  const fromDatabase = (args) => inner(['exec', 'database', ...args], { allowFail: true });
  const fromManagement = (args) => docker(['exec', MANAGEMENT_CLIENT, ...args], { allowFail: true });
  const hostAddress = Object.values(networkInterfaces())
    .flat()
    .find(({ internal, family, address }) => !internal && family === 'IPv4' && !address.startsWith('10.21'))?.address;
  try {
    await until('a listener in the guest', () => reaches(fromManagement, GUEST_ADDRESS));
    const rows = [];
    for (const [what, address] of [
      ['management gateway', NETWORKS.management.gateway],
      ['tenant gateway', NETWORKS.tenant.gateway],
      ['host', hostAddress],
      ['agent (guest on the management network)', GUEST_ADDRESS],
    ]) {
      rows.push({
        what,
        address,
        fromManagement: await reaches(fromManagement, address),
        fromDatabase: await reaches(fromDatabase, address),
      });
    }
    const inside = (await fromDatabase(['cat', '/proc/net/dev'])).stdout
      .split('\n')
      .slice(2)
      .map((line) => line.split(':')[0].trim())
      .filter((name) => /^eth|^lo/.test(name));
    const metadata =
      (await fromDatabase(['timeout', '2', 'bash', '-c', 'exec 3<>/dev/tcp/169.254.169.254/80'])).code === 0;
    rows.push({
      what: 'metadata service',
      address: '169.254.169.254:80',
      fromManagement: undefined,
      fromDatabase: metadata,
    });
    // The other way round: a tenant reaches the database and nothing of the guest.
    const fromTenant = (args) => docker(['exec', TENANT_CLIENT, ...args], { allowFail: true });
    rows.push({
      what: 'agent, from a tenant',
      address: GUEST_ADDRESS,
      fromManagement: true,
      fromDatabase: await reaches(fromTenant, GUEST_ADDRESS),
    });
    rows.push({
      what: 'agent by the tenant address, from a tenant',
      address: TENANT_ADDRESS,
      fromManagement: undefined,
      fromDatabase: await reaches(fromTenant, TENANT_ADDRESS),
    });
    const open = rows.filter((row) => row.fromDatabase);
    if (open.length > 0)
      throw new Error(
        `the database container reaches ${open.map(({ what, address }) => `${what} (${address})`).join(', ')}`,
      );
    const unproven = rows.filter((row) => row.fromManagement === false);
    if (unproven.length > 0)
      throw new Error(
        `nothing listens at ${unproven.map(({ address }) => address).join(', ')}, so its silence proves nothing`,
      );
    return { rows, inside, guestPid };
  } finally {
    server.close();
  }
}

/** The same image without a guest: what Docker alone needs until the same query. */
async function raw() {
  const name = `${NAME}-raw`;
  const since = performance.now();
  const args = [
    'run',
    '-d',
    '--name',
    name,
    '-e',
    'MYSQL_ALLOW_EMPTY_PASSWORD=1',
    MYSQL,
    '--mysqlx=0',
    '--innodb-numa-interleave=0',
    '--performance-schema=0',
  ];
  await docker(args);
  const address = (await docker(['inspect', '--format', '{{.NetworkSettings.IPAddress}}', name])).stdout.trim();
  await until('the server greets', () => greets(address, 3306));
  await until(
    'the first query',
    async () =>
      (
        await docker(['exec', name, 'mysql', '-uroot', '-h', address, '-N', '-e', 'SELECT 1'], { allowFail: true })
      ).stdout.trim() === '1',
  );
  const ms = Math.round(performance.now() - since);
  await docker(['rm', '-f', '-v', name]);
  return ms;
}

function readFileLink(path) {
  try {
    return readlinkSync(path);
  } catch {
    return undefined;
  }
}

const median = (numbers) => [...numbers].sort((a, b) => a - b)[Math.floor((numbers.length - 1) / 2)];

function table(runs, raws) {
  const names = runs[0].parts.map(({ name }) => name);
  const row = (name, values) => `| ${name} | ${values.join(' | ')} | ${median(values)} |`;
  const lines = [
    `| part, ms | ${runs.map((_, index) => `run ${index + 1}`).join(' | ')} | median |`,
    `|---|${runs.map(() => '---:|').join('')}---:|`,
    ...names.map((name, index) =>
      row(
        name,
        runs.map(({ parts }) => parts[index].ms),
      ),
    ),
    row(
      '**volume to first query**',
      runs.map(({ total }) => total),
    ),
    row(
      'processor time of the guest until then',
      runs.map(({ cpu }) => cpu),
    ),
    row('plain `docker run` of the same image to the same query', raws),
    row(
      `load of the machine (${cpus().length} cores)`,
      runs.map(({ load }) => load),
    ),
  ];
  return lines.join('\n');
}

async function main() {
  if (process.getuid?.() !== 0)
    throw new Stop('This lays loop devices and network rules; run `sudo node scripts/by-hand.mjs`.');
  const at = process.argv.indexOf('--runs');
  const count = at > 0 ? Number(process.argv[at + 1]) : 1;
  await ensureEngine();
  const { node } = await ensureNode(root);
  const [guestImage, imagesDir] = await Promise.all([
    ensureGuestBase(node),
    ensureImage(MYSQL).then(() => saveImage(MYSQL)),
  ]);
  await withLock('by-hand', async () => {
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => (stoppedBy = signal));
    const runs = [];
    const raws = [];
    await cleanUp();
    try {
      for (let index = 0; index < count; index++) {
        runs.push(await once(guestImage, imagesDir));
        await cleanUp();
        raws.push(await raw());
        console.error(`run ${index + 1}: ${runs.at(-1).total} ms, plain ${raws.at(-1)} ms`);
      }
    } finally {
      await cleanUp();
    }
    const last = runs.at(-1);
    if (process.argv.includes('--json')) return console.log(JSON.stringify({ runs, raws }, undefined, 2));
    console.log(table(runs, raws));
    console.log(
      '\n| seen from the database container | address | from the management network | from the database |\n|---|---|---|---|',
    );
    const word = (value) => (value === undefined ? '–' : value ? 'answers' : 'silent');
    for (const { what, address, fromManagement, fromDatabase } of last.walls.rows)
      console.log(`| ${what} | ${address} | ${word(fromManagement)} | ${word(fromDatabase)} |`);
    console.log(`\nInterfaces in the database container: ${last.walls.inside.join(', ')}.`);
    console.log(
      `Memory of the guest's processes, MiB PSS: ${Object.entries(last.memory)
        .map(([name, mib]) => `${name} ${mib}`)
        .join(', ')}.`,
    );
  });
}

await mainOf(main);
