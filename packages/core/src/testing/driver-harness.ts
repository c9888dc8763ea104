import type { ParameterValue, Settings } from '../driver/configuration.ts';
import type { DriverFactory, Endpoint } from '../driver/driver.ts';
import type { ContainerFile, ContainerSpec, ExecOptions, ExecResult } from '../runtime.ts';

/** The line between driver and database, which a test can cut. Both directions pass through it unchanged. */
export interface TestWire {
  /** Lets this many more messages of the driver through, then drops every connection, before the next message has reached the database. */
  cutAfter(messages: number): void;
  /** Whether the cut that was asked for last has happened. */
  readonly wasCut: boolean;
  /** Takes messages and passes none on, until {@link flow}. */
  stall(): void;
  /** Passes everything on again; nothing is cut any more. What was held back is lost, with its connection. */
  flow(): void;
  /** Drops the connections that are open; new ones are taken. */
  drop(): void;
}

/** One place for one database: its folders outlive its container, as a data volume does. */
export interface TestGuest {
  /** Where the driver finds the database: the near end of the wire. */
  endpoint(): Endpoint;
  /** Where a tenant finds it. Only while it runs. */
  tenantAddress(): Promise<{ host: string; port: number }>;
  exec(command: readonly string[], options?: ExecOptions): Promise<ExecResult>;
  /** Lays the files of the spec, makes its container and starts it. A container that is there is replaced, its data stay. */
  start(spec: ContainerSpec): Promise<void>;
  /** Lays files anew while the database runs, in the folders that it was started with. */
  lay(files: readonly ContainerFile[]): Promise<void>;
  /** Waits for the database to end by itself, or as it was told to. @returns its exit code */
  ended(timeoutMs: number): Promise<number>;
  /** SIGKILL. */
  kill(): Promise<void>;
  /** Freezes every process of the container, until {@link resume}. */
  pause(): Promise<void>;
  resume(): Promise<void>;
  /** A file on a data mount, by its path inside the container. Undefined when it is not there. */
  read(path: string): Promise<string | undefined>;
  /** Renames a file on a data mount, in its folder. */
  rename(path: string, to: string): Promise<void>;
  /** What the container has printed. */
  output(): Promise<string>;
  /** Leaves not a byte on the data mounts; only of a guest that was made with `diskMib`. */
  fillDisk(): Promise<void>;
  freeDisk(): Promise<void>;
  wire: TestWire;
  /** All else that a curious neighbour on the machine could read: the container's inspection and the arguments of its processes. */
  evidence(): Promise<string>;
  /** Takes container and folders away. */
  remove(): Promise<void>;
}

export interface GuestOptions {
  /** How the driver is to reach the database. */
  reach: 'socket' | 'tcp';
  port: number;
  /** Path of the socket inside the container, where the datastore has one. */
  socket?: string;
  memoryMib: number;
  /** Size of the data mounts. Without it they are as large as the machine's disk. */
  diskMib?: number;
}

export interface TestAuthority {
  /** PEM. */
  ca: string;
  /** A new key pair and its certificate, for the address at which tenants find the database. */
  issue(): Promise<{ certificate: string; key: string }>;
}

/** What stands for agent and guest in the suite. */
export interface DriverHarness {
  guest(options: GuestOptions): Promise<TestGuest>;
  /** A new authority, unlike every other. */
  authority(): Promise<TestAuthority>;
}

/** A tenant's own session, made with the database's usual client. */
export interface TenantSession {
  /** A statement in the database's own words; rows as lists of columns. Rejects when it is refused. */
  query(statement: string): Promise<unknown[][]>;
  end(): Promise<void>;
}

export interface TenantLogin {
  host: string;
  port: number;
  user: string;
  password: string;
  /** Absent: wherever the database lets this account in. */
  database?: string;
  /** Log in by TLS, and trust whom this authority vouches for. Absent: without TLS. */
  tls?: { ca: string };
}

/** What a tenant does in a session. Default: the SQL that all SQL databases have. Keys and values are lower-case letters and digits. */
export interface TenantWords {
  /** Answers while the session is alive. */
  ping(session: TenantSession): Promise<unknown>;
  write(session: TenantSession, key: string, value: string): Promise<unknown>;
  read(session: TenantSession, key: string): Promise<string | undefined>;
}

/** What the tenant's administrator is held to, in the words of its database. Needed with the group `root`. */
export interface AdministratorTest {
  /** Statements that root must be able to run, in this order. */
  may: readonly string[];
  /** Statements that must be refused, or answered with NULL. Given root's session, to find out what there is to attack. */
  mayNot(root: TenantSession): Promise<readonly string[]>;
  /** A statement that would succeed if root had its rights without their limits, however briefly. */
  beyond: string;
  /** Statements by which a root that expects to be disabled would see to coming back; with this password where they need one. */
  wayBack(password: string): readonly string[];
  /** Statements that root must be able to run once it was disabled and enabled again. */
  mayStill: readonly string[];
}

/** Parameters to try. Needed with the group `configuration`. */
export interface ConfigurationTest {
  /** Taken without a restart; values other than those at the start. Of each type that the catalogue has, one at least. */
  dynamic: Settings;
  /** Taken by a restart alone; values other than those at the start. */
  restart: Settings;
  /** What the manifest allows and the running database refuses. */
  rejected?: { name: string; value: ParameterValue };
  /** What a tenant may set and what would lead quoting astray: names and passwords are tried under it once more. */
  quirks?: Settings;
}

/** Makes the database write a line with `text` (lower-case letters and digits) into a log, by a tenant's session. */
export type LogTest = (session: TenantSession, text: string) => Promise<unknown>;

/** What a driver is tested with. What can be told from its manifest is not asked for. */
export interface DriverTest {
  factory: DriverFactory;
  /** Name of the version to run. Default: the manifest's default version. */
  version?: string;
  /** Image to run. Default: the manifest's for that version. */
  image?: string;
  harness: DriverHarness;
  /** Rejects when the database lets nobody in under that name and password. */
  login(login: TenantLogin): Promise<TenantSession>;
  words?: TenantWords;
  administrator?: AdministratorTest;
  configuration?: ConfigurationTest;
  /** By the name of the source. One that is missing here is looked at and not written to. */
  logs?: Readonly<Record<string, LogTest>>;
  /** Why the service's account cannot be kept from coming in from outside, where the database has no way to do so. Its password alone guards it then. */
  serviceFromOutside?: string;
  /** Of the guest whose disk is filled, MiB. Default 512. */
  diskMib?: number;
}
