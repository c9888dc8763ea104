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

/** Whether an interface of this machine has an address inside. */
export const isUsedByHost = (subnet: Subnet): boolean =>
  Object.values(networkInterfaces())
    .flatMap((addresses) => addresses ?? [])
    .some((info) => info.family === 'IPv4' && contains(subnet, toNumber(info.address) ?? -1));
