import { createHash, createHmac } from 'node:crypto';
import { chmod, chown, mkdir, readdir, rm, stat } from 'node:fs/promises';
import { join, posix } from 'node:path';
import {
  type ContainerCreate,
  type ContainerFile,
  type ContainerRuntime,
  type ContainerSpec,
  type ContainerState,
  Problem,
} from '@coffer/core';
import type { DriverManifest, Endpoint } from '@coffer/core/driver';
import type { InstanceSpec } from '@coffer/core/rpc';
import { createLiveFiles, foldersOf } from './live-files.ts';
import { SANDBOX } from './sandbox.ts';

export const DATABASE = 'coffer-database';

/** Processes and threads; MySQL takes a thread for each connection. */
const PIDS_LIMIT = 16_384;

export interface DatabaseParts {
  runtime: ContainerRuntime;
  /** A tmpfs: files and sockets for the container lie here. */
  runDir: string;
  cgroupParent?: string;
  /** Changes owners. Replaceable by tests, which are not always root. */
  setOwner?: (path: string, uid: number) => Promise<void>;
}

/** What the container is made from: the driver's wish, the spec's limits, the folder of the data. */
export interface DatabaseOrder {
  spec: InstanceSpec;
  container: ContainerSpec;
  /** May change while it runs. */
  liveFiles: readonly ContainerFile[];
  /** Folders of the container that these lie in, now or later; they alone decide whether it is made anew. */
  liveFolders: readonly string[];
  dataFolder: string;
  /** Keys the fingerprint of the files, so that it tells nothing of their content. */
  secret: string;
}

/** The database's container: made as ordered, made anew when the order changes. Whether and when it runs is decided elsewhere. */
export interface Database {
  inspect(): Promise<ContainerState | undefined>;
  /** Whether the container there is the one that is ordered. */
  fits(state: ContainerState, order: DatabaseOrder): boolean;
  /** Lays folders and files, makes the container unless it is there, starts it. The sandbox must run. Repeatable. */
  start(order: DatabaseOrder): Promise<void>;
  /** Brings its files to what is ordered, in place, while it runs. Repeatable. */
  layFiles(order: DatabaseOrder): Promise<void>;
  /** Stops it, gently first. Repeatable. */
  stop(timeoutMs: number): Promise<void>;
  remove(): Promise<void>;
  /** Until its container does not run. @throws when the engine goes away or the signal fires: then nothing is known. */
  ended(signal: AbortSignal): Promise<void>;
  /** Where the database will answer, known before its container is: a driver mounts `run` at the folder of its manifest's socket. */
  endpoint(manifest: DriverManifest, spec: InstanceSpec): Endpoint;
}

export function createDatabase(parts: DatabaseParts): Database {
  const { runtime, runDir, setOwner = (path: string, uid: number) => chown(path, uid, uid) } = parts;
  const shortHash = (text: string): string => createHash('sha256').update(text).digest('hex').slice(0, 12);
  const socketFolder = (target: string): string => join(runDir, 'sockets', shortHash(target));
  const files = createLiveFiles({ path: join(runDir, 'files'), setOwner });
  const folderOf = (path: string): string => posix.dirname(path);
  const fileFolders = ({ container, liveFolders }: DatabaseOrder): string[] => [
    ...new Set([...foldersOf(container.files), ...liveFolders]),
  ];
  const layFiles = (order: DatabaseOrder): Promise<void> =>
    files.lay(fileFolders(order), [...order.container.files, ...order.liveFiles]);

  function fingerprint({ spec, container, liveFolders, dataFolder, secret }: DatabaseOrder): string {
    const limits = [spec.instanceId, spec.memoryMib, spec.vcpus, dataFolder, parts.cgroupParent];
    return createHmac('sha256', secret)
      .update(JSON.stringify([container, liveFolders, limits]))
      .digest('hex')
      .slice(0, 32);
  }

  async function own(path: string, uid: number | undefined, mode: number): Promise<void> {
    await mkdir(path, { recursive: true });
    await chmod(path, mode);
    if (uid !== undefined && (await stat(path)).uid !== uid) await setOwner(path, uid);
  }

  async function layFolders(container: ContainerSpec, dataFolder: string): Promise<void> {
    for (const mount of container.mounts) {
      if (mount.kind === 'data') await own(inside(dataFolder, mount.folder), mount.uid, 0o750);
      if (mount.kind === 'run') {
        await own(socketFolder(mount.target), mount.uid, 0o755);
        // A dead server's socket and lock file would be taken for a living one's.
        for (const left of await readdir(socketFolder(mount.target)))
          await rm(join(socketFolder(mount.target), left), { recursive: true, force: true });
      }
    }
  }

  function createSpec(order: DatabaseOrder): ContainerCreate {
    const { spec, container, dataFolder } = order;
    const binds: { source: string; target: string; readOnly?: boolean }[] = [];
    const tmpfs: Record<string, string> = {};
    for (const mount of container.mounts) {
      if (mount.kind === 'data') binds.push({ source: inside(dataFolder, mount.folder), target: mount.target });
      else if (mount.kind === 'run') binds.push({ source: socketFolder(mount.target), target: mount.target });
      else {
        const owner = mount.uid === undefined ? '' : `,uid=${mount.uid}`;
        tmpfs[mount.target] =
          `rw,noexec,nosuid,nodev,size=${mount.sizeBytes},mode=${(mount.mode ?? 0o1777).toString(8)}${owner}`;
      }
    }
    for (const target of fileFolders(order)) binds.push({ source: files.source(target), target, readOnly: true });
    return {
      name: DATABASE,
      image: container.image,
      args: container.args,
      env: container.env,
      labels: { 'coffer.instance': spec.instanceId, 'coffer.role': 'database', 'coffer.spec': fingerprint(order) },
      binds,
      tmpfs,
      network: `container:${SANDBOX}`,
      // The init is root and the server is not: without KILL it could not pass on the signal to stop, and the server would be cut off.
      capabilities: [...container.capabilities, 'KILL'],
      readOnlyRoot: container.readOnlyRoot,
      init: true,
      stopSignal: container.stopSignal,
      stopTimeoutMs: container.stopTimeoutMs,
      memoryBytes: spec.memoryMib * 1024 * 1024,
      cpus: spec.vcpus,
      pidsLimit: PIDS_LIMIT,
      // The agent restarts it itself: the engine would do so before the network and the files are laid.
      restart: 'no',
      ...(parts.cgroupParent !== undefined && { cgroupParent: parts.cgroupParent }),
    };
  }

  return {
    inspect: () => runtime.inspect(DATABASE),
    fits: (state, order) => state.labels['coffer.spec'] === fingerprint(order),
    async start(order) {
      const existing = await runtime.inspect(DATABASE);
      if (existing?.state === 'running') return;
      await layFolders(order.container, order.dataFolder);
      await layFiles(order);
      await runtime.create(createSpec(order));
      await runtime.start(DATABASE);
    },
    layFiles,
    stop: (timeoutMs) => runtime.stop(DATABASE, { timeoutMs }),
    remove: () => runtime.remove(DATABASE),
    ended: (signal) => runtime.ended(DATABASE, signal),
    endpoint({ socket, port }, { network }) {
      return socket === undefined
        ? { host: network.address, port }
        : { socketPath: join(socketFolder(folderOf(socket)), posix.basename(socket)) };
    },
  };
}

/** A driver names folders of the volume; it does not leave it. @throws Problem `guest_failed` */
export function inside(root: string, folder: string): string {
  const path = join(root, folder);
  if (path === root || path.startsWith(`${root}/`)) return path;
  throw new Problem('guest_failed', `The driver asks for folder "${folder}", which lies outside the data volume.`);
}
