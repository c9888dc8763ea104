import type { ContainerSpec, DriverContext } from '@coffer/core/driver';
import { logOptions } from './mysql-logs.ts';
import { METRIC_OPTIONS } from './mysql-metrics.ts';
import type { OptionValue } from './option-file.ts';

/** The account that the server runs as in the images, by their contract. */
export const SERVER_UID = 999;
/** Where it writes its logs: on the data volume, and not among the data. */
export const LOGS = '/var/lib/mysql-log';
/** Folder of the certificate and what goes with it. */
export const TLS = '/run/coffer-tls';
/** Read after the image's own configuration, and before what it includes. */
export const CONFIGURATION = '/etc/mysql/conf.d/coffer.cnf';
const DATA = '/var/lib/mysql';
const SCRATCH = '/var/lib/mysql-tmp';
const SECRETS = '/run/coffer';

const folderOf = (path: string): string => path.slice(0, path.lastIndexOf('/'));

/** Options of MySQL and MariaDB that no setting of a user may change. The binary log is on from the first boot, so that a replica never restarts its source. */
export function commonOptions(context: DriverContext, socket: string, port: number): Record<string, OptionValue> {
  return {
    bind_address: '*',
    port,
    socket,
    pid_file: `${folderOf(socket)}/mysqld.pid`,
    datadir: DATA,
    // On the volume: a large sort in a tmpfs would count as the database's memory.
    tmpdir: SCRATCH,
    skip_name_resolve: true,
    server_id: context.serverId,
    log_bin: 'binlog',
    binlog_expire_logs_seconds: 259_200,
    ...logOptions(LOGS),
    ...METRIC_OPTIONS,
  };
}

export interface ImageWords {
  /** The server's program. */
  program: string;
  /** What the names of the image's variables begin with. */
  variables: string;
  socket: string;
}

/** What the server is run as: the official images' contract, with nothing of the root file system writable. */
export function mysqlContainer(context: DriverContext, { program, variables, socket }: ImageWords): ContainerSpec {
  const isLocal = 'socketPath' in context.endpoint();
  const path = `${SECRETS}/root-password`;
  return {
    image: context.image,
    args: [program],
    env: {
      [`${variables}_ROOT_PASSWORD_FILE`]: path,
      // The way in for `initialise`. By TCP the client is never "localhost" to a server that resolves no names.
      [`${variables}_ROOT_HOST`]: isLocal ? 'localhost' : '%',
    },
    files: [{ path, content: context.serviceAccount.password, mode: 0o400, uid: SERVER_UID }],
    mounts: [
      { kind: 'data', folder: 'mysql', target: DATA, uid: SERVER_UID },
      { kind: 'data', folder: 'mysql-tmp', target: SCRATCH, uid: SERVER_UID },
      { kind: 'data', folder: 'mysql-log', target: LOGS, uid: SERVER_UID },
      { kind: 'run', target: folderOf(socket), uid: SERVER_UID },
      { kind: 'tmpfs', target: '/tmp', sizeBytes: 64 << 20, mode: 0o1777 },
    ],
    // The entrypoint begins as root, hands the folders to the server's account and becomes it.
    capabilities: ['CHOWN', 'SETUID', 'SETGID', 'DAC_OVERRIDE', 'FOWNER'],
    readOnlyRoot: true,
    stopSignal: 'SIGTERM',
    stopTimeoutMs: 120_000,
  };
}
