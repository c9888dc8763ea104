import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import type { ContainerSpec } from '@coffer/core';
import type { DriverHarness, GuestOptions, TestGuest } from '@coffer/core/testing';
import { createWire } from './driver-wire.ts';
import { isRoot } from './root.ts';

const run = promisify(execFile);

async function docker(...args: string[]): Promise<string> {
  const { stdout, stderr } = await run('docker', args, { maxBuffer: 16 << 20 });
  return args[0] === 'logs' ? stdout + stderr : stdout.trim();
}

/** A shell line as root: in a container that sees this folder alone, for who is not root and may use the engine. */
async function asRoot(line: string, folder: string, image: string): Promise<void> {
  if (isRoot) await run('sh', ['-ec', line]);
  else await docker('run', '--rm', '--entrypoint', 'sh', '-v', `${folder}:${folder}`, image, '-ec', line);
}

/** What a container is to find below a folder of the machine, owned as it needs it. */
interface Owned {
  path: string;
  uid: number;
  mode: number;
}

const giveLine = ({ path, uid, mode }: Owned): string =>
  `chown ${uid}:${uid} '${path}'; chmod ${mode.toString(8)} '${path}'`;

/** Files of a spec, in the folders that are mounted read-only. */
function writeFiles(spec: ContainerSpec, root: string, owned: Owned[]): string[] {
  const targets = new Set(spec.files.map((file) => dirname(file.path)));
  for (const file of spec.files) {
    const path = join(root, 'files', file.path);
    mkdirSync(dirname(path), { recursive: true });
    rmSync(path, { force: true });
    writeFileSync(path, file.content);
    owned.push({ path, uid: file.uid ?? 0, mode: file.mode ?? 0o444 });
  }
  return [...targets].flatMap((target) => ['-v', `${join(root, 'files', target)}:${target}:ro`]);
}

function mountArguments(spec: ContainerSpec, root: string, socketFolder: string, owned: Owned[]): string[] {
  return spec.mounts.flatMap((mount) => {
    if (mount.kind === 'tmpfs') {
      const owner = mount.uid === undefined ? '' : `,uid=${mount.uid}`;
      return ['--tmpfs', `${mount.target}:size=${mount.sizeBytes},mode=${(mount.mode ?? 0o755).toString(8)}${owner}`];
    }
    const isData = mount.kind === 'data';
    const path = isData ? join(root, 'data', mount.folder) : socketFolder;
    mkdirSync(path, { recursive: true });
    owned.push({ path, uid: mount.uid ?? 0, mode: isData ? 0o750 : 0o755 });
    return ['-v', `${path}:${mount.target}`];
  });
}

async function createGuest(options: GuestOptions): Promise<TestGuest> {
  const root = mkdtempSync(join(tmpdir(), 'coffer-driver-'));
  const name = root.slice(root.lastIndexOf('/') + 1);
  const socketFolder = join(root, 'run');
  let address: { host: string; port: number } | undefined;
  let image: string | undefined;

  const isSocket = options.reach === 'socket' && options.socket !== undefined;
  const near = join(root, 'near.sock');
  const wire = await createWire(isSocket ? { path: near } : { host: '127.0.0.1', port: 0 }, () => {
    if (isSocket) return { path: join(socketFolder, options.socket?.split('/').at(-1) ?? '') };
    return address ?? { host: '127.0.0.1', port: 1 };
  });
  const listening = wire.server.address();

  return {
    wire,
    endpoint: () =>
      typeof listening === 'object' && listening ? { host: '127.0.0.1', port: listening.port } : { socketPath: near },

    async tenantAddress() {
      if (!address) throw new Error('the database does not run');
      return address;
    },

    async exec(command, { stdin, user, signal } = {}) {
      const args = ['exec', '-i', ...(user === undefined ? [] : ['-u', user]), name, ...command];
      const child = run('docker', args, { ...(signal && { signal }) });
      child.child.stdin?.end(stdin ?? '');
      const { stdout, stderr } = await child.catch((error: { stdout: string; stderr: string }) => error);
      return { exitCode: child.child.exitCode ?? 1, stdout, stderr };
    },

    async start(spec) {
      await docker('rm', '-fv', name).catch(() => '');
      image = spec.image;
      const owned: Owned[] = [];
      const mounts = [...writeFiles(spec, root, owned), ...mountArguments(spec, root, socketFolder, owned)];
      await asRoot(owned.map(giveLine).join('\n'), root, image);
      await docker(
        ...[
          'run',
          '-d',
          '--init',
          '--name',
          name,
          '--label',
          'coffer.test=driver',
          '--memory',
          `${options.memoryMib}m`,
        ],
        ...[
          '--cap-drop',
          'ALL',
          ...spec.capabilities.flatMap((capability) => ['--cap-add', capability]),
          '--security-opt',
          'no-new-privileges',
        ],
        ...['--stop-signal', spec.stopSignal, '--publish', `127.0.0.1::${options.port}`],
        ...(spec.readOnlyRoot ? ['--read-only'] : []),
        ...Object.entries(spec.env).flatMap(([key, value]) => ['--env', `${key}=${value}`]),
        ...mounts,
        ...[spec.image, ...spec.args],
      );
      const published = await docker('port', name, `${options.port}/tcp`);
      address = { host: '127.0.0.1', port: Number(published.split('\n')[0]?.split(':').at(-1)) };
    },

    async ended(timeoutMs) {
      const { stdout } = await run('docker', ['wait', name], { timeout: timeoutMs });
      return Number(stdout.trim());
    },

    async kill() {
      await docker('kill', '-s', 'KILL', name);
      await docker('wait', name);
    },

    evidence: async () => (await docker('inspect', name)) + (await docker('logs', name)),

    async remove() {
      await wire.close();
      await docker('rm', '-fv', name).catch(() => '');
      if (image !== undefined) await asRoot(`rm -rf '${root}'/*`, root, image);
      rmSync(root, { recursive: true, force: true });
    },
  };
}

/** Guests over the machine's own container engine, by its command line. */
export const engineHarness: DriverHarness = { guest: createGuest };
