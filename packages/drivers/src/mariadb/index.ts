import { type DatastoreDriver, type DriverContext, type DriverFactory, ofVersion } from '@coffer/core/driver';
import { mysqlConfiguration } from '../_shared/mysql-configuration.ts';
import { CONFIGURATION, LOGS, mysqlContainer, SERVER_UID, TLS } from '../_shared/mysql-container.ts';
import { mysqlDatabases } from '../_shared/mysql-databases.ts';
import { mysqlLogs } from '../_shared/mysql-logs.ts';
import { mysqlMetrics } from '../_shared/mysql-metrics.ts';
import { mysqlRoot } from '../_shared/mysql-root.ts';
import { mysqlService } from '../_shared/mysql-service.ts';
import { sql } from '../_shared/mysql-sql.ts';
import { mysqlTls, tlsOptionFile } from '../_shared/mysql-tls.ts';
import { mysqlUsers } from '../_shared/mysql-users.ts';
import { dialect } from './dialect.ts';
import { endLeftBehind, fullDisk } from './full-disk.ts';
import { manifest } from './manifest.ts';
import { fixedOptions } from './options.ts';
import { grantNewDatabase, rootGrant } from './root.ts';

const SOCKET = manifest.socket ?? '/run/mysqld/mysqld.sock';

/** For the official image's own check of its health. */
const imageAccounts = ['localhost', '127.0.0.1', '::1'].map((host) => ({ name: 'healthcheck', host }));

/** Without a certificate at its start the server takes none later, and would not say so: then nobody could come in any more. */
const TLS_IS_ON = sql`BEGIN NOT ATOMIC
  IF @@GLOBAL.have_ssl <> 'YES' THEN
    SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'it had no certificate at its start and takes none before the next; restart the instance';
  END IF;
END`;

function create(context: DriverContext): DatastoreDriver {
  const { title } = manifest;
  const { session, ...service } = mysqlService({
    title,
    context,
    dialect,
    imageAccounts,
    opened: endLeftBehind,
    blockedBy: fullDisk,
  });
  return {
    container: () => mysqlContainer(context, { program: 'mariadbd', variables: 'MARIADB', socket: SOCKET }),
    ...service,
    databases: mysqlDatabases(session, manifest, grantNewDatabase),
    users: mysqlUsers(session, manifest, dialect),
    root: mysqlRoot({ session, manifest, dialect, grant: rootGrant(manifest) }),
    configuration: mysqlConfiguration({
      title,
      session,
      catalogue: ofVersion(manifest, context.version.name).version.parameters,
      file: CONFIGURATION,
      fixed: fixedOptions(context, SOCKET, manifest.port),
      includes: [tlsOptionFile(TLS)],
    }),
    logs: mysqlLogs(session, LOGS),
    tls: mysqlTls({
      title,
      session,
      endpoint: context.endpoint,
      folder: TLS,
      uid: SERVER_UID,
      reload: () => [sql`FLUSH LOCAL SSL`, TLS_IS_ON],
    }),
    metrics: mysqlMetrics(session),
  };
}

/** MariaDB 10.11, 11.8 and later LTS releases, by mysql2 over one session. */
const factory: DriverFactory = { manifest, create };
export default factory;
