import type { DriverFactory, Endpoint } from '../driver/driver.ts';
import type { ContainerSpec, ExecOptions, ExecResult } from '../runtime.ts';

/** The line between driver and database, which a test can cut. Both directions pass through it unchanged. */
export interface TestWire {
  /** Lets this many more messages of the driver through, then drops every connection, before the next message has reached the database. */
  cutAfter(messages: number): void;
  /** Whether the cut that was asked for last has happened. */
  readonly wasCut: boolean;
  /** Takes messages and passes none on, until {@link flow}. */
  stall(): void;
  /** Passes everything on again; nothing is cut any more. */
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
  /** Makes the container from the spec and starts it. */
  start(spec: ContainerSpec): Promise<void>;
  /** Waits for the database to end by itself, or as it was told to. @returns its exit code */
  ended(timeoutMs: number): Promise<number>;
  /** SIGKILL. */
  kill(): Promise<void>;
  wire: TestWire;
  /** All that a curious neighbour on the machine could read: the container's inspection and its output. */
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
}

/** What stands for agent and guest in the suite. */
export interface DriverHarness {
  guest(options: GuestOptions): Promise<TestGuest>;
}

/** A tenant's own session, made with the database's usual client. */
export interface TenantSession {
  /** Statements that every SQL database has; rows as lists of columns. */
  query(statement: string): Promise<unknown[][]>;
  end(): Promise<void>;
}

export interface TenantLogin {
  host: string;
  port: number;
  user: string;
  password: string;
  database?: string;
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

export interface DriverTest {
  factory: DriverFactory;
  /** Name of the version to run. Default: the manifest's default version. */
  version?: string;
  /** Image to run. Default: the manifest's for that version. */
  image?: string;
  harness: DriverHarness;
  /** Rejects when the database lets nobody in under that name and password. */
  login(login: TenantLogin): Promise<TenantSession>;
  administrator?: AdministratorTest;
}
