import { access, readdir, readFile } from 'node:fs/promises';
import { release } from 'node:os';
import type { Examination } from '../../examination.ts';
import type { Context } from './context.ts';
import { loopsIn } from './loops.ts';
import { findManagement } from './networks.ts';
import { type Observed, observe } from './observe.ts';
import { isRoot, ProgramFailure, runProgram } from './program.ts';
import { fileOf } from './volumes.ts';

const RESTART = 'end `coffer serve` and start it again, which lays it anew';

/** Whether everything is there that guests hang on: networks, access rules, devices of volumes. Changes nothing. */
export async function examineCloud(context: Context): Promise<Examination> {
  const observed = await observe(context);
  const faults = [
    ...(await networkFaults(context)),
    ...(isRoot() ? [...(await ruleFaults(context)), ...(await bridgeFaults())] : []),
    ...(context.volumeKind === 'loop' ? await loopFaults(context, observed) : []),
    ...observed.flatMap(serverFaults),
  ];
  const running = observed.filter(({ container }) => container?.State === 'running').length;
  const limits = [
    ...(isRoot() ? [] : ['without access rules, as this user is not root']),
    ...(context.volumeKind === 'folder' ? ['volumes are folders without a size limit'] : []),
  ];
  return {
    facts: [`docker ${context.names.owner}: ${running} of ${observed.length} servers run`, ...limits].join('; '),
    faults,
  };
}

async function networkFaults(context: Context): Promise<string[]> {
  const { engine, names, networks } = context;
  const faults = (await findManagement(context))
    ? []
    : [`The management network ${names.managementNetwork} is missing; ${RESTART}.`];
  for (const { index, key } of await networks.list()) {
    const name = names.tenantNetwork(index);
    if ((await engine.networks.inspect(name)) === undefined)
      faults.push(`The network ${name} of project ${key} is missing; ${RESTART}.`);
  }
  return faults;
}

async function ruleFaults({ names: { table } }: Context): Promise<string[]> {
  try {
    const tables = (await runProgram('nft', ['list', 'tables'])).split('\n');
    return tables.includes(`table inet ${table}`)
      ? []
      : [
          `The access rules (nftables table inet ${table}) are not in force, so networks are open to each other; ${RESTART}.`,
        ];
  } catch (error) {
    if (!(error instanceof ProgramFailure) || !error.isMissing) throw error;
    return ['Access rules are not in force, as the program nft is missing; run `apt-get install nftables`.'];
  }
}

/** Frames within one bridge pass the rules only where the kernel hands them over. */
async function bridgeFaults(): Promise<string[]> {
  const value = await readFile('/proc/sys/net/bridge/bridge-nf-call-iptables', 'utf8').catch(() => undefined);
  if (value?.trim() === '1') return [];
  const load = value === undefined ? 'modprobe br_netfilter && ' : '';
  return [
    `Who may reach an instance within its own network is not enforced, as the kernel keeps bridges from the rules; run \`${load}sysctl -w net.bridge.bridge-nf-call-iptables=1\`.`,
  ];
}

async function loopFaults(context: Context, observed: readonly Observed[]): Promise<string[]> {
  const faults: string[] = [];
  const isThere = (path: string) =>
    access(path).then(
      () => true,
      () => false,
    );
  if (!(await isThere('/dev/loop-control')))
    faults.push('This host has no loop devices for volumes; run `modprobe loop`.');
  if (!(await hasXfs()))
    faults.push(
      'This host’s kernel has no XFS, which volumes are formatted with; run `modprobe xfs`, or `apt-get install linux-image-amd64`.',
    );
  const devices = await loopsIn(context.volumesDir);
  const inUse = observed
    .filter(({ container }) => container?.State === 'running')
    .flatMap(({ record }) => record?.volumeIds ?? []);
  for (const id of inUse) {
    if (!devices.some(({ file }) => file === fileOf(context, id)))
      faults.push(`Volume ${id} of a running server has no loop device any more; ${RESTART}.`);
  }
  return faults;
}

async function hasXfs(): Promise<boolean> {
  const known = await readFile('/proc/filesystems', 'utf8').catch(() => '');
  if (/\bxfs$/m.test(known)) return true;
  // Loaded at the first mount.
  return readdir(`/lib/modules/${release()}/kernel/fs/xfs`).then(
    (files) => files.length > 0,
    () => false,
  );
}

function serverFaults({ id, record, container }: Observed): string[] {
  if (record?.state === 'failed')
    return [
      `Server ${id} could not be made: ${record.fault ?? 'no reason was kept'}; \`coffer instance why ${record.key}\` says what becomes of it.`,
    ];
  if (record?.state !== 'built' || container?.State === 'running') return [];
  return [
    `Server ${id} is ${container?.State ?? 'gone'}; a running \`coffer serve\` starts it again, \`docker logs ${container?.Id.slice(0, 12) ?? id}\` says why it ended.`,
  ];
}
