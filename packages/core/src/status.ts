/**
 * What an instance's two status words are, and what may be done to it: pure functions of what is being done to it (task),
 * what its guest last said (service), and what the cloud says of its server.
 */

/** What is being done to an instance, or how the last thing that was done to it failed for good. */
export type Task = keyof typeof TASK;

/** What the cloud says of the server; `missing` when it has none. Takes every word of the cloud interface. */
export type ServerState =
  | 'BUILD'
  | 'ACTIVE'
  | 'REBOOT'
  | 'RESIZE'
  | 'VERIFY_RESIZE'
  | 'SHUTDOWN'
  | 'SHUTOFF'
  | 'DELETING'
  | 'DELETED'
  | 'ERROR'
  | 'UNKNOWN'
  | 'missing';

/** What the guest last said of its database. The first two mean that it takes connections. */
export type ServiceStatus =
  | 'healthy'
  | 'running'
  | 'restart_required'
  | 'shutdown'
  | 'crashed'
  | 'blocked'
  | 'paused'
  | 'failed_to_spawn'
  | 'building'
  | 'instance_ready'
  | 'new'
  | 'unknown'
  | 'agent_timeout'
  | 'restarting'
  | 'upgrading'
  | 'promoting'
  | 'ejecting'
  | 'logging'
  | 'deleted';

/** The `status` of an instance on the wire. */
export type InstanceStatus =
  | 'BUILD'
  | 'ACTIVE'
  | 'REBOOT'
  | 'RESIZE'
  | 'UPGRADE'
  | 'RESTART_REQUIRED'
  | 'PROMOTE'
  | 'EJECT'
  | 'DETACH'
  | 'LOGGING'
  | 'BACKUP'
  | 'SHUTDOWN'
  | 'ERROR'
  | 'UNKNOWN';

/** The `operating_status` of an instance on the wire. */
export type OperatingStatus =
  | ''
  | 'HEALTHY'
  | 'ACTIVE'
  | 'RESTART_REQUIRED'
  | 'SHUTDOWN'
  | 'BLOCKED'
  | 'FAILED'
  | 'BUILD'
  | 'NEW'
  | 'ERROR'
  | 'RESTARTING'
  | 'PROMOTE'
  | 'EJECT'
  | 'LOGGING'
  | 'DELETED';

export interface InstanceState {
  task: Task;
  /** What the cloud last said of the server. */
  server: ServerState;
  /** What the last report said of the database; `new` before the first. */
  service: ServiceStatus;
  /** Whether reports have been missing for longer than the service tolerates. Default: false. */
  isSilent?: boolean;
  /** Whether a backup of the instance is being made. Default: false. */
  hasRunningBackup?: boolean;
}

/** The `status` that a task means whatever its server does; undefined where the server has a say. */
const TASK = {
  none: undefined,
  building: undefined,
  rebooting: 'REBOOT',
  resizing: 'RESIZE',
  upgrading: 'UPGRADE',
  restart_required: 'RESTART_REQUIRED',
  promoting: 'PROMOTE',
  ejecting: 'EJECT',
  logging: 'LOGGING',
  detaching: 'DETACH',
  updating: undefined,
  migrating: undefined,
  deleting: undefined,
  build_error_dns: 'ERROR',
  build_error_server: 'ERROR',
  build_error_volume: 'ERROR',
  build_error_security_group: 'ERROR',
  build_error_replica: 'ERROR',
  build_error_port: 'ERROR',
  build_error_timeout: 'ERROR',
  promotion_error: 'ERROR',
  ejection_error: 'ERROR',
  growing_error: 'ERROR',
  shrinking_error: 'ERROR',
  upgrading_error: 'ERROR',
  access_error: 'ERROR',
} as const satisfies Record<string, InstanceStatus | undefined>;

interface ServiceMeaning {
  word: OperatingStatus;
  /** Whether operations on the whole instance may begin. */
  mayAct: boolean;
}

const SERVICE = {
  healthy: { word: 'HEALTHY', mayAct: true },
  running: { word: 'ACTIVE', mayAct: true },
  restart_required: { word: 'RESTART_REQUIRED', mayAct: true },
  shutdown: { word: 'SHUTDOWN', mayAct: true },
  crashed: { word: 'SHUTDOWN', mayAct: true },
  blocked: { word: 'BLOCKED', mayAct: true },
  paused: { word: 'SHUTDOWN', mayAct: false },
  failed_to_spawn: { word: 'FAILED', mayAct: false },
  building: { word: 'BUILD', mayAct: false },
  instance_ready: { word: 'BUILD', mayAct: false },
  new: { word: 'NEW', mayAct: false },
  unknown: { word: 'ERROR', mayAct: false },
  agent_timeout: { word: 'ERROR', mayAct: false },
  restarting: { word: 'RESTARTING', mayAct: false },
  upgrading: { word: 'RESTARTING', mayAct: false },
  promoting: { word: 'PROMOTE', mayAct: false },
  ejecting: { word: 'EJECT', mayAct: false },
  logging: { word: 'LOGGING', mayAct: false },
  deleted: { word: 'DELETED', mayAct: false },
} as const satisfies Record<ServiceStatus, ServiceMeaning>;

const SERVER = {
  BUILD: 'BUILD',
  ACTIVE: 'ACTIVE',
  REBOOT: 'REBOOT',
  RESIZE: 'RESIZE',
  VERIFY_RESIZE: 'RESIZE',
  SHUTDOWN: 'SHUTDOWN',
  ERROR: 'ERROR',
  missing: 'SHUTDOWN',
  // Outside a delete, these are nothing that a client could name.
  SHUTOFF: 'UNKNOWN',
  DELETING: 'UNKNOWN',
  DELETED: 'UNKNOWN',
  UNKNOWN: 'UNKNOWN',
} as const satisfies Record<ServerState, InstanceStatus>;

/**
 * What a server passes through on its way out. Trove has not the two words in the middle; clients that wait for a delete
 * give up when they see ERROR, so a server that is only stopped must not show it.
 */
const SEEN_IN_DELETES: readonly ServerState[] = ['ACTIVE', 'SHUTDOWN', 'SHUTOFF', 'DELETING', 'DELETED', 'missing'];

/** The `status` word. */
export function instanceStatus(state: Pick<InstanceState, 'task' | 'server' | 'hasRunningBackup'>): InstanceStatus {
  const { task, server } = state;
  const fixed = TASK[task];
  if (fixed) return fixed;
  if (task === 'building') return server === 'ERROR' ? 'ERROR' : 'BUILD';
  if (task === 'deleting') return SEEN_IN_DELETES.includes(server) ? 'SHUTDOWN' : 'ERROR';
  return state.hasRunningBackup ? 'BACKUP' : SERVER[server];
}

/**
 * The `operating_status` word: empty while anything is done to the instance or its server is not up. A silent guest shows
 * as ERROR, unless it waits for a restart, which silence does not undo.
 */
export function operatingStatus(
  state: Pick<InstanceState, 'task' | 'server' | 'service' | 'isSilent'>,
): OperatingStatus {
  if (state.task !== 'none' || state.server !== 'ACTIVE') return '';
  if (state.isSilent && state.service !== 'restart_required') return 'ERROR';
  return SERVICE[state.service].word;
}

type ActingState = Pick<InstanceState, 'task' | 'server' | 'service' | 'hasRunningBackup'>;

/** Tasks from which an operation on the whole instance may begin. */
export const IDLE_TASKS = ['none', 'restart_required'] as const satisfies readonly Task[];

function isAtRest({ task, server, hasRunningBackup }: ActingState): boolean {
  return server === 'ACTIVE' && IDLE_TASKS.some((idle) => idle === task) && !hasRunningBackup;
}

/** Whether an operation on the whole instance (resize, promote, backup, …) may begin; 422 otherwise. */
export function mayAct(state: ActingState): boolean {
  return isAtRest(state) && SERVICE[state.service].mayAct;
}

/** Whether the instance may be restarted: as {@link mayAct}, and with a silent guest, which it mends; 422 otherwise. */
export function mayRestart(state: ActingState): boolean {
  return mayAct(state) || (isAtRest(state) && state.service === 'agent_timeout');
}

/** Whether a configuration group may be attached or detached; 400 otherwise. */
export function mayConfigure(state: Pick<InstanceState, 'task' | 'server'>): boolean {
  return state.server === 'ACTIVE' && state.task === 'none';
}

/** Whether the instance may be deleted, which a delete under way does not hinder; 422 otherwise. */
export function mayDelete(state: Pick<InstanceState, 'task' | 'server' | 'hasRunningBackup'>): boolean {
  return instanceStatus(state) !== 'BUILD';
}

/** Whether there is a server that the guest runs on; what needs the guest or the server is refused with 422 otherwise. */
export function hasServer(server: ServerState): boolean {
  return server !== 'missing' && server !== 'DELETED';
}

/** Whether users, databases and root can be asked for; 422 otherwise. Does not look at the task. */
export function isDatabaseReady(service: ServiceStatus): boolean {
  return service === 'healthy' || service === 'running';
}
