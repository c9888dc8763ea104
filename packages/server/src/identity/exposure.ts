import { isIPv4 } from 'node:net';
import { Problem } from '@coffer/core';

export interface Exposure {
  /** Address or name that the server listens on. */
  host: string;
  hasTls: boolean;
  /** The operator says that something else keeps passwords from being read, e.g. a proxy with TLS. */
  allowInsecure: boolean;
}

/** Whether an address is only reachable from the machine itself. */
export function isLoopback(host: string): boolean {
  const address = host.replace(/^\[|\]$/g, '').replace(/^::ffff:(?=\d)/i, '');
  return address === 'localhost' || address === '::1' || (isIPv4(address) && address.startsWith('127.'));
}

/** Passwords and tokens do not cross a network in the clear unless somebody said so. @throws Problem `bad_request`. */
export function checkExposure({ host, hasTls, allowInsecure }: Exposure): void {
  if (hasTls || allowInsecure || isLoopback(host)) return;
  throw new Problem(
    'bad_request',
    `The builtin identity would take passwords over plain HTTP on ${host}; listen on 127.0.0.1 behind a proxy with TLS, or say --allow-insecure.`,
  );
}
