import type { Engine } from '@coffer/core/engine';
import type { Examination } from '../examination.ts';

export type EngineDeps = Pick<Engine, 'endpoint' | 'apiVersion' | 'info'>;

/** Control groups of the host in a container came with this one (Docker 20.10). */
const OLDEST_API = 41;
/** One small guest and its engine. */
const LEAST_MEMORY = 2 * 2 ** 30;
const PORTABLE = ['overlay2', 'overlayfs', 'btrfs', 'zfs', 'fuse-overlayfs'];

/** Whether the container engine answers and can run guests, which run an engine themselves. */
export async function checkEngine(engine: EngineDeps): Promise<Examination> {
  const [info, api] = await Promise.all([engine.info(), engine.apiVersion()]);
  const faults: string[] = [];
  if (Number(api.split('.')[1]) < OLDEST_API)
    faults.push(
      `The engine ${info.ServerVersion} speaks API ${api}, and guests need 1.${OLDEST_API} (Docker 20.10); run \`apt-get install docker.io\`.`,
    );
  if (!PORTABLE.includes(info.Driver))
    faults.push(
      `The engine's storage driver ${info.Driver} copies every image for every container; put its root on ext4 or xfs and set "storage-driver": "overlay2" in /etc/docker/daemon.json, then \`systemctl restart docker\`.`,
    );
  const security = info.SecurityOptions ?? [];
  for (const [option, what] of [
    ['name=rootless', 'The engine is rootless'],
    ['name=userns', 'The engine maps users (userns-remap)'],
  ] as const) {
    if (security.some((entry) => entry.includes(option)))
      faults.push(
        `${what}, and a guest's own engine cannot run in that; use one without: \`coffer serve --engine unix:///var/run/docker.sock\`.`,
      );
  }
  if (info.MemTotal < LEAST_MEMORY)
    faults.push(
      `The engine's machine has ${gib(info.MemTotal)} GiB of memory, and one guest needs ${gib(LEAST_MEMORY)}; give the machine more, or name another with --engine.`,
    );
  const facts = `${info.ServerVersion} at ${engine.endpoint}, API ${api}, ${info.Driver}, cgroup v${info.CgroupVersion ?? '1'}, ${info.NCPU} processors, ${gib(info.MemTotal)} GiB`;
  return { facts, faults };
}

const gib = (bytes: number): string => String(Math.round(bytes / 2 ** 29) / 2);
