import { statfs, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { RunCommand } from './run-command.ts';
import { INSTANCE, scratch, spec } from './testing.ts';
import { createVolume, labelOf } from './volume.ts';

const LABEL = labelOf(INSTANCE);

/** A device as its tools tell of it. */
async function stage(
  device: {
    type?: string;
    label?: string;
    isZeroed?: boolean;
    signatures?: string;
    kind?: 'device' | 'folder' | undefined;
  } = {},
) {
  const folder = await scratch(onTestFinished);
  const mountInfoPath = join(folder, 'mountinfo');
  const mountPoint = join(folder, 'data');
  await writeFile(mountInfoPath, '1 2 0:1 / / rw - overlay overlay rw\n');
  const ran: string[] = [];
  const disk = {
    type: device.type,
    label: device.label,
    bytes: 1024,
    formatting: undefined as string | undefined,
    diesInFormat: false,
  };
  const run: RunCommand = async (command, args) => {
    ran.push(command);
    const ok = (stdout = '') => ({ exitCode: 0, stdout, stderr: '' });
    switch (command) {
      case 'blkid':
        return disk.type
          ? ok(`TYPE=${disk.type}\nLABEL=${disk.label ?? ''}\n`)
          : { exitCode: 2, stdout: '', stderr: '' };
      case 'wipefs':
        return ok(device.signatures ?? '');
      case 'mkfs.xfs':
        disk.type = 'xfs';
        if (disk.diesInFormat) throw new Error('cut off');
        disk.label = args[args.indexOf('-L') + 1];
        return ok();
      case 'mount':
        await writeFile(mountInfoPath, `1 2 0:1 / ${mountPoint} rw - xfs /dev/vdb rw\n`);
        return ok();
      case 'blockdev':
        return ok(`${disk.bytes}\n`);
      case 'du':
        return { exitCode: 1, stdout: `4096\t${args.at(-1)}\n`, stderr: 'du: a file is gone' };
      default:
        return ok();
    }
  };
  const volume = createVolume({
    run,
    mountPoint,
    mountInfoPath,
    kindOf: async () => ('kind' in device ? device.kind : 'device'),
    isZeroed: async () => device.isZeroed ?? true,
    state: {
      isFormatting: async (name) => disk.formatting === name,
      setFormatting: async (name) => {
        disk.formatting = name;
      },
    },
  });
  return { volume, ran, disk, mountPoint, folder };
}

describe('the data volume', () => {
  it('is formatted when blank, labelled, mounted and used', async () => {
    const { volume, ran, disk, mountPoint } = await stage();
    expect(await volume.ensure(spec)).toBe(mountPoint);
    expect(disk).toMatchObject({ type: 'xfs', label: '111111112222', formatting: undefined });
    expect(ran).toEqual(['blkid', 'wipefs', 'mkfs.xfs', 'blkid', 'mount', 'blockdev', 'xfs_growfs']);
  });

  it('is left as it is when its own, and mounted once', async () => {
    const { volume, ran } = await stage({ type: 'xfs', label: LABEL });
    await volume.ensure(spec);
    await volume.ensure(spec);
    expect(ran.filter((command) => command === 'mount')).toHaveLength(1);
    expect(ran).not.toContain('mkfs.xfs');
  });

  it('is grown when its device has grown', async () => {
    const { volume, ran, disk } = await stage({ type: 'xfs', label: LABEL });
    await volume.ensure(spec);
    disk.bytes = 2048;
    await volume.ensure(spec);
    expect(ran.filter((command) => command === 'xfs_growfs')).toHaveLength(2);
  });

  it.each([
    ['another label', { type: 'xfs', label: 'somebodyelse' }],
    ['another file system', { type: 'ext4', label: LABEL }],
    ['a signature that blkid does not know', { signatures: '# offset\n0x1fe,,,dos\n' }],
    ['raw data', { isZeroed: false }],
  ])('is never formatted with %s on it', async (_what, device) => {
    const { volume, ran } = await stage(device);
    await expect(volume.ensure(spec)).rejects.toMatchObject({
      code: 'conflict',
      detail: expect.stringContaining('left alone'),
    });
    expect(ran).not.toContain('mkfs.xfs');
    expect(ran).not.toContain('mount');
  });

  it('is formatted again when the first time was cut off', async () => {
    const { volume, disk } = await stage();
    disk.diesInFormat = true;
    await expect(volume.ensure(spec)).rejects.toThrow('cut off');
    expect(disk).toMatchObject({ type: 'xfs', formatting: '/dev/vdb' });
    disk.diesInFormat = false;
    await volume.ensure(spec);
    expect(disk.label).toBe(LABEL);
  });

  it('is waited for, and a folder is used as it is', async () => {
    await expect((await stage({ kind: undefined })).volume.ensure(spec)).rejects.toMatchObject({ code: 'unavailable' });
    const { volume, ran } = await stage({ kind: 'folder' });
    expect(await volume.ensure({ ...spec, volume: { device: '/srv/data', sizeGib: 1 } })).toBe('/srv/data');
    expect(ran).toEqual([]);
  });

  it('that is a folder is as large as what is in it, and may grow by what the disk has free', async () => {
    const { volume, ran, folder } = await stage({ kind: 'folder' });
    expect([await volume.usage(), await volume.freeBytes()]).toEqual([undefined, undefined]);
    await volume.ensure({ ...spec, volume: { device: folder, sizeGib: 1 } });
    const { bavail, bsize } = await statfs(folder);
    const usage = await volume.usage();
    expect(usage?.usedBytes).toBe(4096);
    expect(Math.abs(((await volume.freeBytes()) ?? 0) - bavail * bsize)).toBeLessThan(2 ** 30);
    expect(ran).toEqual(['du']);
    // The disk is others' too, who go on writing.
    expect(Math.abs((usage?.totalBytes ?? 0) - 4096 - bavail * bsize)).toBeLessThan(2 ** 30);
  });
});
