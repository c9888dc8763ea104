import { readFileSync } from 'node:fs';
import { networkInterfaces } from 'node:os';
import { Problem } from '@coffer/core';

/** An IPv4 network. */
export interface Subnet {
  /** First address, as a number. */
  base: number;
  prefixLength: number;
}

export function toNumber(address: string): number | undefined {
  const parts = address.split('.');
  if (parts.length !== 4 || !parts.every((part) => /^\d{1,3}$/.test(part) && Number(part) < 256)) return undefined;
  return parts.reduce((sum, part) => sum * 256 + Number(part), 0);
}

export const toAddress = (number: number): string =>
  [24, 16, 8, 0].map((shift) => Math.floor(number / 2 ** shift) % 256).join('.');

export const sizeOf = (subnet: Subnet): number => 2 ** (32 - subnet.prefixLength);

export const toCidr = (subnet: Subnet): string => `${toAddress(subnet.base)}/${subnet.prefixLength}`;

export const contains = (subnet: Subnet, number: number): boolean =>
  number >= subnet.base && number < subnet.base + sizeOf(subnet);

/** @throws Problem `bad_request` for what is no IPv4 network in CIDR form. */
export function parseCidr(cidr: string): Subnet {
  const [address = '', length = ''] = cidr.split('/');
  const base = toNumber(address);
  const prefixLength = Number(length);
  if (base === undefined || !/^\d{1,2}$/.test(length) || prefixLength > 32) {
    throw new Problem('bad_request', `"${cidr}" is not an IPv4 network; write it like 10.0.0.0/8`);
  }
  const size = 2 ** (32 - prefixLength);
  return { base: Math.floor(base / size) * size, prefixLength };
}

/** The blocks of a pool, each with its number, in order. */
export function* blocksOf(pool: Subnet, prefixLength: number): Generator<Subnet & { index: number }> {
  const step = 2 ** (32 - prefixLength);
  for (let index = 0; index * step < sizeOf(pool); index += 1)
    yield { base: pool.base + index * step, prefixLength, index };
}

const overlap = (one: Subnet, other: Subnet): boolean => contains(one, other.base) || contains(other, one.base);

/**
 * Networks that this machine is itself on, by its routing table: that names links which are down too, and theirs would still take
 * the packets of another network with the same addresses.
 * @param table the text of Linux's `/proc/net/route` (proc_net(5)): numbers in hexadecimal, least byte first
 */
export function connectedNetworks(table: string): Subnet[] {
  const fromHex = (text: string): number => Buffer.from(text, 'hex').readUInt32LE();
  return table
    .trim()
    .split('\n')
    .slice(1)
    .map((line) => line.split(/\s+/))
    .flatMap(([, destination = '', gateway, , , , , mask = '']) => {
      if (gateway !== '00000000' || mask === '00000000') return [];
      return [{ base: fromHex(destination), prefixLength: 32 - Math.log2(2 ** 32 - fromHex(mask)) }];
    });
}

function routingTable(): string {
  try {
    return readFileSync('/proc/net/route', 'latin1');
  } catch {
    return '';
  }
}

/** Whether this machine has an address inside, or is on a network that shares addresses with it. */
export const isUsedByHost = (subnet: Subnet): boolean =>
  connectedNetworks(routingTable()).some((network) => overlap(network, subnet)) ||
  Object.values(networkInterfaces())
    .flatMap((addresses) => addresses ?? [])
    .some((info) => info.family === 'IPv4' && contains(subnet, toNumber(info.address) ?? -1));
