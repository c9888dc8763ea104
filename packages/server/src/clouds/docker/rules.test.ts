import { describe, expect, it } from 'vitest';
import { parseCidr } from './addresses.ts';
import { type RulesInput, renderRules } from './rules.ts';

const input: RulesInput = {
  table: 'coffer_0a1b2c3d',
  management: { bridge: 'coffer0a1b2m', gateway: '10.212.0.1', cidr: '10.212.0.0/22' },
  tenantBridges: 'coffer0a1b2t',
  networks: [{ id: 'n', bridge: 'coffer0a1b2t0', subnet: parseCidr('10.213.0.0/24') }],
  ports: [
    { networkId: 'n', address: '10.213.0.2', allowedCidrs: [], tcpPorts: [3306] },
    { networkId: 'n', address: '10.213.0.3', allowedCidrs: ['10.0.0.0/8', '10.1.0.0/16'], tcpPorts: [3306, 33060] },
    { networkId: 'n', address: '10.213.0.4', allowedCidrs: [], tcpPorts: [] },
  ],
  brokerPorts: [5671],
  guestEgress: ['192.0.2.0/24'],
};

describe('the access rules', () => {
  it('replace their own table and name no other', () => {
    const script = renderRules(input);
    expect(script.split('\n').slice(0, 3)).toEqual([
      'table inet coffer_0a1b2c3d',
      'delete table inet coffer_0a1b2c3d',
      'table inet coffer_0a1b2c3d {',
    ]);
    expect(script).not.toContain('flush');
    expect(script.match(/\btable\b/g)).toHaveLength(3);
  });

  it('close every port of an instance but those it names, to those it names', () => {
    const lines = renderRules(input)
      .split('\n')
      .map((line) => line.trim())
      .filter((line) => line.includes('ip daddr 10.213.0.') && !line.includes('10.213.0.0/24'));
    const at = 'oifname "coffer0a1b2t0" ip daddr';
    const into = `iifname "coffer0a1b2t0" ${at}`;
    expect(lines).toEqual([
      `${into} 10.213.0.2 tcp dport { 3306 } accept`,
      `${at} 10.213.0.2 drop`,
      `${into} 10.213.0.3 ip saddr 10.0.0.0/8 tcp dport { 3306, 33060 } accept`,
      `${into} 10.213.0.3 ip saddr 10.1.0.0/16 tcp dport { 3306, 33060 } accept`,
      `${at} 10.213.0.3 drop`,
      `${at} 10.213.0.4 drop`,
    ]);
  });

  it('end with drops in both chains, so that what is not named is closed', () => {
    for (const script of [renderRules(input), renderRules({ ...input, networks: [], ports: [], brokerPorts: [] })]) {
      const [, chainInput, chainForward] = script
        .split('chain ')
        .map((chain) => chain.split('\n').map((l) => l.trim()));
      expect(chainInput?.filter((line) => / drop$/.test(line))).toEqual([
        'iifname "coffer0a1b2m" drop',
        'iifname "coffer0a1b2t*" drop',
      ]);
      const drops = chainForward?.filter((line) => / drop$/.test(line)).slice(-4);
      expect(drops).toEqual(
        ['"coffer0a1b2t*"', '"coffer0a1b2m"'].flatMap((name) => [`iifname ${name} drop`, `oifname ${name} drop`]),
      );
    }
  });
});
