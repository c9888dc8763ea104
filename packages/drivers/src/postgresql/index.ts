import { Problem } from '@coffer/core';
import {
  type DatastoreDriver,
  type DriverContext,
  type DriverFactory,
  type Health,
  type LogsGroup,
  type Operation,
  ofVersion,
} from '@coffer/core/driver';
import { postgresqlConfiguration } from '../_shared/postgresql-configuration.ts';
import { postgresqlDatabases } from '../_shared/postgresql-databases.ts';
import { sqlStateOf } from '../_shared/postgresql-errors.ts';
import { postgresqlMetrics } from '../_shared/postgresql-metrics.ts';
import { postgresqlRoot } from '../_shared/postgresql-root.ts';
import { createSession, LOBBY } from '../_shared/postgresql-session.ts';
import { identifier, sql } from '../_shared/postgresql-sql.ts';
import { postgresqlTls, tlsConf } from '../_shared/postgresql-tls.ts';
import { postgresqlUsers } from '../_shared/postgresql-users.ts';
import {
  accessFile,
  CONFIGURATION_FILE,
  DEFAULTS,
  FOLDERS,
  fixedSettings,
  LOG_FILE,
  majorOf,
  POSTGRES_UID,
  postgresqlContainer,
} from './container.ts';
import { manifest } from './manifest.ts';

const { title, port } = manifest;
const SOCKET = manifest.socket ?? '/var/run/postgresql/.s.PGSQL.5432';

const TOO_MANY_CONNECTIONS = '53300';
const NO_PROGRAM = [126, 127];

function create(context: DriverContext): DatastoreDriver {
  const major = majorOf(context);
  const own = ofVersion(manifest, context.version.name);
  const service = createSession({ title, endpoint: context.endpoint, ...context.serviceAccount, major });
  let lastHealth: Health = { state: 'starting', detail: `${title} has not answered yet` };

  /** The image made the service account, its superuser. One transaction, and the same each time. */
  const initialise = (op: Operation): Promise<void> =>
    service.use(op.signal, async ({ run }) => {
      const lobby = identifier(LOBBY);
      await run(
        // Everybody may enter the lobby, and make nothing in it; templates are nobody's.
        sql`REVOKE ALL ON DATABASE ${lobby}, template1, template0 FROM PUBLIC`,
        sql`GRANT CONNECT ON DATABASE ${lobby} TO PUBLIC`,
        sql`REVOKE ALL ON SCHEMA public FROM PUBLIC`,
      );
    });

  function healthOf(error: unknown): Health {
    const detail = error instanceof Problem ? error.detail : `${title} did not answer`;
    // It is starting, recovering or shutting down, or makes its data folder.
    if (error instanceof Problem && error.code === 'not_ready') return { state: 'starting', detail };
    return { state: sqlStateOf(error) === TOO_MANY_CONNECTIONS ? 'blocked' : 'down', detail };
  }

  async function probe(op: Operation): Promise<Health> {
    // The session is at work, so the database answered a moment ago; waiting for it would make a long call look like silence.
    if (service.isBusy) return lastHealth;
    try {
      await service.use(op.signal, ({ run }) => run(sql`SELECT 1`));
      lastHealth = { state: 'healthy' };
    } catch (error) {
      lastHealth = healthOf(error);
    }
    return lastHealth;
  }

  async function shutdown({ signal }: Operation): Promise<void> {
    await service.close();
    // No statement ends a server.
    const command = ['pg_ctl', 'stop', '--mode=fast', '--no-wait', '--silent'];
    try {
      const { exitCode } = await context.exec(command, { user: String(POSTGRES_UID), signal });
      // Without the program the stop signal has to do; that one is fast, too.
      if (NO_PROGRAM.includes(exitCode)) context.log.warn({ command }, 'the image cannot run it');
    } catch (error) {
      // Where no container runs there is nothing to end.
      if (!(error instanceof Problem && ['conflict', 'not_found'].includes(error.code))) throw error;
    }
  }

  const slow = (rate: number) => ({ log_statement_sample_rate: rate });
  const path = `${FOLDERS.logs}/${LOG_FILE}`;
  const logs: LogsGroup = {
    // One file for all of them: the server tells its lines apart no further.
    sources: () => [
      { name: 'error', path },
      { name: 'slow_query', path, switch: { on: slow(1), off: slow(0) } },
      { name: 'general', path, switch: { on: { log_statement: 'all' }, off: { log_statement: 'none' } } },
    ],
    async reopen(op) {
      await service.use(op.signal, ({ run }) => run(sql`SELECT pg_rotate_logfile()`));
    },
  };

  return {
    container: () => postgresqlContainer(context, SOCKET),
    initialise,
    probe,
    shutdown,
    close: () => service.close(),
    databases: postgresqlDatabases(service, own, major),
    users: postgresqlUsers(service, own, major),
    root: postgresqlRoot(service, own, major),
    configuration: postgresqlConfiguration({
      session: service,
      file: CONFIGURATION_FILE,
      defaults: DEFAULTS,
      fixed: fixedSettings(major, SOCKET, port),
      includes: [tlsConf(FOLDERS.access)],
    }),
    logs,
    tls: postgresqlTls({
      title,
      session: service,
      exec: context.exec,
      port,
      folder: FOLDERS.access,
      uid: POSTGRES_UID,
      access: (isRequired) => accessFile(context, isRequired),
    }),
    metrics: postgresqlMetrics(service),
  };
}

/** PostgreSQL 15 and later, by pg over one session. */
const factory: DriverFactory = { manifest, create };
export default factory;
