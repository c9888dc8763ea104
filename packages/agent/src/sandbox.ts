import { readlink, writeFile } from 'node:fs/promises';
import { type ContainerRuntime, type Logger, Problem } from '@coffer/core';
import type { InstanceSpec } from '@coffer/core/rpc';
import { mustRun, type RunCommand } from './run-command.ts';

export const SANDBOX = 'coffer-sandbox';

/** The container that owns the tenant's interface, so that the database comes and goes without losing its network. */
export interface Sandbox {
  /**
   * Sandbox running, with the tenant's interface, addresses and routes in it and nothing else. Repeatable.
   * @throws Problem `unavailable` when no interface has the spec's address.
   */
  ensure(spec: InstanceSpec, image: string): Promise<void>;
  /** Whether a process is in the sandbox's network: a database started before the sandbox's restart is not. */
  holds(pid: number): Promise<boolean>;
}

export interface SandboxParts {
  runtime: ContainerRuntime;
  run: RunCommand;
  /** A file to hold the sandbox's network namespace: with it the interface outlives the sandbox. */
  netnsPath: string;
  cgroupParent?: string;
  log: Logger;
  /** Identity of a process's network namespace. Replaceable by tests. */
  networkOf?: (pid: number) => Promise<string>;
}

interface Link {
  ifname: string;
  link_type: string;
  addr_info: { local?: string; prefixlen?: number }[];
}

export function createSandbox(parts: SandboxParts): Sandbox {
  const { runtime, run, netnsPath, log, networkOf = (pid: number) => readlink(`/proc/${pid}/ns/net`) } = parts;
  let laid: string | undefined;
  let sandboxPid: number | undefined;

  /** Interfaces of a namespace, the loopback and the kernel's tunnel stubs left out. */
  async function links(inside: readonly string[]): Promise<Link[]> {
    const [command = 'ip', ...args] = [...inside, 'ip', '-j', 'addr', 'show'];
    const found: Link[] = JSON.parse(await mustRun(run, command, args));
    return found.filter((link) => link.link_type === 'ether');
  }

  async function ip(inside: readonly string[], ...args: string[]): Promise<void> {
    const [command = 'ip', ...rest] = [...inside, 'ip', ...args];
    await mustRun(run, command, rest);
  }

  async function lay(pid: number, { address, prefixLength, gateway }: InstanceSpec['network']): Promise<void> {
    const inside = ['nsenter', `--net=/proc/${pid}/ns/net`];
    let [link] = await links(inside);
    if (!link) {
      // Names change when a guest restarts, so the interface is known by its address; in the namespace of a sandbox that died it is
      // the only one.
      const outer = await links([]);
      const kept = ['nsenter', `--net=${netnsPath}`];
      const here = outer.find(({ addr_info }) => addr_info.some(({ local }) => local === address));
      const left = here ?? (await links(kept).catch(() => []))[0];
      if (!left) {
        const seen = outer
          .map(({ ifname, addr_info }) => `${ifname} ${addr_info.map(({ local }) => local).join(' ')}`.trim())
          .join(', ');
        throw new Problem(
          'unavailable',
          `No interface has the tenant's address ${address}; the guest has: ${seen || 'none'}.`,
        );
      }
      await ip(here ? [] : kept, 'link', 'set', left.ifname, 'netns', String(pid));
      [link] = await links(inside);
    }
    if (!link) throw new Problem('internal', `The tenant's interface did not arrive in the sandbox.`);
    // Moving took the addresses away; others than the spec's are of an earlier spec.
    for (const { local, prefixlen } of link.addr_info) {
      const isLinkLocal = local?.startsWith('fe80:');
      if (!isLinkLocal && (local !== address || prefixlen !== prefixLength))
        await ip(inside, 'addr', 'del', `${local}/${prefixlen}`, 'dev', link.ifname);
    }
    await ip(inside, 'addr', 'replace', `${address}/${prefixLength}`, 'dev', link.ifname);
    await ip(inside, 'link', 'set', 'lo', 'up');
    await ip(inside, 'link', 'set', link.ifname, 'up');
    if (gateway) await ip(inside, 'route', 'replace', 'default', 'via', gateway, 'dev', link.ifname);
    await keep(pid);
  }

  /** A virtual interface dies with its last namespace; a mount keeps the namespace when the sandbox's process ends. */
  async function keep(pid: number): Promise<void> {
    await run('umount', ['--lazy', netnsPath]);
    await writeFile(netnsPath, '');
    const { exitCode, stderr } = await run('mount', ['--bind', `/proc/${pid}/ns/net`, netnsPath]);
    if (exitCode !== 0) log.warn({ netnsPath, stderr }, 'the sandbox network cannot be kept; it goes with the sandbox');
  }

  async function start(spec: InstanceSpec, image: string): Promise<number> {
    const existing = await runtime.inspect(SANDBOX);
    if (existing && existing.labels['coffer.instance'] !== spec.instanceId) await runtime.remove(SANDBOX);
    await runtime.create({
      name: SANDBOX,
      // The one image that is here anyway; it only has to sleep.
      image,
      entrypoint: ['sleep'],
      args: ['infinity'],
      labels: { 'coffer.instance': spec.instanceId, 'coffer.role': 'sandbox' },
      network: 'none',
      readOnlyRoot: true,
      init: true,
      memoryBytes: 16 * 1024 * 1024,
      pidsLimit: 16,
      stopTimeoutMs: 1000,
      ...(parts.cgroupParent !== undefined && { cgroupParent: parts.cgroupParent }),
    });
    await runtime.start(SANDBOX);
    const pid = (await runtime.inspect(SANDBOX))?.pid;
    if (!pid) throw new Problem('unavailable', 'The sandbox container ended as soon as it was started.');
    return pid;
  }

  return {
    async ensure(spec, image) {
      const existing = await runtime.inspect(SANDBOX);
      const isOurs = existing?.state === 'running' && existing.labels['coffer.instance'] === spec.instanceId;
      const pid = isOurs && existing.pid ? existing.pid : await start(spec, image);
      sandboxPid = pid;
      const wanted = JSON.stringify([pid, spec.network]);
      if (laid === wanted) return;
      await lay(pid, spec.network);
      laid = wanted;
    },
    async holds(pid) {
      if (sandboxPid === undefined) return false;
      const [theirs, ours] = await Promise.all(
        [networkOf(pid), networkOf(sandboxPid)].map((found) => found.catch(() => undefined)),
      );
      // What cannot be told (the process has just ended, or its engine is elsewhere) is no reason to stop a database.
      return theirs === undefined || ours === undefined || theirs === ours;
    },
  };
}
