import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join, posix } from 'node:path';
import { promisify } from 'node:util';
import { type ContainerFile, type ContainerSpec, Problem } from '@coffer/core';
import type { GuestOptions, TestGuest } from '@coffer/core/driver-suite';
import type { ContainerConfig, Engine, HostConfig } from '@coffer/core/engine';
import { createWire } from './wire.ts';

const run = promisify(execFile);

const LABEL = { 'coffer.test': 'driver' };
const FILL = 'coffer-fill';
const MIB = 1024 ** 2;

type DataMount = Extract<ContainerSpec['mounts'][number], { kind: 'data' }>;

const dataOf = (spec: ContainerSpec): DataMount[] => spec.mounts.filter((mount) => mount.kind === 'data');

/** A guest on a container engine of this machine: a folder for its data, a container for its database. Needs no root. */
export async function createEngineGuest(engine: Engine, options: GuestOptions): Promise<TestGuest> {
  const root = await mkdtemp(join(tmpdir(), 'coffer-driver-'));
  const name = basename(root);
  const keeper = `${name}-keeper`;
  const sockets = join(root, 'run');
  const volumes: string[] = [];
  const { diskMib, port } = options;
  const isSocket = options.reach === 'socket' && options.socket !== undefined;
  let last: ContainerSpec | undefined;
  let address: { host: string; port: number } | undefined;

  const wire = await createWire(isSocket ? { path: join(root, 'near.sock') } : { host: '127.0.0.1', port: 0 }, () =>
    isSocket
      ? { path: join(sockets, posix.basename(options.socket ?? '')) }
      : (address ?? { host: '127.0.0.1', port: 1 }),
  );

  const spec = (): ContainerSpec => {
    if (last) return last;
    throw new Problem('not_ready', 'The database was never started.');
  };

  /** Shell lines as root: in a container that sees the guest's folder alone, for who is not root and may use the engine. */
  async function asRoot(lines: readonly string[]): Promise<void> {
    if (lines.length === 0) return;
    const script = ['set -e', ...lines].join('\n');
    if (process.getuid?.() === 0) {
      await run('sh', ['-c', script]);
      return;
    }
    const HostConfig = { Binds: [`${root}:${root}`], NetworkMode: 'none' };
    const helper = await engine.containers.create(undefined, {
      Image: spec().image,
      Entrypoint: ['sh', '-c', script],
      User: '0',
      Labels: LABEL,
      HostConfig,
    });
    try {
      await engine.containers.start(helper);
      const code = await engine.containers.wait(helper);
      if (code !== 0)
        throw new Problem(
          'guest_failed',
          `A helper container ended with ${code}: ${await engine.containers.logText(helper)}`,
        );
    } finally {
      await engine.containers.remove(helper);
    }
  }

  const own = (path: string, uid: number, mode: number): string[] => [
    `chown ${uid}:${uid} '${path}'`,
    `chmod ${mode.toString(8)} '${path}'`,
  ];

  const laidAt = (folder: string): string => join(root, 'files', folder);

  /** Each appears whole, as its reader may come at any time; of two with one path the last one counts. */
  async function lay(files: readonly ContainerFile[]): Promise<void> {
    const lines: string[] = [];
    for (const { path, content, uid = 0, mode = 0o444 } of new Map(files.map((file) => [file.path, file])).values()) {
      const folder = laidAt(posix.dirname(path));
      await mkdir(folder, { recursive: true });
      const fresh = join(folder, `.${posix.basename(path)}.new`);
      await writeFile(fresh, content, { mode: 0o600 });
      lines.push(...own(fresh, uid, mode), `mv -f '${fresh}' '${join(folder, posix.basename(path))}'`);
    }
    await asRoot(lines);
  }

  const volumeOf = ({ folder }: DataMount): string => `${name}-${folder.replaceAll('/', '-')}`;

  /** Disks of a size, in memory; a container that only sleeps keeps them while the database does not run. */
  async function makeDisks(given: ContainerSpec): Promise<void> {
    if (diskMib === undefined || volumes.length > 0) return;
    for (const mount of dataOf(given)) {
      const o = `size=${diskMib}m,mode=750,uid=${mount.uid ?? 0},gid=${mount.uid ?? 0}`;
      await engine.volumes.create(volumeOf(mount), {
        labels: LABEL,
        driverOptions: { type: 'tmpfs', device: 'tmpfs', o },
      });
      volumes.push(volumeOf(mount));
    }
    await engine.containers.create(keeper, {
      Image: given.image,
      Entrypoint: ['sleep', 'infinity'],
      User: '0',
      Labels: LABEL,
      HostConfig: {
        NetworkMode: 'none',
        Init: true,
        Binds: dataOf(given).map((mount) => `${volumeOf(mount)}:${mount.target}:nocopy`),
      },
    });
    await engine.containers.start(keeper);
  }

  async function mountsOf(given: ContainerSpec): Promise<Pick<HostConfig, 'Binds' | 'Tmpfs'>> {
    const Binds: string[] = [];
    const Tmpfs: Record<string, string> = {};
    const lines: string[] = [];
    for (const mount of given.mounts) {
      const { target, uid } = mount;
      if (mount.kind === 'tmpfs') {
        const owner = uid === undefined ? '' : `,uid=${uid}`;
        Tmpfs[target] = `size=${mount.sizeBytes},mode=${(mount.mode ?? 0o1777).toString(8)}${owner}`;
      } else if (mount.kind === 'data' && diskMib !== undefined) Binds.push(`${volumeOf(mount)}:${target}:nocopy`);
      else {
        const isData = mount.kind === 'data';
        const path = isData ? join(root, 'data', mount.folder) : sockets;
        await mkdir(path, { recursive: true });
        lines.push(...own(path, uid ?? 0, isData ? 0o750 : 0o755));
        Binds.push(`${path}:${target}`);
      }
    }
    await asRoot(lines);
    for (const folder of new Set(given.files.map(({ path }) => posix.dirname(path))))
      Binds.push(`${laidAt(folder)}:${folder}:ro`);
    return { Binds, Tmpfs };
  }

  function configOf(given: ContainerSpec, mounts: Pick<HostConfig, 'Binds' | 'Tmpfs'>): ContainerConfig {
    const Memory = (options.memoryMib + (diskMib ?? 0) * dataOf(given).length) * MIB;
    return {
      Image: given.image,
      Cmd: given.args,
      Env: Object.entries(given.env).map(([key, value]) => `${key}=${value}`),
      Labels: LABEL,
      StopSignal: given.stopSignal,
      StopTimeout: Math.ceil(given.stopTimeoutMs / 1000),
      ExposedPorts: { [`${port}/tcp`]: {} },
      HostConfig: {
        ...mounts,
        Memory,
        MemorySwap: Memory,
        CapDrop: ['ALL'],
        // As the agent does it: without KILL the init could not pass a signal on to a server that is not root.
        CapAdd: [...given.capabilities, 'KILL'],
        SecurityOpt: ['no-new-privileges'],
        ReadonlyRootfs: given.readOnlyRoot,
        Init: true,
        PortBindings: { [`${port}/tcp`]: [{ HostIp: '127.0.0.1', HostPort: '' }] },
      },
    };
  }

  /** Programs of a data mount's own account: it may read what the database has written. */
  async function inMount(path: string, command: readonly string[]) {
    const mount = dataOf(spec()).find(({ target }) => path.startsWith(`${target}/`));
    if (!mount) throw new Problem('bad_request', `${path} lies on no data mount.`);
    return engine.containers.exec(name, { command, user: String(mount.uid ?? 0), maxOutputBytes: 64 * MIB });
  }

  /** The engine's programs give up a disk as soon as it is full; a second look takes what the first has left. */
  async function fill(target: string, uid: number): Promise<void> {
    for (const size of ['1M', '4k'])
      await engine.containers.exec(keeper, {
        command: ['dd', 'if=/dev/zero', `of=${target}/${FILL}-${size}`, `bs=${size}`],
        user: String(uid),
      });
  }

  return {
    wire,
    endpoint: () => wire.endpoint,
    async tenantAddress() {
      if (!address) throw new Problem('not_ready', 'The database does not run.');
      return address;
    },
    exec: (command, more = {}) => engine.containers.exec(name, { command, ...more }),
    async start(given) {
      last = given;
      await engine.containers.remove(name);
      await makeDisks(given);
      await lay(given.files);
      await engine.containers.create(name, configOf(given, await mountsOf(given)));
      await engine.containers.start(name);
      const info = await engine.containers.inspect(name);
      const published = info?.NetworkSettings.Ports?.[`${port}/tcp`]?.[0]?.HostPort;
      // It may have ended already: then nobody will answer, and its output says why.
      address = { host: '127.0.0.1', port: Number(published ?? 1) };
    },
    lay,
    ended: (timeoutMs) => engine.containers.wait(name, { signal: AbortSignal.timeout(timeoutMs) }),
    async kill() {
      await engine.containers.kill(name, 'SIGKILL');
      await engine.containers.wait(name);
    },
    pause: () => engine.containers.pause(name),
    resume: () => engine.containers.unpause(name),
    async read(path) {
      const { exitCode, stdout } = await inMount(path, ['cat', path]);
      return exitCode === 0 ? stdout : undefined;
    },
    async rename(path, to) {
      const { exitCode, stderr } = await inMount(path, ['mv', path, to]);
      if (exitCode !== 0) throw new Problem('guest_failed', `${path} cannot be renamed: ${stderr}`);
    },
    output: () => engine.containers.logText(name),
    async fillDisk() {
      if (diskMib === undefined) throw new Problem('bad_request', 'This guest was made without `diskMib`.');
      for (const { target, uid = 0 } of dataOf(spec())) await fill(target, uid);
    },
    async freeDisk() {
      const files = dataOf(spec()).flatMap(({ target }) => ['1M', '4k'].map((size) => `${target}/${FILL}-${size}`));
      await engine.containers.exec(keeper, { command: ['rm', '-f', ...files], user: '0' });
    },
    evidence: async () =>
      JSON.stringify([
        await engine.containers.inspect(name),
        await engine.containers.top(name).catch(() => 'it does not run'),
      ]),
    async remove() {
      await wire.close();
      for (const container of [name, keeper]) await engine.containers.remove(container);
      for (const volume of volumes) await engine.volumes.remove(volume);
      if (last) await asRoot([`rm -rf '${root}'/*`]);
      await rm(root, { recursive: true, force: true });
    },
  };
}
