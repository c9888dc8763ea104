import { describe, expect, expectTypeOf, it } from 'vitest';
import type { ServerStatus } from './cloud.ts';
import {
  hasServer,
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

const servers: readonly ServerState[] = [
  'BUILD',
  'ACTIVE',
  'REBOOT',
  'RESIZE',
  'VERIFY_RESIZE',
  'SHUTDOWN',
  'SHUTOFF',
  'DELETING',
  'DELETED',
  'ERROR',
  'UNKNOWN',
  'missing',
];

describe('status', () => {
  /** Tasks that decide alone, whatever the server and its backups do. */
  const alone: readonly [Task, InstanceStatus][] = [
    ['build_error_dns', 'ERROR'],
    ['build_error_server', 'ERROR'],
    ['build_error_volume', 'ERROR'],
    ['build_error_security_group', 'ERROR'],
    ['build_error_replica', 'ERROR'],
    ['build_error_port', 'ERROR'],
    ['build_error_timeout', 'ERROR'],
    ['promotion_error', 'ERROR'],
    ['ejection_error', 'ERROR'],
    ['growing_error', 'ERROR'],
    ['shrinking_error', 'ERROR'],
    ['upgrading_error', 'ERROR'],
    ['access_error', 'ERROR'],
    ['rebooting', 'REBOOT'],
    ['resizing', 'RESIZE'],
    ['upgrading', 'UPGRADE'],
    ['restart_required', 'RESTART_REQUIRED'],
    ['promoting', 'PROMOTE'],
    ['ejecting', 'EJECT'],
    ['logging', 'LOGGING'],
    ['detaching', 'DETACH'],
  ];
  it.each(alone)('is for task %s always %s', (task, status) => {
    for (const server of servers)
      for (const hasRunningBackup of [false, true])
        expect(instanceStatus({ task, server, hasRunningBackup }), server).toBe(status);
  });

  it('is BUILD while building, unless the server failed', () => {
    for (const server of servers)
      expect(instanceStatus({ task: 'building', server }), server).toBe(server === 'ERROR' ? 'ERROR' : 'BUILD');
  });

  it('is SHUTDOWN while deleting a server that is up, stopped or gone, and ERROR otherwise', () => {
    const good: readonly ServerState[] = ['ACTIVE', 'SHUTDOWN', 'SHUTOFF', 'DELETING', 'DELETED', 'missing'];
    for (const server of servers)
      for (const hasRunningBackup of [false, true])
        expect(instanceStatus({ task: 'deleting', server, hasRunningBackup }), server).toBe(
          good.includes(server) ? 'SHUTDOWN' : 'ERROR',
        );
  });

  const words: readonly [ServerState, InstanceStatus][] = [
    ['BUILD', 'BUILD'],
    ['ERROR', 'ERROR'],
    ['REBOOT', 'REBOOT'],
    ['RESIZE', 'RESIZE'],
    ['ACTIVE', 'ACTIVE'],
    ['SHUTDOWN', 'SHUTDOWN'],
    ['missing', 'SHUTDOWN'],
    ['VERIFY_RESIZE', 'RESIZE'],
    ['DELETED', 'UNKNOWN'],
    ['SHUTOFF', 'UNKNOWN'],
    ['DELETING', 'UNKNOWN'],
    ['UNKNOWN', 'UNKNOWN'],
  ];
  it.each(['none', 'migrating', 'updating'] as const)('is for task %s BACKUP or the word of the server', (task) => {
    expect(words.map(([server]) => server).toSorted()).toEqual(servers.toSorted());
    for (const [server, status] of words) {
      expect(instanceStatus({ task, server }), server).toBe(status);
      expect(instanceStatus({ task, server, hasRunningBackup: true }), server).toBe('BACKUP');
    }
  });
});

/** Service status, its word, whether it allows acts, whether the database takes connections. */
const services: readonly [ServiceStatus, OperatingStatus, boolean, boolean][] = [
  ['healthy', 'HEALTHY', true, true],
  ['running', 'ACTIVE', true, true],
  ['restart_required', 'RESTART_REQUIRED', true, false],
  ['shutdown', 'SHUTDOWN', true, false],
  ['crashed', 'SHUTDOWN', true, false],
  ['blocked', 'BLOCKED', true, false],
  ['paused', 'SHUTDOWN', false, false],
  ['failed_to_spawn', 'FAILED', false, false],
  ['building', 'BUILD', false, false],
  ['instance_ready', 'BUILD', false, false],
  ['new', 'NEW', false, false],
  ['unknown', 'ERROR', false, false],
  ['agent_timeout', 'ERROR', false, false],
  ['restarting', 'RESTARTING', false, false],
  ['upgrading', 'RESTARTING', false, false],
  ['promoting', 'PROMOTE', false, false],
  ['ejecting', 'EJECT', false, false],
  ['logging', 'LOGGING', false, false],
  ['deleted', 'DELETED', false, false],
];

describe.each(services)('service status %s', (service, word, allowsActs, takesConnections) => {
  const up = { task: 'none', server: 'ACTIVE', service } as const;

  it(`is shown as ${word}`, () => expect(operatingStatus(up)).toBe(word));

  it('is not shown while something is done to the instance, or its server is not up', () => {
    for (const task of [
      'building',
      'updating',
      'migrating',
      'restart_required',
      'deleting',
      'build_error_port',
    ] as const)
      expect(operatingStatus({ ...up, task }), task).toBe('');
    for (const server of servers.filter((name) => name !== 'ACTIVE'))
      expect(operatingStatus({ ...up, server }), server).toBe('');
  });

  it('gives way to ERROR when the guest is silent, unless a restart is awaited', () => {
    expect(operatingStatus({ ...up, isSilent: true })).toBe(
      service === 'restart_required' ? 'RESTART_REQUIRED' : 'ERROR',
    );
    expect(operatingStatus({ ...up, task: 'building', isSilent: true })).toBe('');
  });

  it(`${allowsActs ? 'allows' : 'refuses'} acts, and only on an idle instance without a backup under way`, () => {
    expect(mayAct(up)).toBe(allowsActs);
    expect(mayAct({ ...up, task: 'restart_required' })).toBe(allowsActs);
    expect(mayAct({ ...up, hasRunningBackup: true })).toBe(false);
    for (const server of servers.filter((name) => name !== 'ACTIVE'))
      expect(mayAct({ ...up, server }), server).toBe(false);
    for (const task of ['building', 'rebooting', 'updating', 'migrating', 'deleting', 'build_error_port'] as const)
      expect(mayAct({ ...up, task }), task).toBe(false);
  });

  it(`${allowsActs || service === 'agent_timeout' ? 'allows' : 'refuses'} a restart, which mends a silent guest too`, () => {
    const allowsRestart = allowsActs || service === 'agent_timeout';
    expect(mayRestart(up)).toBe(allowsRestart);
    expect(mayRestart({ ...up, task: 'restart_required' })).toBe(allowsRestart);
    expect(mayRestart({ ...up, task: 'rebooting' })).toBe(false);
    expect(mayRestart({ ...up, server: 'SHUTOFF' })).toBe(false);
    expect(mayRestart({ ...up, hasRunningBackup: true })).toBe(false);
  });

  it(`means that the database is ${takesConnections ? '' : 'not '}ready`, () =>
    expect(isDatabaseReady(service)).toBe(takesConnections));
});

it('takes what a cloud says as it is', () => expectTypeOf<ServerStatus>().toExtend<ServerState>());

describe('gates by visible status', () => {
  const healthy = { server: 'ACTIVE', service: 'healthy' } as const;
  /** What is shown, how it came about, and whether to act, to configure, to delete. */
  const gates: readonly [InstanceStatus, Parameters<typeof mayAct>[0], boolean, boolean, boolean][] = [
    ['BUILD', { task: 'building', server: 'ACTIVE', service: 'building' }, false, false, false],
    ['BUILD', { task: 'building', server: 'missing', service: 'new' }, false, false, false],
    ['ACTIVE', { ...healthy, task: 'none' }, true, true, true],
    ['RESTART_REQUIRED', { ...healthy, task: 'restart_required' }, true, false, true],
    ['BACKUP', { ...healthy, task: 'none', hasRunningBackup: true }, false, true, true],
    ['REBOOT', { ...healthy, task: 'rebooting' }, false, false, true],
    ['RESIZE', { ...healthy, task: 'resizing' }, false, false, true],
    ['UPGRADE', { ...healthy, task: 'upgrading' }, false, false, true],
    ['PROMOTE', { ...healthy, task: 'promoting' }, false, false, true],
    ['EJECT', { ...healthy, task: 'ejecting' }, false, false, true],
    ['DETACH', { ...healthy, task: 'detaching' }, false, false, true],
    ['SHUTDOWN', { ...healthy, task: 'deleting' }, false, false, true],
    ['SHUTDOWN', { task: 'none', server: 'missing', service: 'shutdown' }, false, false, true],
    ['ERROR', { ...healthy, task: 'build_error_volume' }, false, false, true],
  ];
  it.each(gates)('%s from %o', (status, state, act, configure, remove) => {
    expect(instanceStatus(state)).toBe(status);
    expect({ act: mayAct(state), configure: mayConfigure(state), remove: mayDelete(state) }).toEqual({
      act,
      configure,
      remove,
    });
  });

  it('knows a server until the cloud has none', () => {
    for (const server of servers) expect(hasServer(server), server).toBe(server !== 'missing' && server !== 'DELETED');
  });
});
