import { readFile } from 'node:fs/promises';
import { toCidr } from './addresses.ts';
import type { Context, NetworkRecord, PortRecord } from './context.ts';
import { ensureManagement, type ManagementNetwork } from './networks.ts';
import { isRoot, ProgramFailure, runProgram } from './program.ts';

export interface RulesInput {
  table: string;
  management: ManagementNetwork;
  /** What every tenant bridge's name begins with. */
  tenantBridges: string;
  networks: readonly (Pick<NetworkRecord, 'id' | 'subnet'> & { bridge: string })[];
  ports: readonly Pick<PortRecord, 'networkId' | 'address' | 'allowedCidrs' | 'tcpPorts'>[];
  brokerPorts: readonly number[];
  guestEgress: readonly string[];
}

const set = (values: readonly (string | number)[]): string => `{ ${values.join(', ')} }`;

/**
 * The table of this cloud as a script for nft that replaces it in one transaction. An `accept` here only ends our own
 * chain; what the engine's tables and the operator's refuse stays refused.
 *
 * Tenants reach each other within one network, and there the ports of instances as far as those allow; nothing else: no
 * address of the host, no guest's management address, no other network. Guests reach the broker's ports on the gateway.
 * No rule accepts IPv6: the networks have none, and link-local addresses, which need no router, would pass by the rest.
 */
export function renderRules(input: RulesInput): string {
  const tenants = `"${input.tenantBridges}*"`;
  const management = `"${input.management.bridge}"`;
  const bridgeOf = new Map(input.networks.map((network) => [network.id, network.bridge]));
  const inputRules = [
    'ct state established,related accept',
    ...(input.brokerPorts.length > 0
      ? [`iifname ${management} ip daddr ${input.management.gateway} tcp dport ${set(input.brokerPorts)} accept`]
      : []),
    `iifname ${management} drop`,
    `iifname ${tenants} drop`,
  ];
  const portRules = input.ports.flatMap((port) => {
    const bridge = bridgeOf.get(port.networkId);
    if (bridge === undefined) return [];
    const at = `oifname "${bridge}" ip daddr ${port.address}`;
    // A rule for each, as nft refuses sets whose networks overlap.
    const sources = port.allowedCidrs.length > 0 ? port.allowedCidrs.map((cidr) => `ip saddr ${cidr} `) : [''];
    const allow = (from: string) => `iifname "${bridge}" ${at} ${from}tcp dport ${set(port.tcpPorts)} accept`;
    return [...(port.tcpPorts.length > 0 ? sources.map(allow) : []), `${at} drop`];
  });
  const forwardRules = [
    'ct state established,related accept',
    ...portRules,
    ...input.networks.map(
      ({ bridge, subnet }) => `iifname "${bridge}" oifname "${bridge}" ip daddr ${toCidr(subnet)} accept`,
    ),
    ...input.guestEgress.map(
      (cidr) => `iifname ${management} oifname != ${tenants} oifname != ${management} ip daddr ${cidr} accept`,
    ),
    ...[tenants, management].flatMap((bridges) => [`iifname ${bridges} drop`, `oifname ${bridges} drop`]),
  ];
  const chain = (hook: string, rules: readonly string[]) =>
    [
      `  chain ${hook} {`,
      `    type filter hook ${hook} priority filter - 10; policy accept;`,
      ...rules.map((r) => `    ${r}`),
      '  }',
    ].join('\n');
  return [
    // Declaring it first makes the deletion succeed when there is none.
    `table inet ${input.table}`,
    `delete table inet ${input.table}`,
    `table inet ${input.table} {`,
    chain('input', inputRules),
    chain('forward', forwardRules),
    '}',
    '',
  ].join('\n');
}

const toldOnce = new WeakSet<Context>();

/** Lays the whole table anew from what there is; whatever was changed or lost in it is healed. */
export async function refreshRules(context: Context): Promise<void> {
  // Said once where the cloud is opened.
  if (!isRoot()) return;
  const management = await ensureManagement(context);
  await context.locked('rules', async () => {
    const script = renderRules({
      table: context.names.table,
      management,
      tenantBridges: context.names.tenantBridges,
      networks: (await context.networks.list()).map((n) => ({ ...n, bridge: context.names.tenantBridge(n.index) })),
      ports: await context.ports.list(),
      brokerPorts: context.brokerPorts,
      guestEgress: context.guestEgress,
    });
    try {
      await runProgram('nft', ['-f', '-'], script);
    } catch (error) {
      if (!(error instanceof ProgramFailure) || !error.isMissing) throw error;
      tellOnce(context, 'the program nft is missing; install nftables');
      return;
    }
    await checkBridges(context);
  });
}

export async function removeRules(context: Context): Promise<void> {
  if (!isRoot()) return;
  const { table } = context.names;
  await context.locked('rules', () =>
    runProgram('nft', ['-f', '-'], `table inet ${table}\ndelete table inet ${table}\n`),
  );
}

/** Frames within one bridge pass the rules only where the kernel hands them over; the engine switches that on. */
async function checkBridges(context: Context): Promise<void> {
  for (const name of ['bridge-nf-call-iptables', 'bridge-nf-call-ip6tables']) {
    const value = await readFile(`/proc/sys/net/bridge/${name}`, 'utf8').catch(() => 'missing');
    if (value.trim() !== '1') {
      tellOnce(
        context,
        `net.bridge.${name} is ${value.trim()}: who may reach an instance within its network is not enforced; set it to 1`,
      );
      return;
    }
  }
}

function tellOnce(context: Context, reason: string): void {
  if (toldOnce.has(context)) return;
  toldOnce.add(context);
  context.log.warn({ reason }, 'access rules of the docker cloud are not in force');
}
