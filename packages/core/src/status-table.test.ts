import { describe, expect, it } from 'vitest';
import {
  type InstanceState,
  type InstanceStatus,
  instanceStatus,
  isDatabaseReady,
  mayAct,
  mayConfigure,
  mayDelete,
  type OperatingStatus,
  operatingStatus,
  type ServerState,
  type ServiceStatus,
  type Task,
} from './status.ts';

/** The tables of Trove's status model, written down once more as its rows stand there, and held to every state there is. */
const TASKS = {
  none: 'idle',
  restart_required: 'RESTART_REQUIRED',
  building: 'building',
  deleting: 'deleting',
  updating: 'hidden',
  migrating: 'hidden',
  rebooting: 'REBOOT',
  resizing: 'RESIZE',
  upgrading: 'UPGRADE',
  promoting: 'PROMOTE',
  ejecting: 'EJECT',
  logging: 'LOGGING',
  detaching: 'DETACH',
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
} as const satisfies Record<Task, InstanceStatus | 'idle' | 'building' | 'deleting' | 'hidden'>;

/** What each server state shows: while nothing is done, and while it is deleted. */
const SERVERS = {
  BUILD: ['BUILD', 'ERROR'],
  ERROR: ['ERROR', 'ERROR'],
  REBOOT: ['REBOOT', 'ERROR'],
  RESIZE: ['RESIZE', 'ERROR'],
  VERIFY_RESIZE: ['RESIZE', 'ERROR'],
  ACTIVE: ['ACTIVE', 'SHUTDOWN'],
  SHUTDOWN: ['SHUTDOWN', 'SHUTDOWN'],
  missing: ['SHUTDOWN', 'SHUTDOWN'],
  DELETED: ['UNKNOWN', 'SHUTDOWN'],
  // Two words of clouds that Trove does not know: on its way out, not an error that ends a client's wait.
  SHUTOFF: ['UNKNOWN', 'SHUTDOWN'],
  DELETING: ['UNKNOWN', 'SHUTDOWN'],
  UNKNOWN: ['UNKNOWN', 'ERROR'],
} as const satisfies Record<ServerState, readonly [InstanceStatus, InstanceStatus]>;

/** Word, whether acts are allowed, whether users, databases and root can be asked for. */
const SERVICES = {
  healthy: ['HEALTHY', true, true],
  running: ['ACTIVE', true, true],
  restart_required: ['RESTART_REQUIRED', true, false],
  shutdown: ['SHUTDOWN', true, false],
  crashed: ['SHUTDOWN', true, false],
  blocked: ['BLOCKED', true, false],
  paused: ['SHUTDOWN', false, false],
  failed_to_spawn: ['FAILED', false, false],
  building: ['BUILD', false, false],
  instance_ready: ['BUILD', false, false],
  new: ['NEW', false, false],
  unknown: ['ERROR', false, false],
  agent_timeout: ['ERROR', false, false],
  restarting: ['RESTARTING', false, false],
  upgrading: ['RESTARTING', false, false],
  promoting: ['PROMOTE', false, false],
  ejecting: ['EJECT', false, false],
  logging: ['LOGGING', false, false],
  deleted: ['DELETED', false, false],
} as const satisfies Record<ServiceStatus, readonly [OperatingStatus, boolean, boolean]>;

const keysOf = <K extends string>(table: Readonly<Record<K, unknown>>): K[] => Object.keys(table) as K[];

function* states(): Generator<Required<InstanceState>> {
  for (const task of keysOf(TASKS))
    for (const server of keysOf(SERVERS))
      for (const service of keysOf(SERVICES))
        for (const isSilent of [false, true])
          for (const hasRunningBackup of [false, true]) yield { task, server, service, isSilent, hasRunningBackup };
}

/** §3.2, first match wins. */
function statusRow({ task, server, hasRunningBackup }: Required<InstanceState>): InstanceStatus {
  const meaning = TASKS[task];
  const [shown, shownDeleting] = SERVERS[server];
  switch (meaning) {
    case 'building':
      return server === 'ERROR' ? 'ERROR' : 'BUILD';
    case 'deleting':
      return shownDeleting;
    case 'idle':
    case 'hidden':
      return hasRunningBackup ? 'BACKUP' : shown;
    default:
      return meaning;
  }
}

/** The states in which a claim does not hold, told apart; none, one hopes. */
function exceptions(claim: (state: Required<InstanceState>) => boolean): Required<InstanceState>[] {
  return [...states()].filter((state) => !claim(state));
}

describe('over all states', () => {
  it('are as many as the tables make', () => expect([...states()]).toHaveLength(26 * 12 * 19 * 2 * 2));

  it('status is the first row that matches (§3.2)', () =>
    expect(exceptions((state) => instanceStatus(state) === statusRow(state))).toEqual([]));

  it('operating_status is empty, ERROR for a silent guest, or the word of the service (§3.3, §3.4)', () =>
    expect(
      exceptions((state) => {
        const { task, server, service, isSilent } = state;
        const isShown = task === 'none' && server === 'ACTIVE';
        const word = isSilent && service !== 'restart_required' ? 'ERROR' : SERVICES[service][0];
        return operatingStatus(state) === (isShown ? word : '');
      }),
    ).toEqual([]));

  it('acts need a server, rest, a service that allows them and no backup (§3.5)', () =>
    expect(
      exceptions((state) => {
        const { task, server, service, hasRunningBackup } = state;
        const isAtRest = task === 'none' || task === 'restart_required';
        return mayAct(state) === (server === 'ACTIVE' && isAtRest && SERVICES[service][1] && !hasRunningBackup);
      }),
    ).toEqual([]));

  it('configuration needs a server and no task, a delete no build, and a look inside a database that answers (§3.5)', () =>
    expect(
      exceptions(
        (state) =>
          mayConfigure(state) === (state.server === 'ACTIVE' && state.task === 'none') &&
          mayDelete(state) === (statusRow(state) !== 'BUILD') &&
          isDatabaseReady(state.service) === SERVICES[state.service][2],
      ),
    ).toEqual([]));

  it('no word of the service is ever a status, and no state is without a word', () => {
    const inside = ['HEALTHY', 'BLOCKED', 'FAILED', 'NEW', 'RESTARTING', 'DELETED', ''];
    expect(exceptions((state) => !inside.includes(instanceStatus(state)))).toEqual([]);
  });
});
