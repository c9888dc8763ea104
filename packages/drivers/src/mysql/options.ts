import type { DriverContext } from '@coffer/core/driver';
import { commonOptions } from '../_shared/mysql-container.ts';
import type { OptionValue } from '../_shared/option-file.ts';

/** Options that no setting of a user may change; partial_revokes must be chosen before the first grant and never toggled. */
export function fixedOptions(context: DriverContext, socket: string, port: number): Record<string, OptionValue> {
  return {
    ...commonOptions(context, socket, port),
    secure_file_priv: 'NULL',
    mysqlx: false,
    partial_revokes: true,
    gtid_mode: true,
    enforce_gtid_consistency: true,
    // A value that was persisted would come before those of the files.
    persisted_globals_load: false,
    // TLS is on with the service's certificate, or off; not with one that nobody can check.
    auto_generate_certs: false,
    // More of them would make the size of the buffer pool a multiple of more than the catalogue says.
    innodb_buffer_pool_instances: 1,
    // Needs a capability that the container does not have. Not every build knows it, hence "loose".
    loose_innodb_numa_interleave: false,
  };
}
