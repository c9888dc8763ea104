import type {
  DatabaseSpec,
  Page,
  PageRequest,
  UserAlteration,
  UserInfo,
  UserName,
  UserSpec,
} from '../driver/driver.ts';
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
  settings: Record<string, string | number | boolean>;
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
  volume?: { usedBytes: number; totalBytes: number };
  memory?: { agentRssBytes: number };
  /** The guest's clock, ms since 1970: to show a clock that is off, never to judge freshness. */
  clockMs: number;
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
