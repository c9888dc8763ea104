import { type DatastoreDriver, type DriverContext, type DriverFactory, ofVersion } from '@coffer/core/driver';
import { mysqlConfiguration } from '../_shared/mysql-configuration.ts';
import { CONFIGURATION, LOGS, mysqlContainer, SERVER_UID, TLS } from '../_shared/mysql-container.ts';
import { mysqlDatabases } from '../_shared/mysql-databases.ts';
import { mysqlLogs } from '../_shared/mysql-logs.ts';
import { mysqlMetrics } from '../_shared/mysql-metrics.ts';
import { mysqlRoot } from '../_shared/mysql-root.ts';
import { mysqlService } from '../_shared/mysql-service.ts';
import type { Statements } from '../_shared/mysql-session.ts';
import { sql } from '../_shared/mysql-sql.ts';
import { mysqlTls, tlsOptionFile } from '../_shared/mysql-tls.ts';
import { mysqlUsers } from '../_shared/mysql-users.ts';
import { dialect } from './dialect.ts';
import { manifest } from './manifest.ts';
import { fixedOptions } from './options.ts';
import { grantRoot } from './root.ts';

const SOCKET = manifest.socket ?? '/var/run/mysqld/mysqld.sock';

/** The buffer pool changes its size behind the statement that asked for it, and takes no other size meanwhile. */
async function isResizing({ run }: Statements): Promise<boolean> {
  const [row] = await run(sql`SHOW GLOBAL STATUS LIKE 'Innodb_buffer_pool_resize_status_code'`);
  // 0: done, or never begun; 7: given up.
  return !['0', '7'].includes(String(row?.[1] ?? '0'));
}

function create(context: DriverContext): DatastoreDriver {
  const { title } = manifest;
  const { session, ...service } = mysqlService({ title, context, dialect });
  return {
    container: () => mysqlContainer(context, { program: 'mysqld', variables: 'MYSQL', socket: SOCKET }),
    ...service,
    databases: mysqlDatabases(session, manifest),
    users: mysqlUsers(session, manifest, dialect),
    root: mysqlRoot({ session, manifest, dialect, grant: grantRoot }),
    configuration: mysqlConfiguration({
      title,
      session,
      catalogue: ofVersion(manifest, context.version.name).version.parameters,
      file: CONFIGURATION,
      fixed: fixedOptions(context, SOCKET, manifest.port),
      includes: [tlsOptionFile(TLS)],
      isBusy: isResizing,
    }),
    logs: mysqlLogs(session, LOGS),
    tls: mysqlTls({
      title,
      session,
      endpoint: context.endpoint,
      folder: TLS,
      uid: SERVER_UID,
      // The paths too: a server that was started before there was a certificate does not have them.
      reload: ({ ca, certificate, key }) => [
        sql`SET GLOBAL ssl_ca = ${ca}, GLOBAL ssl_cert = ${certificate}, GLOBAL ssl_key = ${key}`,
        sql`ALTER INSTANCE RELOAD TLS`,
      ],
    }),
    metrics: mysqlMetrics(session),
  };
}

/** MySQL 9.7 and later LTS releases, by mysql2 over one session. */
const factory: DriverFactory = { manifest, create };
export default factory;
