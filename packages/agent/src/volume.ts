import { mkdir, open, readFile, stat, statfs } from 'node:fs/promises';
import { Problem } from '@coffer/core';
import type { InstanceSpec } from '@coffer/core/rpc';
import { mustRun, type RunCommand } from './run-command.ts';
import type { AgentState } from './state.ts';

export interface Volume {
  /** Brings the data volume to where the database can use it. Repeatable. @returns the folder that holds the data. */
  ensure(spec: InstanceSpec): Promise<string>;
  /** What may still be written, cheap enough for every look at the database. Undefined before `ensure` has been through. */
  freeBytes(): Promise<number | undefined>;
  /** Reads all of a plain folder. Undefined before `ensure` has been through. */
  usage(): Promise<{ usedBytes: number; totalBytes: number } | undefined>;
}

export interface VolumeParts {
  run: RunCommand;
  state: Pick<AgentState, 'isFormatting' | 'setFormatting'>;
  /** Where a device is mounted. */
  mountPoint: string;
  /** Replaceable by tests. Default `/proc/self/mountinfo`. */
  mountInfoPath?: string;
  /** Whether a path is a device, a folder, or nothing. Replaceable by tests. */
  kindOf?: (path: string) => Promise<'device' | 'folder' | undefined>;
  /** Whether a device's first bytes are all zero. Replaceable by tests. */
  isZeroed?: (device: string) => Promise<boolean>;
}

/** XFS takes 12 bytes of label: the first 12 hex digits of the instance's id. */
export function labelOf(instanceId: string): string {
  return instanceId.replaceAll('-', '').slice(0, 12);
}

export function createVolume(parts: VolumeParts): Volume {
  const {
    run,
    state,
    mountPoint,
    mountInfoPath = '/proc/self/mountinfo',
    kindOf = kindOnDisk,
    isZeroed = startsZeroed,
  } = parts;
  let folder: string | undefined;
  let isOnDevice = true;
  let deviceBytes = 0;

  async function probe(device: string): Promise<Readonly<Record<string, string>>> {
    // Low-level probing: the cache knows other machines' devices by our names. 2 means that nothing was found.
    const { exitCode, stdout, stderr } = await run('blkid', ['-p', '-o', 'export', device]);
    if (exitCode === 2) return {};
    if (exitCode !== 0) {
      throw new Problem(
        'conflict',
        `Volume ${device} holds something that blkid cannot make out (${exitCode}: ${stderr.trim()}); it is left alone.`,
      );
    }
    return Object.fromEntries(
      stdout
        .split('\n')
        .flatMap((line) =>
          line.includes('=') ? [[line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]] : [],
        ),
    );
  }

  async function format(device: string, label: string): Promise<void> {
    if (!(await state.isFormatting(device))) {
      const signatures = (await mustRun(run, 'wipefs', ['--no-act', '--parsable', device]))
        .split('\n')
        .filter((line) => line !== '' && !line.startsWith('#'));
      if (signatures.length > 0 || !(await isZeroed(device))) {
        throw new Problem(
          'conflict',
          `Volume ${device} is not blank and has no file system that is known; it is left alone. Give the instance an empty volume.`,
        );
      }
    }
    // Cut off in its middle, mkfs leaves what looks like content; this note says that it is ours to do again.
    await state.setFormatting(device);
    await mustRun(run, 'mkfs.xfs', ['-q', '-f', '-L', label, device]);
    await state.setFormatting(undefined);
  }

  async function isMounted(): Promise<boolean> {
    const lines = (await readFile(mountInfoPath, 'utf8')).split('\n');
    return lines.some((line) => line.split(' ')[4] === mountPoint);
  }

  async function ensureDevice(device: string, instanceId: string): Promise<string> {
    const label = labelOf(instanceId);
    if (!(await isMounted())) {
      let found = await probe(device);
      if (Object.keys(found).length === 0 || (await state.isFormatting(device))) {
        await format(device, label);
        found = await probe(device);
      }
      if (found.TYPE !== 'xfs' || found.LABEL !== label) {
        const what = found.TYPE
          ? `a ${found.TYPE} file system labelled "${found.LABEL ?? ''}"`
          : `something else (${Object.keys(found).join(', ')})`;
        throw new Problem(
          'conflict',
          `Volume ${device} holds ${what}; instance ${instanceId} needs xfs labelled "${label}". It is left alone.`,
        );
      }
      await mkdir(mountPoint, { recursive: true, mode: 0o755 });
      await mustRun(run, 'mount', ['-t', 'xfs', '-o', 'noatime,nodev,nosuid', device, mountPoint]);
    }
    const bytes = Number((await mustRun(run, 'blockdev', ['--getsize64', device])).trim());
    if (bytes !== deviceBytes) {
      // Does nothing when the file system already fills its device.
      await mustRun(run, 'xfs_growfs', ['-d', mountPoint]);
      deviceBytes = bytes;
    }
    return mountPoint;
  }

  async function blocksOf(path: string): Promise<{ freeBytes: number; totalBytes: number }> {
    const { blocks, bfree, bavail, bsize } = await statfs(path);
    return { freeBytes: (isOnDevice ? bfree : bavail) * bsize, totalBytes: blocks * bsize };
  }

  async function sizeOf(path: string): Promise<number> {
    // It complains of files that vanish while it counts, and counts the others.
    const { stdout } = await run('du', ['-s', '--block-size=1', path]);
    return Number.parseInt(stdout, 10) || 0;
  }

  return {
    async ensure({ instanceId, volume: { device } }) {
      const kind = await kindOf(device);
      if (!kind) throw new Problem('unavailable', `Volume ${device} is not there yet; the cloud attaches it.`);
      isOnDevice = kind === 'device';
      folder = isOnDevice ? await ensureDevice(device, instanceId) : device;
      return folder;
    },
    async freeBytes() {
      return folder === undefined ? undefined : (await blocksOf(folder)).freeBytes;
    },
    async usage() {
      if (folder === undefined) return undefined;
      const { freeBytes, totalBytes } = await blocksOf(folder);
      if (isOnDevice) return { usedBytes: totalBytes - freeBytes, totalBytes };
      // The disk below a plain folder is others' too: what is free of it is what this one may grow by.
      const usedBytes = await sizeOf(folder);
      return { usedBytes, totalBytes: usedBytes + freeBytes };
    },
  };
}

async function kindOnDisk(path: string): Promise<'device' | 'folder' | undefined> {
  const found = await stat(path).catch(() => undefined);
  return found?.isBlockDevice() ? 'device' : found?.isDirectory() ? 'folder' : undefined;
}

/** Signatures are not all: raw data has none. A new volume is zero where any file system, table or header would begin. */
async function startsZeroed(device: string): Promise<boolean> {
  const handle = await open(device, 'r');
  try {
    const buffer = Buffer.alloc(1024 * 1024);
    const { bytesRead } = await handle.read(buffer, 0, buffer.length, 0);
    return buffer.subarray(0, bytesRead).every((byte) => byte === 0);
  } finally {
    await handle.close();
  }
}
