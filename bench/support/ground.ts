import { execFile } from 'node:child_process';
import { truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);
const ip = async (...args: string[]): Promise<void> => void (await run('ip', args));

/** What a cloud gives an instance, made on this machine by hand: volumes, and interfaces on a bridge. Taken away by `undo`. */
export interface Ground {
  /** @param folder of the instance's own. @returns the block device. */
  makeVolume(folder: string, sizeGib: number): Promise<string>;
  /** An interface of this machine with this address, for an agent to know it by. */
  makeInterface(address: string): Promise<void>;
}

/** @param network the first three numbers of a /24 that nobody uses; .1 becomes this machine's. */
export async function openGround(undo: AsyncDisposableStack, network: string): Promise<Ground> {
  const bridge = `cof${process.pid}`;
  let interfaces = 0;
  await ip('link', 'add', bridge, 'type', 'bridge');
  undo.defer(() => ip('link', 'del', bridge));
  await ip('addr', 'add', `${network}.1/24`, 'dev', bridge);
  await ip('link', 'set', bridge, 'up');

  return {
    // As the docker cloud's: a sparse file behind a loop device.
    async makeVolume(folder, sizeGib) {
      const file = join(folder, 'volume.img');
      await writeFile(file, '', { mode: 0o600 });
      await truncate(file, sizeGib * 2 ** 30);
      const device = (await run('losetup', ['--find', '--show', file])).stdout.trim();
      undo.defer(async () => void (await run('losetup', ['--detach', device])));
      return device;
    },
    async makeInterface(address) {
      interfaces += 1;
      const port = `${bridge}-${interfaces}`;
      const end = `${bridge}p${interfaces}`;
      await ip('link', 'add', port, 'type', 'veth', 'peer', 'name', end);
      // Gone by itself once the network that its other end was moved to is.
      undo.defer(() => ip('link', 'del', port).catch(() => undefined));
      await ip('link', 'set', port, 'master', bridge, 'up');
      // No more than the address: this machine's way to the others is the bridge.
      await ip('addr', 'add', `${address}/32`, 'dev', end);
    },
  };
}
