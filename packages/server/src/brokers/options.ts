import { readFileSync } from 'node:fs';
import { Problem } from '@coffer/core';
import type { ManagementOptions } from './management-http.ts';

/** A RabbitMQ of the operator's, in place of the embedded relay. */
export interface RabbitmqOptions {
  /** As guests and this process reach it. */
  host: string;
  port: number;
  /** Of the control plane: a user with the tag `administrator`. */
  username: string;
  /** Holds its password and nothing else. */
  passwordFile: string;
  /** PEM of the authority that signed its certificates; absent where the line is plain. */
  caFile?: string;
  /** Of its management plug-in, e.g. `https://rabbitmq.example:15671`. */
  management: string;
  queueType: 'classic' | 'quorum';
}

/** As they come from the command line or the environment. */
export interface BrokerFlags {
  broker?: string;
  brokerManagement?: string;
  brokerPasswordFile?: string;
  brokerCa?: string;
  brokerQueues: string;
  allowInsecure?: boolean;
}

const EXAMPLE = 'amqps://coffer@rabbitmq.example:5671';

const wrong = (detail: string): Problem => new Problem('bad_request', detail);

function parse(option: string, text: string, protocols: readonly string[], example: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  // The text itself is not repeated: somebody may have put a password into it.
  if (!url || !protocols.includes(url.protocol)) throw wrong(`--${option} is no address; give one like ${example}`);
  if (url.password !== '')
    throw wrong(`--${option} has a password in it, which others on this machine can read; use --broker-password-file`);
  if (url.pathname.length > 1 || url.search !== '')
    throw wrong(`--${option} has a path; give host and port alone, like ${example}`);
  return url;
}

/**
 * @returns undefined where the embedded relay is to be used.
 * @throws Problem `bad_request` that names the option and what it may be.
 */
export function readBrokerOptions(flags: BrokerFlags): RabbitmqOptions | undefined {
  if (flags.broker === undefined) return undefined;
  const url = parse('broker', flags.broker, ['amqps:', 'amqp:'], EXAMPLE);
  const isTls = url.protocol === 'amqps:';
  if (url.username === '') throw wrong(`--broker names no user; give one like ${EXAMPLE}`);
  if (flags.brokerManagement === undefined)
    throw wrong(
      '--broker needs --broker-management: accounts of guests are made there, e.g. https://rabbitmq.example:15671',
    );
  const management = parse(
    'broker-management',
    flags.brokerManagement,
    ['https:', 'http:'],
    'https://rabbitmq.example:15671',
  );
  if (flags.brokerPasswordFile === undefined)
    throw wrong('--broker needs --broker-password-file, a file with the password of its user and nothing else');
  if (isTls && flags.brokerCa === undefined)
    throw wrong('--broker amqps://… needs --broker-ca, the PEM file of the authority that guests are to trust');
  const isPlain = !isTls || management.protocol === 'http:';
  if (isPlain && !flags.allowInsecure)
    throw wrong(
      '--broker and --broker-management carry passwords in the clear; use amqps: and https:, or --allow-insecure',
    );
  const queueType = (['classic', 'quorum'] as const).find((known) => known === flags.brokerQueues);
  if (!queueType) throw wrong(`--broker-queues is ${flags.brokerQueues}; give classic, or quorum for a cluster`);
  return {
    host: url.hostname.replace(/^\[(.*)\]$/, '$1'),
    port: Number(url.port) || (isTls ? 5671 : 5672),
    username: decodeURIComponent(url.username),
    passwordFile: flags.brokerPasswordFile,
    ...(isTls && flags.brokerCa !== undefined && { caFile: flags.brokerCa }),
    management: management.origin,
    queueType,
  };
}

/** The login at its management plug-in, read from the files of the options. @throws Problem `bad_request` for a file. */
export function readManagement({ management, username, passwordFile, caFile }: RabbitmqOptions): ManagementOptions {
  return {
    url: management,
    username,
    password: readOptionFile('broker-password-file', passwordFile).trim(),
    ...(caFile !== undefined && { ca: readOptionFile('broker-ca', caFile) }),
  };
}

/** @throws Problem `bad_request` when it cannot be read or is empty. */
function readOptionFile(option: string, path: string): string {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    throw new Problem('bad_request', `--${option} ${path} cannot be read: ${String(error)}`, { cause: error });
  }
  if (text.trim() === '') throw wrong(`--${option} ${path} is empty`);
  return text;
}
