import type { ParameterOutcome, ParameterValue } from '../driver/configuration.ts';
import type { DatabaseSpec } from '../driver/databases.ts';
import type { DatabaseMetrics } from '../driver/metrics.ts';
import type { Page, PageRequest } from '../driver/page.ts';
import type { TlsStatus } from '../driver/tls.ts';
import type { UserAlteration, UserInfo, UserName, UserSpec } from '../driver/users.ts';
import type { ServiceStatus } from '../status.ts';

/** What a guest is to be: stored by the agent with mode 0600, so that a restart needs nobody. */
export interface InstanceSpec {
  instanceId: string;
  /** Rises with every change; an older spec is refused. */
  revision: number;
  datastore: string;
  version: { name: string; number: string };
  image: {
    reference: string;
    registry?: string;
    digest?: string;
    credentials?: { username: string; password: string };
  };
  /** Parameters in force: sizing by flavor, then overrides. */
  settings: Record<string, ParameterValue>;
  /** Logs that are switched on, by name. */
  logs?: string[];
  /** The certificate of the key that `tls_request` named, and who is to be let in. The key itself never leaves the guest. */
  tls?: { ca: string; certificate: string; isRequired: boolean };
  memoryMib: number;
  vcpus: number;
  /** The data volume's device as the cloud attached it. */
  volume: { device: string; sizeGib: number };
  /** The tenant's interface, found by its address, never by its name. */
  network: { address: string; prefixLength: number; gateway?: string };
  /** Small number of this server in its replica set. */
  serverId: number;
}

/** Health of the database as the guest reports it: those words of the status table that a guest may say of itself. */
export type GuestState = Extract<
  ServiceStatus,
  'new' | 'building' | 'healthy' | 'running' | 'restarting' | 'shutdown' | 'crashed' | 'blocked' | 'failed_to_spawn'
>;

/** A numbered report, every few seconds and at once on change. */
export interface GuestReport {
  state: GuestState;
  /** Why, in a sentence, when the state is not a good one. */
  detail?: string;
  agentBuild: string;
  protocol: number;
  /** Sha256 of the driver bundle in use, once it is there. */
  driver?: string;
  /** Revision of the spec that is in force. */
  revision?: number;
  /** Parameters whose wished values wait for a restart. */
  restartRequired?: string[];
  /** Parameters that the database did not take, and why, in a sentence each. */
  rejected?: Record<string, string>;
  volume?: { usedBytes: number; totalBytes: number };
  memory?: { agentRssBytes: number };
  /** The guest's clock, ms since 1970: to show a clock that is off, never to judge freshness. */
  clockMs: number;
}

/** One log, as the guest has it. */
export interface LogState {
  name: string;
  isEnabled: boolean;
  /** Whether it can be switched, or is always written. */
  isSwitchable: boolean;
  /** Of the file that is being written; 0 for what is kept by the container engine. */
  sizeBytes: number;
}

export interface GuestMetrics {
  database: DatabaseMetrics;
  volume: { usedBytes: number; totalBytes: number };
}

/** Calls of the control plane to the guest: name, parameters, result. snake_case on the wire. */
export interface GuestMethods {
  /** From a blank guest to a serving database with its first databases and users. Repeatable; joins work in progress. */
  prepare: {
    params: { spec: InstanceSpec; databases: DatabaseSpec[]; users: UserSpec[] };
    result: { state: GuestState };
  };
  status: { params: Record<string, never>; result: GuestReport };
  /**
   * Ends the database, gently first, and starts it again; answers when it serves, or is up and blocked. Under one
   * operation id it is ended once. `not_ready`, saying how far it is, when that takes longer than `answerWithinMs`: ask
   * again under the same id.
   */
  restart: { params: { answerWithinMs: number }; result: { state: GuestState } };
  /**
   * A new desired state in which only settings, logs and TLS differ: put into the running database as far as it takes them
   * without a restart, and into its files for the next start. Answers when that is done, and stays good when it is not asked for
   * again. Repeatable. One outcome for each parameter that differs, those that switch logs among them; parameters with which the
   * database did not come up are rejected, and it serves with what it had. `conflict` when anything else differs.
   */
  configure: { params: { spec: InstanceSpec }; result: { outcomes: Record<string, ParameterOutcome> } };
  /** What is in force, by the running database itself; names it does not know are left out. */
  configuration_read: { params: { names: string[] }; result: { values: Record<string, ParameterValue> } };
  log_list: { params: Record<string, never>; result: { logs: LogState[] } };
  /** The last lines, oldest first, at most 256 KiB of them; `isCut` when that made them fewer than were asked for. */
  log_tail: { params: { name: string; lines: number }; result: { lines: string[]; isCut: boolean } };
  /**
   * A new key pair, made and kept in the guest until a certificate for it is in force or another pair is asked for. Before
   * `prepare`, too. One operation id, one pair. @returns the public key, SPKI PEM
   */
  tls_request: { params: Record<string, never>; result: { publicKey: string } };
  tls_status: { params: Record<string, never>; result: TlsStatus };
  metrics_read: { params: Record<string, never>; result: GuestMetrics };
  database_list: { params: PageRequest; result: Page<{ name: string }> };
  database_create: { params: { databases: DatabaseSpec[] }; result: Record<string, never> };
  database_drop: { params: { name: string }; result: { outcome: 'dropped' | 'missing' } };
  user_list: { params: PageRequest; result: Page<UserInfo> };
  user_create: { params: { users: UserSpec[] }; result: Record<string, never> };
  user_get: { params: UserName; result: { user?: UserInfo } };
  /** All or, where a user is missing, none. */
  user_alter: { params: { users: UserAlteration[] }; result: Record<string, never> };
  user_grant: { params: { user: UserName; databases: string[] }; result: Record<string, never> };
  user_revoke: { params: { user: UserName; database: string }; result: { outcome: 'revoked' | 'missing' } };
  user_drop: { params: UserName; result: { outcome: 'dropped' | 'missing' } };
  root_status: { params: Record<string, never>; result: { state: 'enabled' | 'disabled' } };
  root_enable: { params: { password: string }; result: Record<string, never> };
  root_disable: { params: Record<string, never>; result: { outcome: 'disabled' | 'missing' } };
}

/** Questions of the guest to the control plane. Any server copy may answer; all are safe to repeat. */
export interface ControlMethods {
  /** One chunk of the driver bundle named in the enrolment data. */
  driver_chunk: { params: { sha256: string; offset: number }; result: { base64: string; totalBytes: number } };
}

export type GuestMethod = keyof GuestMethods;
export type ControlMethod = keyof ControlMethods;

/** What the cloud's user data carries to a new guest, as JSON. The token and the broker password are its only secrets. */
export interface EnrolmentData {
  version: 1;
  instanceId: string;
  /** 32 random bytes, base64url; worthless once the guest has enrolled. */
  token: string;
  broker: { host: string; port: number; username: string; password: string; ca?: string };
  driver: { name: string; sha256: string };
  /** The database's image: got ready while the guest enrols. The order that `prepare` gives is what counts. */
  image?: InstanceSpec['image'];
  /** Interval of reports, ms. */
  reportIntervalMs: number;
}
