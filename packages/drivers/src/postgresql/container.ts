import type { ContainerSpec, DriverContext, Settings } from '@coffer/core/driver';

/** The account that the server runs as in the image, by the image's contract. */
export const POSTGRES_UID = 999;
/** Its own parameters; who may come in, and TLS; its log, on the data volume and not among the data. */
export const FOLDERS = {
  configuration: '/etc/coffer/configuration',
  access: '/etc/coffer/access',
  logs: '/var/log/postgresql',
} as const;
export const CONFIGURATION_FILE = `${FOLDERS.configuration}/postgresql.conf`;
export const LOG_FILE = 'postgresql.log';
const PASSWORD_FILE = '/run/coffer/password';
const IDENT_FILE = `${FOLDERS.access}/pg_ident.conf`;
const ACCESS_FILE = `${FOLDERS.access}/pg_hba.conf`;

export const majorOf = ({ version }: DriverContext): number => Number.parseInt(version.number, 10);
const folderOf = (path: string): string => path.slice(0, path.lastIndexOf('/'));

/** Since 18 the image's volume is the parent of the data folders of all versions. */
const dataOf = (major: number): { mount: string; folder: string } =>
  major >= 18
    ? { mount: '/var/lib/postgresql', folder: `/var/lib/postgresql/${major}/docker` }
    : { mount: '/var/lib/postgresql/data', folder: '/var/lib/postgresql/data' };

/**
 * Who may come in, and how. By the socket the service alone; by TCP everybody else, and the service only where the socket is out
 * of its agent's reach. Nobody without a password.
 */
export function accessFile(context: DriverContext, isRequired: boolean): { path: string; content: string } {
  const service = `"${context.serviceAccount.user}"`;
  const isLocal = 'socketPath' in context.endpoint();
  const lines = [
    `local all ${service} scram-sha-256`,
    'local all all reject',
    `host all ${service} all ${isLocal ? 'reject' : 'scram-sha-256'}`,
    `${isRequired ? 'hostssl' : 'host'} all all all scram-sha-256`,
  ];
  return { path: ACCESS_FILE, content: `${lines.join('\n')}\n` };
}

/** What a tenant may change, and what the server would have otherwise is not what is wanted. */
export const DEFAULTS: Settings = {
  timezone: 'UTC',
  default_text_search_config: 'pg_catalog.english',
  // How slow is slow, in ms; whether it is logged is the log's switch.
  log_min_duration_sample: 250,
  log_statement_sample_rate: 0,
};

/** Parameters that no setting of a tenant may change. Replication's are on from the first boot, so that a replica never restarts its source. */
export function fixedSettings(major: number, socket: string, port: number): Settings {
  return {
    listen_addresses: '*',
    port,
    unix_socket_directories: folderOf(socket),
    hba_file: ACCESS_FILE,
    ident_file: IDENT_FILE,
    password_encryption: 'scram-sha-256',
    // The service's session and its visits find a place when tenants have taken all others.
    superuser_reserved_connections: 3,
    // Whoever takes a connection and does not log in has it for no longer than that.
    authentication_timeout: 10,
    wal_level: 'replica',
    max_wal_senders: 10,
    max_replication_slots: 10,
    wal_log_hints: true,
    logging_collector: true,
    log_destination: 'stderr',
    log_directory: FOLDERS.logs,
    log_filename: LOG_FILE,
    // The agent renames it and has it opened anew.
    log_rotation_age: 0,
    log_rotation_size: 0,
    log_line_prefix: '%m [%p] %q%u@%d ',
    log_timezone: 'UTC',
    // Messages that are read by programs too.
    lc_messages: 'C',
    // What ALTER SYSTEM writes would win over these files.
    ...(major >= 17 && { allow_alter_system: false }),
  };
}

/** What PostgreSQL is run as: the official image's contract, with nothing of the root file system writable. */
export function postgresqlContainer(context: DriverContext, socket: string): ContainerSpec {
  const major = majorOf(context);
  const data = dataOf(major);
  const locale =
    major >= 17 ? '--locale-provider=builtin --builtin-locale=C.UTF-8 --locale=C.UTF-8' : '--locale=C.UTF-8';
  return {
    image: context.image,
    args: ['postgres', '-c', `config_file=${CONFIGURATION_FILE}`],
    env: {
      PGDATA: data.folder,
      POSTGRES_USER: context.serviceAccount.user,
      POSTGRES_PASSWORD_FILE: PASSWORD_FILE,
      POSTGRES_DB: 'postgres',
      POSTGRES_INITDB_ARGS: `--auth=scram-sha-256 --data-checksums --encoding=UTF8 ${locale}`,
    },
    files: [
      { path: PASSWORD_FILE, content: context.serviceAccount.password, mode: 0o400, uid: POSTGRES_UID },
      // That of the group `tls` takes its place.
      accessFile(context, false),
      { path: IDENT_FILE, content: '' },
    ],
    mounts: [
      { kind: 'data', folder: 'postgresql', target: data.mount, uid: POSTGRES_UID },
      { kind: 'data', folder: 'postgresql-log', target: FOLDERS.logs, uid: POSTGRES_UID },
      { kind: 'run', target: folderOf(socket), uid: POSTGRES_UID },
      { kind: 'tmpfs', target: '/tmp', sizeBytes: 64 << 20, mode: 0o1777 },
      // Where the processes of one query share rows; 64 MiB, as engines give it, are too few. It counts as the database's memory.
      { kind: 'tmpfs', target: '/dev/shm', sizeBytes: context.memoryBytes, mode: 0o1777 },
    ],
    // The entrypoint begins as root, hands the folders to the server's account and becomes it.
    capabilities: ['CHOWN', 'SETUID', 'SETGID', 'DAC_OVERRIDE', 'FOWNER'],
    readOnlyRoot: true,
    // Fast: by SIGTERM it would wait for its clients.
    stopSignal: 'SIGINT',
    stopTimeoutMs: 120_000,
  };
}
