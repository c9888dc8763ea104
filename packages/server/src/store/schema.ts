import type { Sealed, ServerState, ServiceStatus, Task } from '@coffer/core';
import type { DriverManifest, Settings } from '@coffer/core/driver';
import type { InstanceSpec } from '@coffer/core/rpc';
import type { ColumnType, Generated, GeneratedAlways, Selectable } from 'kysely';

/** jsonb: read as a value, written as JSON text, because `pg` would send an array as a PostgreSQL array. */
type Json<T> = ColumnType<T, string, string>;
type OptionalJson<T> = ColumnType<T | null, string | null | undefined, string | null>;
/** jsonb with a default. */
type GeneratedJson<T> = ColumnType<T, string | undefined, string>;
type Time = ColumnType<Date, Date | string, Date | string>;
type OptionalTime = ColumnType<Date | null, Date | string | null | undefined, Date | string | null>;
type CreatedAt = ColumnType<Date, Date | string | undefined, never>;

/** A failure as users read it: `details` is for administrators. */
export interface InstanceFault {
  message: string;
  /** ISO 8601. */
  created: string;
  details: string | null;
}

/** Who may reach the instance; absent members were not asked for. */
export interface InstanceAccess {
  isPublic?: boolean;
  allowedCidrs?: string[];
}

/** A network interface as the user asked for it. */
export interface NicRequest {
  networkId?: string;
  subnetId?: string;
  address?: string;
}

/** An address that clients of the database use. */
export interface InstanceAddress {
  address: string;
  type: 'private' | 'public';
  networkId?: string;
}

export interface DatastoresTable {
  id: Generated<string>;
  name: string;
  defaultVersionId: string | null;
}

export interface DatastoreVersionsTable {
  id: Generated<string>;
  datastoreId: string;
  /** Display name, e.g. `9.7`. */
  name: string;
  /** Version number, e.g. `9.7.4`. */
  number: string;
  image: string;
  registry: string | null;
  digest: string | null;
  active: boolean;
  /** The bundle that drives this version. */
  driverSha256: string;
}

export interface DriverBundlesTable {
  /** Hex, of `code`. */
  sha256: string;
  name: string;
  manifest: Json<DriverManifest>;
  code: Buffer;
  createdAt: CreatedAt;
}

export interface InstancesTable {
  id: Generated<string>;
  projectId: string;
  name: string;
  createdAt: CreatedAt;
  updatedAt: ColumnType<Date, Date | string | undefined, Date | string>;
  deletedAt: OptionalTime;
  /** Which operation runs, or the error that the last one ended with. */
  task: Generated<Task>;
  /** Status of the cloud server as last seen; null before it was asked for. */
  serverStatus: ServerState | null;
  /** What the guest last said of its database; `agent_timeout` when it went silent; null before the first report. */
  serviceStatus: ServiceStatus | null;
  serviceDetail: string | null;
  /** When the last report was taken, by the store's clock. */
  serviceStatusAt: OptionalTime;
  flavorId: string;
  vcpus: number;
  ramMib: number;
  datastoreVersionId: string;
  volumeSizeGib: number;
  volumeUsedBytes: number | null;
  volumeTotalBytes: number | null;
  network: Json<NicRequest[]>;
  addresses: Json<InstanceAddress[]>;
  access: OptionalJson<InstanceAccess>;
  region: string | null;
  fault: OptionalJson<InstanceFault>;
  /** Rises with every change of the guest's spec. */
  specRevision: Generated<number>;
  /** A small number of its own, e.g. for MySQL's server_id. */
  serverNumber: GeneratedAlways<number>;
  /** Guest's clock minus ours, ms, at the last report. */
  clockSkewMs: number | null;
  /** The group of parameters that is attached. */
  configurationId: string | null;
  /** What the guest was told to run; null where an older build made it. */
  image: OptionalJson<InstanceSpec['image']>;
  /** Names of the logs that are switched on. */
  logs: GeneratedJson<string[]>;
  /** Chosen by the user; null where nobody chose. */
  tlsMode: TlsMode | null;
  /** Parameters whose wished values wait for a restart. */
  restartRequired: GeneratedJson<string[]>;
  /** Parameters that the database did not take, with a sentence each. */
  rejected: GeneratedJson<Record<string, string>>;
  /** Since when a change waits for a guest that did not take it. */
  changeWaitsSince: OptionalTime;
}

/** Who is let in over the network: with TLS and without it, or with TLS alone. */
export type TlsMode = 'basic' | 'enforced';

/** A named set of parameters for instances of one datastore version. */
export interface ConfigurationsTable {
  id: Generated<string>;
  projectId: string;
  name: string;
  description: string | null;
  datastoreVersionId: string;
  values: Json<Settings>;
  createdAt: CreatedAt;
  updatedAt: ColumnType<Date, Date | string | undefined, Date | string>;
}

/** Authorities of the service that sign for instances; the newest does. */
export interface AuthoritiesTable {
  name: string;
  /** PEM. */
  certificate: string;
  /** PKCS #8 PEM. */
  key: Sealed;
  createdAt: CreatedAt;
}

/** Certificates of instances: the newest, and until it is in force the one before. */
export interface CertificatesTable {
  instanceId: string;
  /** SHA-256 of the certificate (DER), hexadecimal. */
  fingerprint: string;
  /** PEM. */
  certificate: string;
  /** Certificate of the authority that signed it, PEM. */
  ca: string;
  expiresAt: Time;
  /** Somebody wants another one. */
  renewalAskedAt: OptionalTime;
  createdAt: CreatedAt;
}

export interface GuestsTable {
  instanceId: string;
  /** Names the one-time token without revealing it. */
  tokenKid: string;
  token: Sealed | null;
  enrolledAt: OptionalTime;
  /** Public keys and key ids are base64url text. */
  agentPublicKey: string | null;
  serverPublicKey: string | null;
  serverSecret: Sealed | null;
  upKid: string | null;
  downKid: string | null;
  epoch: Generated<number>;
  /** The life of the agent that the last report came from, and the last number taken within it. */
  session: string | null;
  boot: number | null;
  lastNumber: number | null;
  brokerPassword: Sealed | null;
  brokerPasswordHash: string | null;
  agentBuild: string | null;
  /** Highest and lowest protocol version of the agent. */
  protocol: number | null;
  protocolMin: number | null;
  /** Sha256 of the driver bundle that its enrolment names. */
  driver: string | null;
}

export type JobState = 'queued' | 'running' | 'done' | 'failed';

/** Why an attempt or the whole job failed; for operators, never shown to users as it is. */
export interface JobError {
  code: string;
  detail: string;
}

export interface JobsTable {
  id: Generated<string>;
  seq: GeneratedAlways<number>;
  kind: string;
  instanceId: string | null;
  projectId: string | null;
  input: Json<unknown>;
  /** By name; null from the moment that the job ends. */
  secrets: OptionalJson<Record<string, Sealed>>;
  state: Generated<JobState>;
  /** Set once the job is given up: from then on only its compensation runs. */
  failing: Generated<boolean>;
  attempt: Generated<number>;
  maxAttempts: number | null;
  runAt: ColumnType<Date, Date | string | undefined, Date | string>;
  leaseOwner: string | null;
  leaseUntil: OptionalTime;
  /** Set when the job first starts. */
  deadlineAt: OptionalTime;
  /** At most one job with this text is queued or running. */
  dedup: string | null;
  error: OptionalJson<JobError>;
  /** The step that runs, or that ran last, and when it began. */
  step: string | null;
  stepSince: OptionalTime;
  createdAt: CreatedAt;
  startedAt: OptionalTime;
  endedAt: OptionalTime;
}

export interface JobStepsTable {
  jobId: string;
  name: string;
  result: OptionalJson<unknown>;
  startedAt: Time;
  endedAt: Time;
}

/** `intended`: may exist; `present`: the cloud acknowledged it; `deleting`: to be removed. Gone means no row. */
export type LedgerState = 'intended' | 'present' | 'deleting';

export interface LedgerTable {
  id: Generated<string>;
  /** `server`, `volume`, `port`, `account`. */
  kind: string;
  /** Idempotency key, unique within the kind; also the resource's name or tag with the cloud. */
  key: string;
  instanceId: string | null;
  projectId: string | null;
  cloudId: string | null;
  state: LedgerState;
  createdAt: CreatedAt;
  /** When it was marked for deletion. */
  markedAt: OptionalTime;
  /** When the cloud was last asked to create it: what it made late must have appeared before it is made again. */
  askedAt: OptionalTime;
  /** When the reconciler noticed that the cloud has it no more. */
  vanishedAt: OptionalTime;
}

export interface QuotasTable {
  projectId: string;
  resource: string;
  /** -1: no limit. */
  limit: number;
}

export interface UsageTable {
  projectId: string;
  resource: string;
  inUse: number;
}

/** Who among the server copies does what only one should do. */
export interface LeadersTable {
  name: string;
  owner: string;
  until: Time;
}

/** Who last enabled root in an instance; no row where nobody ever did. */
export interface RootHistoryTable {
  instanceId: string;
  enabledAt: Time;
  userId: string;
}

export interface Schema {
  datastores: DatastoresTable;
  datastoreVersions: DatastoreVersionsTable;
  driverBundles: DriverBundlesTable;
  instances: InstancesTable;
  guests: GuestsTable;
  jobs: JobsTable;
  jobSteps: JobStepsTable;
  ledger: LedgerTable;
  quotas: QuotasTable;
  usage: UsageTable;
  leaders: LeadersTable;
  rootHistory: RootHistoryTable;
  configurations: ConfigurationsTable;
  authorities: AuthoritiesTable;
  certificates: CertificatesTable;
}

export type DatastoreRow = Selectable<DatastoresTable>;
export type DatastoreVersionRow = Selectable<DatastoreVersionsTable>;
export type LedgerRow = Selectable<LedgerTable>;
