// The container engine of this machine: found, or installed and started.
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, openSync, readFileSync, rmSync } from 'node:fs';
import http from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { aptInstall, ensureHostPrograms, hasApt, isRoot, missingPackages } from './host.mjs';
import { run, which, withLock } from './run-command.mjs';
import { isMain, mainOf, Stop, step } from './say.mjs';

const SOCKET = '/var/run/docker.sock';
const LOG = '/var/log/coffer-dockerd.log';

/** What the engine at `host` says to a ping: 'ok', or the code of the error (ENOENT, ECONNREFUSED, EACCES, TIMEOUT). */
export function ping(host = process.env.DOCKER_HOST || `unix://${SOCKET}`) {
  const url = new URL(host);
  const where =
    url.protocol === 'unix:' ? { socketPath: url.pathname } : { host: url.hostname, port: url.port || 2375 };
  return new Promise((resolve) => {
    const request = http.get({ ...where, path: '/_ping', timeout: 3000 }, (answer) => {
      answer.resume();
      resolve(answer.statusCode === 200 ? 'ok' : `HTTP ${answer.statusCode}`);
    });
    request.on('timeout', () => request.destroy(Object.assign(new Error('timeout'), { code: 'TIMEOUT' })));
    request.on('error', (error) => resolve(error.code ?? error.message));
  });
}

/** Runs the engine's command-line client. See {@link run} for the options. */
export const docker = (args, options = {}) =>
  // The classic builder is enough, and the only one that every version has.
  run(which('docker') ?? 'docker', args, {
    ...options,
    env: { DOCKER_BUILDKIT: '0', DOCKER_CLI_HINTS: 'false', ...options.env },
  });

/**
 * Sees to it that a container engine answers and its client is there. Idempotent; a second run is one ping.
 * As root on Debian or Ubuntu a missing engine is installed and started, and so are the other programs of the host.
 * @returns {Promise<{ host: string }>} the address that answers
 */
export async function ensureEngine() {
  const host = process.env.DOCKER_HOST || `unix://${SOCKET}`;
  let answer = await ping(host);
  if (answer !== 'ok') {
    refuseWhatCannotBeMended(host, answer);
    await withLock('engine', async () => {
      if ((await ping(host)) !== 'ok') await installAndStart();
    });
    answer = await ping(host);
    if (answer !== 'ok') throw new Stop(`The container engine started but does not answer (${answer}); read ${LOG}.`);
  }
  if (!which('docker')) await installClient();
  if (isRoot()) await ensureHostPrograms();
  return { host };
}

function refuseWhatCannotBeMended(host, answer) {
  if (process.env.DOCKER_HOST) {
    throw new Stop(
      `No container engine answers at DOCKER_HOST=${host} (${answer}); start it, or run \`unset DOCKER_HOST\` to use this machine's own.`,
    );
  }
  if (answer === 'EACCES') {
    throw new Stop(
      `This user may not speak to the container engine at ${SOCKET}; run \`sudo usermod -aG docker $USER\`, log in again, then run this again.`,
    );
  }
  if (!isRoot()) {
    throw new Stop(
      existsSync('/usr/sbin/dockerd') || which('dockerd')
        ? 'The container engine of this machine is not running; run `sudo systemctl start docker` (or `sudo service docker start`), then run this again.'
        : 'There is no container engine on this machine; run this again as root to have it installed, or run `sudo apt-get install docker.io`.',
    );
  }
  if (!which('dockerd') && !hasApt()) {
    throw new Stop(
      'There is no container engine on this machine and it has no apt-get; install Docker with its package manager, then run this again.',
    );
  }
}

async function installAndStart() {
  // All that the host lacks in one go: each run of apt costs seconds of its own.
  if (!which('dockerd')) {
    await aptInstall(['docker.io', 'iptables', 'ca-certificates', ...(await clientPackage()), ...missingPackages()]);
  }
  if ((await ping()) === 'ok') return;
  await step('container engine starts', async () => {
    if (existsSync('/run/systemd/system')) {
      await run('systemctl', ['start', 'docker'], { allowFail: true });
      return waitForPing();
    }
    await mountCgroups();
    if (processOf('/var/run/docker.pid', 'dockerd') === undefined) startDaemon();
    await waitForPing();
  });
}

/** Newer Debian packs the client apart from the engine. */
const clientPackage = async () =>
  which('docker') || (await run('apt-cache', ['show', 'docker-cli'], { allowFail: true })).code !== 0
    ? []
    : ['docker-cli'];

async function installClient() {
  if (!isRoot() || !hasApt())
    throw new Stop(
      'A container engine answers, but its client is missing; install the program `docker` (on Debian: `sudo apt-get install docker.io`).',
    );
  const names = await clientPackage();
  await aptInstall(names.length > 0 ? names : ['docker.io']);
}

async function waitForPing() {
  const deadline = Date.now() + 60_000;
  while ((await ping()) !== 'ok') {
    if (Date.now() > deadline)
      throw new Stop(
        `The container engine did not answer within a minute: ${reasonFromLog()}; read ${LOG} or \`journalctl -u docker\`.`,
      );
    await sleep(50);
  }
}

function reasonFromLog() {
  const lines = existsSync(LOG) ? readFileSync(LOG, 'utf8').trim().split('\n') : [];
  return lines.findLast?.((line) => /failed|error|fatal/i.test(line))?.slice(0, 300) ?? 'no reason in its log';
}

/** The pid in `file` if a process called `name` has it; a pid of an earlier life may belong to anybody by now. */
function processOf(file, name) {
  try {
    const pid = Number(readFileSync(file, 'utf8'));
    return readFileSync(`/proc/${pid}/comm`, 'utf8').trim() === name ? pid : undefined;
  } catch {
    return undefined;
  }
}

function startDaemon() {
  // What a killed daemon left behind keeps the next one from starting; it goes only when its process is really gone.
  rmSync('/var/run/docker.pid', { force: true });
  rmSync(SOCKET, { force: true });
  const containerdPid = '/var/run/docker/containerd/containerd.pid';
  if (existsSync(containerdPid) && processOf(containerdPid, 'containerd') === undefined) {
    for (const name of ['containerd.pid', 'containerd.sock', 'containerd.sock.ttrpc', 'containerd-debug.sock']) {
      rmSync(`/var/run/docker/containerd/${name}`, { force: true });
    }
  }
  mkdirSync('/var/log', { recursive: true });
  const log = openSync(LOG, 'a');
  const path = `${process.env.PATH ?? ''}:/usr/local/sbin:/usr/sbin:/sbin:/usr/bin:/bin`;
  // Always containerd of its own: one that happens to run on the machine may be half dead or somebody else's.
  const args = ['--host', `unix://${SOCKET}`];
  spawn(which('dockerd') ?? 'dockerd', args, {
    detached: true,
    stdio: ['ignore', log, log],
    cwd: '/',
    env: { ...process.env, PATH: path },
  }).unref();
}

/** Mounts the control groups where nobody did (containers and small virtual machines without an init). */
async function mountCgroups() {
  const mounts = readFileSync('/proc/mounts', 'utf8');
  if (/^\S+ \/sys\/fs\/cgroup\S* cgroup2? /m.test(mounts)) return;
  if (
    !/^\S+ \/sys\/fs\/cgroup /m.test(mounts) &&
    (await run('mount', ['-t', 'cgroup2', 'none', '/sys/fs/cgroup'], { allowFail: true })).code === 0
  )
    return;
  await run('mount', ['-t', 'tmpfs', 'cgroup', '/sys/fs/cgroup'], { allowFail: true });
  for (const line of readFileSync('/proc/cgroups', 'utf8').split('\n').slice(1)) {
    const [name, , , isEnabled] = line.split('\t');
    if (!name || isEnabled !== '1') continue;
    mkdirSync(`/sys/fs/cgroup/${name}`, { recursive: true });
    await run('mount', ['-t', 'cgroup', '-o', name, 'cgroup', `/sys/fs/cgroup/${name}`], { allowFail: true });
  }
}

if (isMain(import.meta.url))
  await mainOf(async () => console.log(`container engine answers at ${(await ensureEngine()).host}`));
