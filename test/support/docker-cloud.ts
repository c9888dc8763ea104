import { spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { createEngine, type Engine } from '@coffer/core/engine';
import {
  createDockerCloud,
  type DockerCloud,
  type DockerCloudOptions,
} from '../../packages/server/src/clouds/docker/index.ts';
import { isRoot } from './root.ts';

export const engine: Engine = createEngine(
  process.env.DOCKER_HOST === undefined ? {} : { endpoint: process.env.DOCKER_HOST },
);

/** A guest that runs, has a shell and perl, and obeys SIGTERM: all that the cloud itself asks of one. */
const STAND_IN = 'coffer-test/guest:stand-in';

/** The stand-in, made of the base image that every other image here is built from. */
export async function standInGuest(): Promise<string> {
  if ((await engine.images.inspect(STAND_IN)) !== undefined) return STAND_IN;
  const bases = await engine.images.list({ reference: ['coffer/debian'] });
  const base = bases.flatMap((image) => image.RepoTags ?? []).find((tag) => tag.startsWith('coffer/debian:trixie-'));
  if (base === undefined) throw new Error('no base image coffer/debian:trixie-… on the engine; run `npm test` once');
  const command = JSON.stringify(['perl', '-e', '$SIG{TERM} = sub { exit }; $| = 1; print "up\\n"; sleep 1 while 1']);
  await build(`FROM ${base}\nCMD ${command}\n`);
  return STAND_IN;
}

function build(dockerfile: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const env = { ...process.env, DOCKER_BUILDKIT: '0' };
    const child = spawn('docker', ['build', '-q', '-t', STAND_IN, '-'], { env, stdio: ['pipe', 'ignore', 'pipe'] });
    let said = '';
    child.stderr.on('data', (data: Buffer) => {
      said += data.toString();
    });
    child.on('error', reject);
    child.on('close', (code) =>
      code === 0 ? resolve() : reject(new Error(`docker build ended with ${code}: ${said}`)),
    );
    child.stdin.end(dockerfile);
  });
}

export interface DockerCloudUnderTest {
  cloud: DockerCloud;
  dataDir: string;
  runDir: string;
  /** A second copy of the server over the same folders. */
  another(): Promise<DockerCloud>;
  /** Tears everything down and throws when anything is left. */
  dispose(): Promise<void>;
}

/** A docker cloud in folders of its own. */
export async function dockerCloudUnderTest(options: Partial<DockerCloudOptions> = {}): Promise<DockerCloudUnderTest> {
  const home = await mkdtemp(join(tmpdir(), 'coffer-cloud-'));
  const all: DockerCloudOptions = {
    engine,
    dataDir: join(home, 'data'),
    // Root mounts a tmpfs there; anybody else needs one that is there already.
    runDir: isRoot ? join(home, 'run') : join('/dev/shm', basename(home)),
    guestImage: await standInGuest(),
    // Apart from the pools that a cloud on the same machine would take by itself.
    managementPool: '10.222.0.0/16',
    tenantPool: '10.223.0.0/16',
    prefix: 'coffer-test',
    ...options,
  };
  const cloud = await createDockerCloud(all);
  return {
    cloud,
    dataDir: all.dataDir,
    runDir: all.runDir,
    another: () => createDockerCloud(all),
    async dispose() {
      await cloud.teardown();
      const left = await cloud.inventory();
      await rm(home, { recursive: true, force: true });
      if (left.length > 0) throw new Error(`left behind:\n${left.join('\n')}`);
    },
  };
}

/** Runs a shell line in a container. */
export const shell = (container: string, line: string) =>
  engine.containers.exec(container, { command: ['bash', '-c', line] });

/** Whether a new TCP connection from the container gets through; refused by a listener-less host counts as through. */
export async function reaches(container: string, address: string, port: number): Promise<'yes' | 'refused' | 'no'> {
  const { stdout, stderr } = await shell(
    container,
    `timeout 1.2 bash -c 'exec 3<>/dev/tcp/${address}/${port} && echo open' 2>&1; true`,
  );
  const said = stdout + stderr;
  if (said.includes('open')) return 'yes';
  return said.includes('refused') ? 'refused' : 'no';
}

/** Listens on all addresses of the container, IPv4 and IPv6, until it ends. */
export async function listenIn(container: string, port: number): Promise<void> {
  const script = `
    use Socket qw(:DEFAULT AF_INET6 inet_pton pack_sockaddr_in6);
    socket(my $s, AF_INET6, SOCK_STREAM, 0) or die;
    setsockopt($s, SOL_SOCKET, SO_REUSEADDR, 1);
    bind($s, pack_sockaddr_in6(${port}, inet_pton(AF_INET6, "::"))) or die "bind: $!";
    listen($s, 16) or die; exit 0 if fork; close STDIN; close STDOUT; close STDERR;
    while (1) { accept(my $c, $s); close $c }`;
  const { exitCode, stderr } = await engine.containers.exec(container, { command: ['perl', '-e', script] });
  if (exitCode !== 0) throw new Error(`no listener in ${container}: ${stderr}`);
}
