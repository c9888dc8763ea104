import { describe, expect, it } from 'vitest';
import {
  blocksOf,
  connectedNetworks,
  contains,
  isUsedByHost,
  parseCidr,
  toAddress,
  toCidr,
  toNumber,
} from './addresses.ts';

describe('addresses', () => {
  it('read and write what they mean', () => {
    for (const address of ['0.0.0.0', '10.213.0.7', '255.255.255.255']) {
      expect(toAddress(toNumber(address) ?? -1)).toBe(address);
    }
    for (const wrong of ['', '1.2.3', '1.2.3.256', '1.2.3.x', '1.2.3.4.5', '::1', '1.2.3.-4']) {
      expect(toNumber(wrong)).toBeUndefined();
    }
    expect(toCidr(parseCidr('10.1.2.3/8'))).toBe('10.0.0.0/8');
    for (const wrong of ['10.0.0.0', '10.0.0.0/33', '10.0.0.0/', '10.0.0.0/8; drop', '/8', 'fe80::/10']) {
      expect(() => parseCidr(wrong)).toThrow(/is not an IPv4 network/);
    }
  });

  it('cut a pool into blocks', () => {
    const blocks = [...blocksOf(parseCidr('10.4.0.0/22'), 24)];
    expect(blocks.map((block) => `${block.index} ${toCidr(block)}`)).toEqual([
      '0 10.4.0.0/24',
      '1 10.4.1.0/24',
      '2 10.4.2.0/24',
      '3 10.4.3.0/24',
    ]);
    expect(contains(parseCidr('10.4.1.0/24'), toNumber('10.4.1.255') ?? -1)).toBe(true);
    expect(contains(parseCidr('10.4.1.0/24'), toNumber('10.4.2.0') ?? -1)).toBe(false);
    expect(isUsedByHost(parseCidr('127.0.0.0/8'))).toBe(true);
    expect(isUsedByHost(parseCidr('203.0.113.0/24'))).toBe(false);
  });

  it('finds the networks that the machine is on, and not those behind a gateway', () => {
    const table = `Iface	Destination	Gateway 	Flags	RefCnt	Use	Metric	Mask		MTU	Window	IRTT
eth0	00000000	010200C0	0003	0	0	0	00000000	0	0	0
link	0000DA0A	00000000	0001	0	0	0	00FCFFFF	0	0	0
vpn	0000000A	010200C0	0003	0	0	0	000000FF	0	0	0
host	0700000A	00000000	0005	0	0	0	FFFFFFFF	0	0	0
`;
    expect(connectedNetworks(table).map(toCidr)).toEqual(['10.218.0.0/22', '10.0.0.7/32']);
    expect(connectedNetworks('')).toEqual([]);
  });
});
