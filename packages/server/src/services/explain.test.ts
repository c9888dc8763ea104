import { describe, expect, it } from 'vitest';
import type { GuestRow } from '../store/guests.ts';
import type { InstanceRow } from '../store/instances.ts';
import type { JobRow } from '../store/jobs.ts';
import type { LedgerRow } from '../store/schema.ts';
import { CLOCK_TOLERANCE_MS } from './clock-skew.ts';
import { explain, type InstanceFacts } from './explain.ts';

const now = new Date('2026-08-01T10:00:00Z');
const ago = (seconds: number): Date => new Date(now.getTime() - seconds * 1000);

const healthy: InstanceRow = {
  id: '0b6f1c9e-7f0e-4b8e-9a51-0d0e6c2f3a44',
  projectId: 'p1',
  name: 'orders',
  createdAt: ago(3600),
  updatedAt: ago(1800),
  deletedAt: null,
  task: 'none',
  serverStatus: 'ACTIVE',
  serviceStatus: 'healthy',
  serviceDetail: null,
  serviceStatusAt: ago(3),
  flavorId: '1',
  vcpus: 1,
  ramMib: 1024,
  datastoreVersionId: 'v1',
  volumeSizeGib: 1,
  volumeUsedBytes: null,
  volumeTotalBytes: null,
  network: [],
  addresses: [],
  access: null,
  region: null,
  fault: null,
  specRevision: 1,
  serverNumber: 1,
  clockSkewMs: 2,
  configurationId: null,
  configurationName: null,
  image: null,
  logs: [],
  tlsMode: null,
  restartRequired: [],
  rejected: {},
  changeWaitsSince: null,
  datastoreName: 'paper',
  versionName: '1',
  versionNumber: '1.0',
};
const building: Partial<InstanceRow> = { task: 'building', serviceStatus: 'new', serviceStatusAt: null };

const job = (more: Partial<JobRow>): JobRow => ({
  id: 'job-1',
  seq: 1,
  kind: 'create_instance',
  instanceId: healthy.id,
  projectId: 'p1',
  input: {},
  secrets: null,
  state: 'running',
  failing: false,
  attempt: 1,
  maxAttempts: 20,
  runAt: ago(60),
  leaseOwner: 'somebody',
  leaseUntil: ago(-10),
  deadlineAt: ago(-1740),
  dedup: null,
  error: null,
  step: 'create server',
  stepSince: ago(14),
  createdAt: ago(60),
  startedAt: ago(60),
  endedAt: null,
  ...more,
});
const queued: Partial<JobRow> = { state: 'queued', leaseOwner: null, leaseUntil: null };
const refused = { code: 'cloud_unavailable', detail: 'connect ECONNREFUSED 10.0.0.7:8774' };

// Only what is looked at.
const guest = (more: Partial<GuestRow>) => ({ enrolledAt: ago(3500), ...more }) as GuestRow;
const resource = (more: Partial<LedgerRow>) =>
  ({ kind: 'server', key: healthy.id, cloudId: 'srv-7', vanishedAt: null, ...more }) as LedgerRow;

interface Story {
  instance?: Partial<InstanceRow>;
  jobs?: JobRow[];
  guest?: Partial<GuestRow>;
  resources?: LedgerRow[];
  isWorkerSeen?: boolean;
  isConductorSeen?: boolean;
}
const facts = (story: Story): InstanceFacts => ({
  now,
  instance: { ...healthy, ...story.instance },
  guest: guest(story.guest ?? {}),
  jobs: story.jobs ?? [],
  resources: story.resources ?? [resource({})],
  isWorkerSeen: story.isWorkerSeen ?? true,
  isConductorSeen: story.isConductorSeen ?? true,
});

const stories: readonly [string, Story, readonly Record<string, unknown>[]][] = [
  ['nothing is wrong', {}, [{ code: 'nothing_wrong', since: null }]],
  [
    'nothing is wrong after a job that was done',
    { jobs: [job({ ...queued, state: 'done' })] },
    [{ code: 'nothing_wrong' }],
  ],
  [
    'a step runs',
    { instance: building, jobs: [job({})] },
    [
      {
        code: 'step_running',
        since: ago(14),
        message: 'The job `create_instance` runs in its step `create server`; it has time until 2026-08-01T10:29:00Z.',
      },
    ],
  ],
  [
    'a step runs in the second try',
    { instance: building, jobs: [job({ attempt: 2, error: refused })] },
    [{ code: 'step_running', details: 'cloud_unavailable: connect ECONNREFUSED 10.0.0.7:8774 (job job-1)' }],
  ],
  [
    'what was made is taken back',
    { instance: building, jobs: [job({ failing: true, step: 'undo: delete server' })] },
    [
      {
        code: 'step_running',
        message: expect.stringContaining('was given up, and takes back what it made in its step'),
      },
    ],
  ],
  [
    'a delete stands behind a create',
    {
      instance: { task: 'deleting' },
      jobs: [job({ ...queued, id: 'job-2', seq: 2, kind: 'delete_instance', step: null, createdAt: ago(5) }), job({})],
    },
    [
      { code: 'step_running' },
      {
        code: 'queued_behind',
        since: ago(5),
        message: 'The job `delete_instance` begins when the job `create_instance` before it has ended.',
      },
    ],
  ],
  [
    'a retry is due later',
    { instance: building, jobs: [job({ ...queued, attempt: 3, runAt: ago(-8), error: refused })] },
    [
      {
        code: 'waits_for_retry',
        since: ago(14),
        message:
          'The job `create_instance` failed in its step `create server` (attempt 3 of 20) and is tried again at 2026-08-01T10:00:08Z: the cloud does not answer.',
        details: expect.stringContaining('ECONNREFUSED'),
        mend: expect.stringContaining('coffer doctor'),
      },
    ],
  ],
  [
    'a first start is due later',
    { jobs: [job({ ...queued, attempt: 0, step: null, runAt: ago(-8) })] },
    [{ code: 'not_due', message: expect.stringContaining('2026-08-01T10:00:08Z') }],
  ],
  [
    'no worker takes a job, and none shows itself',
    { instance: building, jobs: [job({ ...queued, step: null, runAt: ago(30) })], isWorkerSeen: false },
    [{ code: 'waits_for_worker', since: ago(30), mend: expect.stringContaining('coffer serve --roles worker') }],
  ],
  [
    'no worker takes a job, though there are some',
    { instance: building, jobs: [job({ ...queued, step: null, runAt: ago(30) })] },
    [{ code: 'waits_for_worker', mend: expect.stringContaining('busy') }],
  ],
  [
    'the lease ran out and no worker is there',
    { instance: building, jobs: [job({ leaseUntil: ago(40) })], isWorkerSeen: false },
    [
      {
        code: 'worker_gone',
        since: ago(40),
        message: expect.stringContaining('lost its worker in its step `create server`'),
        mend: expect.stringContaining('no worker shows itself'),
      },
    ],
  ],
  [
    'the lease ran out a moment ago',
    { instance: building, jobs: [job({ leaseUntil: ago(1) })] },
    [{ code: 'worker_gone', mend: 'a worker takes it within seconds' }],
  ],
  [
    'a create was given up',
    {
      instance: { ...building, task: 'build_error_server' },
      jobs: [
        job({ ...queued, state: 'failed', endedAt: ago(100), error: { code: 'cloud_refused', detail: 'no host' } }),
      ],
    },
    [
      {
        code: 'given_up',
        since: ago(100),
        message: 'The job `create_instance` was given up in its step `create server`: the cloud refused.',
        help: 'Delete the instance and create it again.',
        details: 'cloud_refused: no host (job job-1)',
      },
    ],
  ],
  [
    'a delete was given up',
    {
      instance: { task: 'deleting', serviceStatus: 'agent_timeout' },
      jobs: [job({ ...queued, kind: 'delete_instance', state: 'failed', error: refused })],
    },
    [{ code: 'given_up', help: expect.stringContaining('begun again within a minute') }],
  ],
  [
    'a task whose job is nowhere',
    { instance: { task: 'rebooting' } },
    [{ code: 'no_job', since: ago(1800), message: 'Its task is rebooting, and no job is at it.' }],
  ],
  [
    'the server vanished',
    { instance: { serverStatus: 'missing' }, resources: [resource({ vanishedAt: ago(200) })] },
    [{ code: 'resource_vanished', since: ago(200), details: expect.stringContaining('srv-7') }],
  ],
  ['the server is off', { instance: { serverStatus: 'SHUTOFF' } }, [{ code: 'server_down' }]],
  [
    'the guest has not spoken yet',
    { instance: building, guest: { enrolledAt: null }, jobs: [job({ step: 'await enrolment' })] },
    [{ code: 'step_running' }, { code: 'guest_not_enrolled' }],
  ],
  [
    'the guest is silent',
    {
      instance: {
        serviceStatus: 'agent_timeout',
        serviceStatusAt: ago(300),
        serviceDetail: 'No report since 2026-08-01T09:55:00Z',
      },
    },
    [{ code: 'guest_silent', since: ago(300), details: 'No report since 2026-08-01T09:55:00Z' }],
  ],
  [
    'nobody listens to the guest',
    { instance: { serviceStatusAt: ago(300) }, isConductorSeen: false },
    [{ code: 'guest_unheard', since: ago(300), mend: expect.stringContaining('coffer serve') }],
  ],
  [
    'the guest’s clock is ahead',
    { instance: { clockSkewMs: 3600_000 } },
    [{ code: 'guest_clock_off', message: expect.stringContaining('3600 s ahead') }],
  ],
  [
    'the guest’s clock is behind',
    { instance: { clockSkewMs: -CLOCK_TOLERANCE_MS - 1 } },
    [{ code: 'guest_clock_off', message: expect.stringContaining('120 s behind') }],
  ],
  ['a clock that is off by little', { instance: { clockSkewMs: CLOCK_TOLERANCE_MS } }, [{ code: 'nothing_wrong' }]],
  [
    'the database takes no connections',
    { instance: { serviceStatus: 'blocked', serviceDetail: 'Too many connections' } },
    [{ code: 'database_unhealthy', since: ago(3), details: 'Too many connections' }],
  ],
  [
    'a database that a job has shut down',
    { instance: { task: 'rebooting', serviceStatus: 'shutdown' }, jobs: [job({ kind: 'restart_instance' })] },
    [{ code: 'step_running' }],
  ],
  [
    'parameters wait for a restart',
    { instance: { task: 'restart_required', serviceStatus: 'restart_required' } },
    [{ code: 'restart_required', help: expect.stringContaining('Restart') }],
  ],
  [
    'its guest says which parameters wait for a restart',
    { instance: { restartRequired: ['a', 'b'] } },
    [{ code: 'restart_required', message: 'Parameters wait for a restart of the database: a, b.' }],
  ],
  [
    'its database did not take parameters',
    { instance: { rejected: { a: 'too large.', b: 'why' } } },
    [{ code: 'parameters_rejected', message: 'The database did not take 2 parameters: a: too large; b: why.' }],
  ],
  [
    'a change waits for a guest that did not take it',
    { instance: { changeWaitsSince: ago(60) } },
    [{ code: 'change_waits', since: ago(60), help: expect.stringContaining('guest') }],
  ],
];

describe('why an instance is as it is', () => {
  it.each(stories)('%s', (_, story, reasons) => {
    const { reasons: found } = explain(facts(story));
    expect(found).toMatchObject(reasons);
    expect(found).toHaveLength(reasons.length);
  });

  it('shows no words of an error to the owner', () => {
    for (const [, story] of stories)
      for (const { message, help } of explain(facts(story)).reasons)
        expect(`${message} ${help}`).not.toMatch(/ECONNREFUSED|no host|srv-7|job-1|Too many/);
  });

  it('shows the job that is at it, or the last one when it was given up', () => {
    const failed = job({ ...queued, state: 'failed', error: refused });
    expect(explain(facts({ jobs: [job({ id: 'job-2', seq: 2 }), failed] })).job?.id).toBe('job-2');
    expect(explain(facts({ jobs: [failed] })).job?.id).toBe('job-1');
    expect(explain(facts({ jobs: [{ ...failed, state: 'done' }, failed] })).job).toBeUndefined();
  });
});
