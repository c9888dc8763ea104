export { type Client, type ClientOptions, createClient } from './api/client.ts';
export type {
  ApiVersion,
  Body,
  Database,
  Datastore,
  DatastoreVersion,
  Flavor as FlavorView,
  Health,
  Instance,
  InstanceSummary,
  Links,
  NewDatabase,
  NewInstance,
  NewUser,
  NextLinks,
  OperationId,
  Operations,
  PathParameters,
  Paths,
  QueryParameters,
  Reply,
  Schema,
  Status,
  User,
} from './api/types.ts';
export type { Broker, BrokerAccount } from './broker.ts';
export type * from './cloud.ts';
export type { Caller, Identity } from './identity.ts';
export { type LogFields, type Logger, silentLogger } from './log.ts';
export {
  isProblemCode,
  PROBLEMS,
  Problem,
  type ProblemCode,
  type ProblemJson,
  reviveProblem,
  toProblem,
} from './problem.ts';
export type * from './runtime.ts';
export type { Sealed, SecretBox } from './secrets.ts';
export {
  hasServer,
  IDLE_TASKS,
  type InstanceState,
  type InstanceStatus,
  instanceStatus,
  isDatabaseReady,
  mayAct,
  mayConfigure,
  mayDelete,
  mayRestart,
  type OperatingStatus,
  operatingStatus,
  type ServerState,
  type ServiceStatus,
  type Task,
} from './status.ts';
