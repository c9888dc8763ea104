import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import { Problem } from '@coffer/core';
import { type Command, Option } from 'commander';
import { type BrokerFlags, type RabbitmqOptions, readBrokerOptions } from './brokers/options.ts';

export const ROLES = ['api', 'worker', 'conductor'] as const;
export type Role = (typeof ROLES)[number];

/** What the program is told. Every entry is an option of the command line and an environment variable. */
export interface ServerConfig {
  listen: { host: string; port: number };
  /** Everything that must outlive the process: store, keys, certificates, volumes. */
  dataDir: string;
  /** What must not lie on a disk; a tmpfs is mounted there as root. */
  runDir: string;
  /** PostgreSQL to use; without it one of our own is started in `dataDir`. */
  storeUrl?: string;
  roles: ReadonlySet<Role>;
  /** Of the embedded relay. */
  brokerPort: number;
  /** Without it the relay is used. */
  broker?: RabbitmqOptions;
  /** The container engine that makes guests, e.g. `unix:///var/run/docker.sock`. */
  engine?: string;
  guestImage: string;
  imagesDir?: string;
  managementPool?: string;
  tenantPool?: string;
  region: string;
  /** Lets logins of others than this machine, and the broker's passwords, go without TLS. */
  allowInsecure: boolean;
  reportIntervalMs: number;
  logLevel: string;
}

/** What `addServeOptions` gives a command. */
export interface ServeFlags extends BrokerFlags {
  listen: string;
  dataDir: string;
  runDir?: string;
  store?: string;
  roles: string;
  brokerPort: string;
  engine?: string;
  guestImage?: string;
  imagesDir?: string;
  managementPool?: string;
  tenantPool?: string;
  region: string;
  reportInterval: string;
  logLevel: string;
}

/** Where a machine's own Coffer lies unless told otherwise. */
export const defaultDataDir = (): string =>
  join(process.getuid?.() === 0 ? '/var/lib' : join(homedir(), '.local/share'), 'coffer');

/**
 * Where what must not lie on a disk goes unless told otherwise. As root a tmpfs is mounted in the data folder; anybody else has
 * one of his own, or shares the machine's.
 */
export function defaultRunDir(dataDir: string): string {
  const uid = process.getuid?.() ?? 0;
  if (uid === 0) return join(dataDir, 'run');
  const hash = createHash('sha256').update(resolve(dataDir)).digest('hex').slice(0, 12);
  const own = `/run/user/${uid}`;
  return join(existsSync(own) ? own : '/dev/shm', `coffer-${uid}-${hash}`);
}

/** The options that every command over a data folder has. */
export function addDataOptions(command: Command): Command {
  return command
    .addOption(
      new Option('--data-dir <folder>', 'what outlives the process').env('COFFER_DATA_DIR').default(defaultDataDir()),
    )
    .addOption(new Option('--log-level <level>', 'debug, info, warn or error').env('COFFER_LOG_LEVEL').default('info'));
}

/** The options of every command over the store. */
export function addStoreOptions(command: Command): Command {
  return addDataOptions(command).addOption(
    new Option('--store <url>', 'PostgreSQL, 15 or newer; without it one of our own is started').env('COFFER_STORE'),
  );
}

/** The options of a machine's own cloud. */
export function addCloudOptions(command: Command): Command {
  return command
    .addOption(
      new Option(
        '--run-dir <folder>',
        'memory only; a tmpfs is mounted there as root (default: <data-dir>/run, or as another user one in memory)',
      ).env('COFFER_RUN_DIR'),
    )
    .addOption(new Option('--engine <address>', 'container engine').env('COFFER_ENGINE'))
    .addOption(new Option('--guest-image <name>', 'image of the guests').env('COFFER_GUEST_IMAGE'))
    .addOption(new Option('--images-dir <folder>', 'archives of database images for guests').env('COFFER_IMAGES_DIR'))
    .addOption(
      new Option('--management-pool <cidr>', 'addresses for the management network').env('COFFER_MANAGEMENT_POOL'),
    )
    .addOption(new Option('--tenant-pool <cidr>', 'addresses for tenants’ networks').env('COFFER_TENANT_POOL'));
}

export function addServeOptions(command: Command): Command {
  return addCloudOptions(addStoreOptions(command))
    .addOption(
      new Option('--listen <host:port>', 'where the API is served').env('COFFER_LISTEN').default('127.0.0.1:8779'),
    )
    .addOption(new Option('--roles <list>', 'what this process does').env('COFFER_ROLES').default(ROLES.join(',')))
    .addOption(
      new Option('--broker-port <port>', 'port of the embedded message relay')
        .env('COFFER_BROKER_PORT')
        .default('5671'),
    )
    .addOption(
      new Option('--broker <url>', 'RabbitMQ instead of it, e.g. amqps://coffer@rabbitmq.example:5671').env(
        'COFFER_BROKER',
      ),
    )
    .addOption(
      new Option('--broker-management <url>', 'its management plug-in, e.g. https://rabbitmq.example:15671').env(
        'COFFER_BROKER_MANAGEMENT',
      ),
    )
    .addOption(
      new Option('--broker-password-file <file>', 'the password of its user').env('COFFER_BROKER_PASSWORD_FILE'),
    )
    .addOption(
      new Option('--broker-ca <file>', 'PEM of the authority that signed its certificates').env('COFFER_BROKER_CA'),
    )
    .addOption(
      new Option('--broker-queues <type>', 'classic, or quorum for a cluster')
        .env('COFFER_BROKER_QUEUES')
        .default('classic'),
    )
    .addOption(new Option('--region <name>', 'name of the region').env('COFFER_REGION').default('RegionOne'))
    .addOption(
      new Option('--allow-insecure', 'let logins go to other machines, and passwords to the broker, without TLS').env(
        'COFFER_ALLOW_INSECURE',
      ),
    )
    .addOption(
      new Option('--report-interval <ms>', 'how often guests report').env('COFFER_REPORT_INTERVAL').default('5000'),
    );
}

function port(name: string, text: string, min = 1): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < min || value > 65_535)
    throw new Problem('bad_request', `--${name} ${text} is no port; give a number from ${min} to 65535`);
  return value;
}

/** @throws Problem `bad_request`. */
export const readBrokerPort = (flags: Pick<ServeFlags, 'brokerPort'>): number => port('broker-port', flags.brokerPort);

/** @throws Problem `bad_request` that names the option and what it may be. */
export function readConfig(flags: ServeFlags): ServerConfig {
  const at = flags.listen.lastIndexOf(':');
  const host = flags.listen.slice(0, at).replace(/^\[(.*)\]$/, '$1');
  if (at < 1)
    throw new Problem('bad_request', `--listen ${flags.listen} has no port; give host:port, e.g. 127.0.0.1:8779`);
  const roles = flags.roles.split(',').map((role) => {
    const known = ROLES.find((one) => one === role.trim());
    if (!known) throw new Problem('bad_request', `--roles has ${role}; known: ${ROLES.join(', ')}`);
    return known;
  });
  if (flags.guestImage === undefined)
    throw new Problem(
      'bad_request',
      '--guest-image is missing; `node scripts/bootstrap.mjs` builds one and prints its name',
    );
  const broker = readBrokerOptions(flags);
  const reportIntervalMs = Number(flags.reportInterval);
  if (!Number.isInteger(reportIntervalMs) || reportIntervalMs < 100)
    throw new Problem('bad_request', `--report-interval ${flags.reportInterval} is not a number of ms from 100 up`);
  return {
    listen: { host, port: port('listen', flags.listen.slice(at + 1), 0) },
    dataDir: flags.dataDir,
    runDir: flags.runDir ?? defaultRunDir(flags.dataDir),
    roles: new Set(roles),
    brokerPort: readBrokerPort(flags),
    guestImage: flags.guestImage,
    region: flags.region,
    allowInsecure: flags.allowInsecure ?? false,
    reportIntervalMs,
    logLevel: flags.logLevel,
    ...(broker && { broker }),
    ...(flags.store !== undefined && { storeUrl: flags.store }),
    ...(flags.engine !== undefined && { engine: flags.engine }),
    ...(flags.imagesDir !== undefined && { imagesDir: flags.imagesDir }),
    ...(flags.managementPool !== undefined && { managementPool: flags.managementPool }),
    ...(flags.tenantPool !== undefined && { tenantPool: flags.tenantPool }),
  };
}
