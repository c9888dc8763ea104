import type { Logger } from '../log.ts';
import type { ContainerSpec, ExecOptions, ExecResult } from '../runtime.ts';
import type { BackupsGroup } from './backups.ts';
import type { ConfigurationGroup, Settings } from './configuration.ts';
import type { DatabasesGroup } from './databases.ts';
import type { LogsGroup } from './logs.ts';
import type { DriverManifest } from './manifest.ts';
import type { MetricsGroup } from './metrics.ts';
import type { Operation } from './operation.ts';
import type { ReplicationGroup } from './replication.ts';
import type { RootGroup } from './root.ts';
import type { TlsGroup } from './tls.ts';
import type { UpgradeGroup } from './upgrade.ts';
import type { UsersGroup } from './users.ts';

/** Where the database answers: its Unix socket as the agent sees it, or host and port. A driver must serve both alike. */
export type Endpoint = { socketPath: string } | { host: string; port: number };

/** What the agent hands to a driver. A driver sees neither engine, broker, object store nor the guest's files. */
export interface DriverContext {
  version: { name: string; number: string };
  /** Reference of the image to run. */
  image: string;
  /**
   * Parameters by the sizing and the tenant, as they are when the driver is created. A driver with the group `configuration`
   * leaves them alone and gets them by `render`; for one without, they are what its container starts with.
   */
  settings: Settings;
  /** Memory limit of the database container, in bytes. */
  memoryBytes: number;
  /**
   * The service's own account in the database. The password was drawn in the guest and never leaves it; letters, digits, `-` and
   * `_` only, since entrypoints of images put it into their SQL as it is.
   */
  serviceAccount: { user: string; password: string };
  /** A small number that is this server's own in its replica set (1 to 2^32-1). */
  serverId: number;
  endpoint(): Endpoint;
  /** Runs a program in the database container; secrets go by `stdin`. */
  exec(command: readonly string[], options?: ExecOptions): Promise<ExecResult>;
  log: Logger;
}

export type Health =
  /** Serves queries. */
  | { state: 'healthy' }
  /** Not yet, and on its way: starting, recovering. */
  | { state: 'starting'; detail: string }
  /** Answers and cannot serve: full disk, too many connections. */
  | { state: 'blocked'; detail: string }
  /** Does not answer. */
  | { state: 'down'; detail: string };

/**
 * One database as a driver operates it: a small part that every driver has, and groups that it may have, as its manifest says.
 * Mutating calls are idempotent: the second identical call succeeds and leaves what the first asked for. Each call ends soon
 * after its signal fires. Errors are Problems; foreign errors never carry a secret out. Names, hosts, passwords and parameters
 * have been checked against the manifest before a driver is called.
 */
export interface DatastoreDriver {
  /** Pure: the same context gives the same spec. */
  container(): ContainerSpec;
  /**
   * Brings a freshly started database to where the service can run it: service account in, image defaults that are unsafe out.
   * Called whenever a database that has just started is healthy for the first time; repeatable, also after a crash in its middle.
   */
  initialise(op: Operation): Promise<void>;
  /** Cheap enough for every few seconds; never throws. */
  probe(op: Operation): Promise<Health>;
  /** Asks the database to end cleanly; the agent then stops the container. Repeatable. */
  shutdown(op: Operation): Promise<void>;
  /** Gives back the session to the database. The driver can be used again afterwards. */
  close(): Promise<void>;
  databases?: DatabasesGroup;
  users?: UsersGroup;
  root?: RootGroup;
  configuration?: ConfigurationGroup;
  logs?: LogsGroup;
  tls?: TlsGroup;
  metrics?: MetricsGroup;
  /** @experimental */
  backups?: BackupsGroup;
  /** @experimental */
  replication?: ReplicationGroup;
  /** @experimental */
  upgrade?: UpgradeGroup;
}

/** The default export of a driver package. */
export interface DriverFactory {
  manifest: DriverManifest;
  create(context: DriverContext): DatastoreDriver;
}
