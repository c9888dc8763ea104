import type { ContainerSpec, DriverContext } from '@coffer/core/driver';
import { optionFile } from '../_shared/option-file.ts';

/** The account that the server runs as in the image, by the image's contract. */
const MYSQL_UID = 999;
const DATA = '/var/lib/mysql';
const SCRATCH = '/var/lib/mysql-tmp';
const SECRETS = '/run/coffer';

const folderOf = (path: string): string => path.slice(0, path.lastIndexOf('/'));

/**
 * Options that no setting of a user may change. Replication's are on from the first boot, so that a replica never restarts its
 * source; partial_revokes must be chosen before the first grant and never toggled.
 */
function fixedOptions(context: DriverContext, socket: string, port: number) {
  return {
    bind_address: '*',
    port,
    socket,
    pid_file: `${folderOf(socket)}/mysqld.pid`,
    datadir: DATA,
    // On the volume: a large sort in a tmpfs would count as the database's memory.
    tmpdir: SCRATCH,
    secure_file_priv: 'NULL',
    skip_name_resolve: true,
    mysqlx: false,
    partial_revokes: true,
    server_id: context.serverId,
    log_bin: 'binlog',
    gtid_mode: true,
    enforce_gtid_consistency: true,
    binlog_expire_logs_seconds: 259_200,
    // Needs a capability that the container does not have. Not every build knows it, hence "loose".
    loose_innodb_numa_interleave: false,
  };
}

/** What MySQL is run as: the official image's contract, with nothing of the root file system writable. */
export function mysqlContainer(context: DriverContext, socket: string, port: number): ContainerSpec {
  const isLocal = 'socketPath' in context.endpoint();
  return {
    image: context.image,
    args: ['mysqld'],
    env: {
      MYSQL_ROOT_PASSWORD_FILE: `${SECRETS}/root-password`,
      // The way in for `initialise`. By TCP the client is never "localhost" to a server that resolves no names.
      MYSQL_ROOT_HOST: isLocal ? 'localhost' : '%',
    },
    files: [
      { path: `${SECRETS}/root-password`, content: context.serviceAccount.password, mode: 0o400, uid: MYSQL_UID },
      {
        path: '/etc/mysql/conf.d/coffer.cnf',
        content: optionFile('mysqld', { ...context.settings, ...fixedOptions(context, socket, port) }),
        mode: 0o444,
      },
    ],
    mounts: [
      { kind: 'data', folder: 'mysql', target: DATA, uid: MYSQL_UID },
      { kind: 'data', folder: 'mysql-tmp', target: SCRATCH, uid: MYSQL_UID },
      { kind: 'run', target: folderOf(socket), uid: MYSQL_UID },
      { kind: 'tmpfs', target: '/tmp', sizeBytes: 64 << 20, mode: 0o1777 },
    ],
    // The entrypoint begins as root, hands the folders to the server's account and becomes it.
    capabilities: ['CHOWN', 'SETUID', 'SETGID', 'DAC_OVERRIDE', 'FOWNER'],
    readOnlyRoot: true,
    stopSignal: 'SIGTERM',
    stopTimeoutMs: 120_000,
  };
}
