import type { Logger } from '../log.ts';
import type { ContainerSpec, ExecOptions, ExecResult } from '../runtime.ts';
import type { DriverManifest } from './manifest.ts';

/** One call of a driver: the id under which it may be repeated, and the signal that ends it. */
export interface Operation {
  id: string;
  signal: AbortSignal;
}

/** Where the database answers: its Unix socket as the agent sees it, or host and port. A driver must serve both alike. */
export type Endpoint = { socketPath: string } | { host: string; port: number };

/** What the agent hands to a driver. A driver sees neither engine, broker, object store nor the guest's files. */
export interface DriverContext {
  version: { name: string; number: string };
  /** Reference of the image to run. */
  image: string;
  /** Parameters in force: sizing, then what the user overrides. */
  settings: Readonly<Record<string, string | number | boolean>>;
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

export interface DatabaseSpec {
  name: string;
  characterSet?: string;
  collation?: string;
}

export interface UserSpec {
  name: string;
  /** `%` (anywhere) by default; ignored by datastores without hosts. */
  host?: string;
  password: string;
  /** Databases on which the user gets all rights. */
  databases: readonly string[];
}

export interface UserName {
  name: string;
  host?: string;
}

/** What is to become of a user; what is absent stays as it is. */
export interface UserChanges {
  name?: string;
  host?: string;
  password?: string;
}

export interface UserAlteration {
  user: UserName;
  changes: UserChanges;
}

/** A user as listed; never a password. */
export interface UserInfo {
  name: string;
  host: string;
  databases: string[];
}

export interface PageRequest {
  /** At most this many entries, 1 to 1,000. */
  limit: number;
  /** Entries after this one in the list's own order (byte order of the name; users: `name@host`). */
  marker?: string;
}

export interface Page<T> {
  items: T[];
  /** Marker of the next page; absent on the last one. */
  next?: string;
}

/** Databases of the tenant; the engine's own and the reserved ones are never listed and never touched. */
export interface DatabasesGroup {
  list(page: PageRequest, op: Operation): Promise<Page<{ name: string }>>;
  /** Repeatable. An existing database is left as it is. */
  create(database: DatabaseSpec, op: Operation): Promise<'created' | 'exists'>;
  /** Repeatable. */
  drop(name: string, op: Operation): Promise<'dropped' | 'missing'>;
}

/** Users of the tenant; service and system accounts are never listed and never touched. */
export interface UsersGroup {
  list(page: PageRequest, op: Operation): Promise<Page<UserInfo>>;
  /** With all databases that the user has a grant on. */
  get(user: UserName, op: Operation): Promise<UserInfo | undefined>;
  /** Repeatable: an existing account gets the password and the grants that are asked for. */
  create(user: UserSpec, op: Operation): Promise<'created' | 'exists'>;
  /**
   * Password, name and host, in this order; grants are kept, and so is a password that is not changed. A new password leaves open
   * sessions alone, as the engines do; a new name or host ends them. Repeatable: where the account is gone and the one that it was
   * to become is there, an earlier call has moved it.
   * @returns `exists` when another account has the new name and host; then nothing was changed
   */
  alter(user: UserName, changes: UserChanges, op: Operation): Promise<'altered' | 'missing' | 'exists'>;
  /** All rights on these databases, besides those that the user has. Repeatable. */
  grant(user: UserName, databases: readonly string[], op: Operation): Promise<'granted' | 'missing'>;
  /**
   * Takes away all rights on a database, from sessions that are open too. Repeatable.
   * @returns `missing` when there is no such user, or none with a grant on this database
   */
  revoke(user: UserName, database: string, op: Operation): Promise<'revoked' | 'missing'>;
  /** Repeatable; open sessions of the account are ended. */
  drop(user: UserName, op: Operation): Promise<'dropped' | 'missing'>;
}

/**
 * The tenant's own administrator, `root`: may do what it likes to the tenant's databases and users, and cannot leave the
 * database. It reads no file, changes no setting, ends no session of the service, and neither touches the service's accounts nor
 * gives itself more.
 */
export interface RootGroup {
  /** Whether it may log in. */
  status(op: Operation): Promise<'enabled' | 'disabled'>;
  /** Lets it in with this password and all its rights, whatever it was before. Repeatable. */
  enable(password: string, op: Operation): Promise<void>;
  /**
   * Shuts it out: no login, no open session, no scheduled work under its name. What it has made and given to others stays. Repeatable.
   * @returns `missing` when it was shut out already
   */
  disable(op: Operation): Promise<'disabled' | 'missing'>;
}

/**
 * One database as a driver operates it. Mutating calls are idempotent: the second identical call succeeds and leaves what the
 * first asked for. Errors are Problems; foreign errors never carry a secret out.
 */
export interface DatastoreDriver {
  /** Pure: the same context gives the same spec. */
  container(): ContainerSpec;
  /**
   * Brings a freshly started database to where the service can run it: service account in, image defaults that are unsafe out.
   * Called after `probe` says healthy or `needs initialising`; repeatable, also after a crash in its middle.
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
}

/** The default export of a driver package. */
export interface DriverFactory {
  manifest: DriverManifest;
  create(context: DriverContext): DatastoreDriver;
}
