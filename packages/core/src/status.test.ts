import { describe, expect, expectTypeOf, it } from 'vitest';
import type { ServerStatus } from './cloud.ts';
import {
  hasServer,
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

// The rows of Trove's status model as they stand there, held to every state there is.

type State = Required<InstanceState>;

const errorTasks = [
  'build_error_dns',
  'build_error_server',
  'build_error_volume',
  'build_error_security_group',
  'build_error_replica',
  'build_error_port',
  'build_error_timeout',
  'promotion_error',
  'ejection_error',
  'growing_error',
  'shrinking_error',
  'upgrading_error',
  'access_error',
] as const;
const tasks = [
  ...(['none', 'deleting', 'rebooting', 'resizing', 'building', 'migrating', 'restart_required'] as const),
  ...(['promoting', 'ejecting', 'logging', 'detaching', 'updating', 'upgrading'] as const),
  ...errorTasks,
];
const servers = [
  ...(['BUILD', 'ERROR', 'REBOOT', 'RESIZE', 'ACTIVE', 'SHUTDOWN', 'VERIFY_RESIZE', 'DELETED', 'UNKNOWN'] as const),
  // Not Trove's: words of clouds, and our own for a server that is not there, which counts as SHUTDOWN.
  ...(['SHUTOFF', 'DELETING', 'missing'] as const),
];

const isTask =
  (...some: readonly Task[]) =>
  ({ task }: State): boolean =>
    some.includes(task);
const isServer =
  (...some: readonly ServerState[]) =>
  ({ server }: State): boolean =>
    some.includes(server);
const both =
  (one: (state: State) => boolean, other: (state: State) => boolean) =>
  (state: State): boolean =>
    one(state) && other(state);

/** What `status` is: of the first row that matches. */
const rows: readonly [InstanceStatus, (state: State) => boolean][] = [
  ['ERROR', isTask(...errorTasks)],
  ['ERROR', both(isTask('building'), isServer('ERROR'))],
  ['BUILD', isTask('building')],
  ['REBOOT', isTask('rebooting')],
  ['RESIZE', isTask('resizing')],
  ['UPGRADE', isTask('upgrading')],
  ['RESTART_REQUIRED', isTask('restart_required')],
  ['PROMOTE', isTask('promoting')],
  ['EJECT', isTask('ejecting')],
  ['LOGGING', isTask('logging')],
  ['DETACH', isTask('detaching')],
  ['SHUTDOWN', both(isTask('deleting'), isServer('ACTIVE', 'SHUTDOWN', 'DELETED', 'missing'))],
  // On its way out, where Trove has no word: ERROR would end a client's wait for the delete.
  ['SHUTDOWN', both(isTask('deleting'), isServer('SHUTOFF', 'DELETING'))],
  ['ERROR', isTask('deleting')],
  ['BACKUP', ({ hasRunningBackup }) => hasRunningBackup],
  ['BUILD', isServer('BUILD')],
  ['ERROR', isServer('ERROR')],
  ['REBOOT', isServer('REBOOT')],
  ['RESIZE', isServer('RESIZE')],
  ['ACTIVE', isServer('ACTIVE')],
  ['SHUTDOWN', isServer('SHUTDOWN', 'missing')],
  ['RESIZE', isServer('VERIFY_RESIZE')],
  ['UNKNOWN', () => true],
];
const firstRow = (state: State): InstanceStatus | undefined => rows.find(([, matches]) => matches(state))?.[0];

/** Service status, its word, whether it allows acts, whether the database takes connections. */
const services = [
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
] as const satisfies readonly [ServiceStatus, OperatingStatus, boolean, boolean][];

it('speaks of every task, server state and service status that there is, and of what a cloud says as it is', () => {
  expectTypeOf<(typeof tasks)[number]>().toEqualTypeOf<Task>();
  expectTypeOf<(typeof servers)[number]>().toEqualTypeOf<ServerState>();
  expectTypeOf<(typeof services)[number][0]>().toEqualTypeOf<ServiceStatus>();
  expectTypeOf<ServerStatus>().toExtend<ServerState>();
  expect([tasks, servers, services].map(({ length }) => length)).toEqual([26, 12, 19]);
});

it.each(tasks)(
  'shows for task %s the first row that matches, and lets an instance be deleted that is not built',
  (task) => {
    for (const server of servers)
      for (const hasRunningBackup of [false, true]) {
        const shown = firstRow({ task, server, hasRunningBackup, service: 'healthy', isSilent: false });
        const what = `${server} ${hasRunningBackup}`;
        expect(instanceStatus({ task, server, hasRunningBackup }), what).toBe(shown);
        expect(mayDelete({ task, server, hasRunningBackup }), what).toBe(shown !== 'BUILD');
        expect(mayConfigure({ task, server }), what).toBe(task === 'none' && server === 'ACTIVE');
      }
  },
);

describe.each(services)('service status %s', (service, word, allowsActs, takesConnections) => {
  const up = { task: 'none', server: 'ACTIVE', service } as const;
  const allowsRestart = allowsActs || service === 'agent_timeout';

  it(`is shown as ${word}`, () => expect(operatingStatus(up)).toBe(word));

  it('is not shown while something is done to the instance, or its server is not up', () => {
    for (const task of tasks)
      for (const server of servers)
        for (const isSilent of [false, true])
          if (task !== 'none' || server !== 'ACTIVE')
            expect(operatingStatus({ task, server, service, isSilent }), `${task} ${server} ${isSilent}`).toBe('');
  });

  it('gives way to ERROR when the guest is silent, unless a restart is awaited', () =>
    expect(operatingStatus({ ...up, isSilent: true })).toBe(
      service === 'restart_required' ? 'RESTART_REQUIRED' : 'ERROR',
    ));

  it(`${allowsActs ? 'allows' : 'refuses'} acts and ${allowsRestart ? 'allows' : 'refuses'} a restart, which mends a silent guest too, both only at rest`, () => {
    for (const task of tasks)
      for (const server of servers)
        for (const hasRunningBackup of [false, true]) {
          const state = { task, server, service, hasRunningBackup };
          const isAtRest = isTask('none', 'restart_required')({ ...state, isSilent: false }) && server === 'ACTIVE';
          const what = `${task} ${server} ${hasRunningBackup}`;
          expect(mayAct(state), what).toBe(isAtRest && !hasRunningBackup && allowsActs);
          expect(mayRestart(state), what).toBe(isAtRest && !hasRunningBackup && allowsRestart);
        }
  });

  it(`means that the database is ${takesConnections ? '' : 'not '}ready`, () =>
    expect(isDatabaseReady(service)).toBe(takesConnections));
});

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
