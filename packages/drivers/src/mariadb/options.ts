import type { DriverContext } from '@coffer/core/driver';
import { commonOptions } from '../_shared/mysql-container.ts';
import type { OptionValue } from '../_shared/option-file.ts';

/** Options that no setting of a user may change. Those that not every version knows begin with "loose". */
export function fixedOptions(context: DriverContext, socket: string, port: number): Record<string, OptionValue> {
  return {
    ...commonOptions(context, socket, port),
    // An empty folder that every container has: no value would be no restriction. Nobody has the right to files either.
    secure_file_priv: '/dev/shm',
    // DATA DIRECTORY would make tables anywhere; so it is ignored.
    symbolic_links: false,
    // The password is the only way in.
    unix_socket: false,
    // By rows, so that what a trigger or function does is the same on a replica; then users may make them.
    binlog_format: 'ROW',
    log_bin_trust_function_creators: true,
    log_slave_updates: true,
    gtid_strict_mode: true,
    gtid_domain_id: 0,
    relay_log: 'relay-bin',
    // Else no binary log would ever be taken away while there is no replica.
    loose_slave_connections_needed_for_purge: 0,
    // TLS is on with the service's certificate, which comes in a file of its own, or off; not with one that nobody can check.
    ssl: false,
  };
}
