import { IDLE_TASKS, isProblemCode, PROBLEMS } from '@coffer/core';
import type { GuestRow } from '../store/guests.ts';
import type { InstanceRow } from '../store/instances.ts';
import type { JobRow } from '../store/jobs.ts';
import type { LedgerRow } from '../store/schema.ts';
import { clockOff } from './clock-skew.ts';
import { rejectedSentence } from './rejected.ts';

/** What one moment of the store says about an instance and about who could work on it. */
export interface InstanceFacts {
  /** By the store's clock, as every time here. */
  now: Date;
  instance: InstanceRow;
  guest: GuestRow | undefined;
  /** Newest first. */
  jobs: readonly JobRow[];
  resources: readonly LedgerRow[];
  /** Whether some worker holds a lease, on whatever job. */
  isWorkerSeen: boolean;
  /** Whether some conductor leads. */
  isConductorSeen: boolean;
}

export type ReasonCode =
  | 'queued_behind'
  | 'not_due'
  | 'waits_for_worker'
  | 'worker_gone'
  | 'step_running'
  | 'waits_for_retry'
  | 'no_job'
  | 'given_up'
  | 'resource_vanished'
  | 'server_down'
  | 'guest_not_enrolled'
  | 'guest_silent'
  | 'guest_unheard'
  | 'guest_clock_off'
  | 'database_unhealthy'
  | 'restart_required'
  | 'parameters_rejected'
  | 'change_waits'
  | 'nothing_wrong';

/** One thing that explains the state of an instance. `message` and `help` are for its owner, `details` and `mend` for operators. */
export interface Reason {
  code: ReasonCode;
  message: string;
  since: Date | null;
  /** What the owner can do; absent where there is nothing to do but wait. */
  help?: string;
  /** The words of an error. */
  details?: string;
  /** What an operator does, with the command. */
  mend?: string;
}

export interface Explanation {
  /** The job that runs or waits, else the last one if it was given up. */
  job: JobRow | undefined;
  /** At least one, the weightiest first. */
  reasons: Reason[];
}

/** A guest that reports every few seconds and was not heard for so long is silent, or nobody listens. */
const UNHEARD_MS = 60_000;

const SEE_LOG = 'see the log of the server for the job’s id, and `coffer doctor` for its parts';
const START_WORKER = 'start one: `coffer serve --roles worker`, or without --roles for all roles';

/** What a database that does not serve says of itself. */
const UNHEALTHY: Partial<Record<NonNullable<InstanceRow['serviceStatus']>, string>> = {
  crashed: 'Its database ended by itself; the guest starts it again.',
  blocked: 'Its database runs and takes no connections.',
  failed_to_spawn: 'Its database cannot be started.',
  shutdown: 'Its database is shut down.',
  paused: 'Its database is paused.',
  unknown: 'Its guest cannot tell how the database is.',
};

const at = (time: Date): string => `${time.toISOString().slice(0, 19)}Z`;
const named = ({ kind }: JobRow): string => `The job \`${kind}\``;
const wordsOf = (job: JobRow): { details: string } | undefined =>
  job.error ? { details: `${job.error.code}: ${job.error.detail} (job ${job.id})` } : undefined;

/** What a problem's code means, for who must not see its words. */
export const titleOf = (code: string): string => (isProblemCode(code) ? PROBLEMS[code].title : PROBLEMS.internal.title);

const why = (job: JobRow): string => (job.error ? `: ${titleOf(job.error.code).toLowerCase()}` : '');
const inStep = ({ step }: JobRow): string => (step === null ? '' : ` in its step \`${step}\``);

/** What the job that is first in line waits for or does. */
function ofJob({ now, isWorkerSeen }: InstanceFacts, job: JobRow): Reason {
  const attempt = `attempt ${job.attempt}${job.maxAttempts === null ? '' : ` of ${job.maxAttempts}`}`;
  if (job.state === 'running' && job.leaseUntil !== null && job.leaseUntil < now) {
    return {
      code: 'worker_gone',
      message: `${named(job)} lost its worker${inStep(job)} and waits for another to go on with it.`,
      since: job.leaseUntil,
      mend: isWorkerSeen ? 'a worker takes it within seconds' : `no worker shows itself; ${START_WORKER}`,
    };
  }
  if (job.state === 'running') {
    const doing = job.failing ? 'was given up, and takes back what it made' : 'runs';
    return {
      code: 'step_running',
      message: `${named(job)} ${doing}${inStep(job)}${job.deadlineAt ? `; it has time until ${at(job.deadlineAt)}` : ''}.`,
      since: job.stepSince ?? job.startedAt,
      ...wordsOf(job),
    };
  }
  if (job.runAt > now && job.error) {
    const what = job.failing ? 'takes back what it made, failed with it' : 'failed';
    return {
      code: 'waits_for_retry',
      message: `${named(job)} ${what}${inStep(job)} (${attempt}) and is tried again at ${at(job.runAt)}${why(job)}.`,
      since: job.stepSince ?? job.createdAt,
      mend: SEE_LOG,
      ...wordsOf(job),
    };
  }
  if (job.runAt > now) {
    return {
      code: 'not_due',
      message: `${named(job)} is to be started at ${at(job.runAt)}.`,
      since: job.createdAt,
      ...wordsOf(job),
    };
  }
  return {
    code: 'waits_for_worker',
    message: `${named(job)} waits for a worker.`,
    since: job.runAt,
    mend: isWorkerSeen
      ? 'the workers are busy, or of a build that does not know this job; start another copy of this build'
      : `no worker shows itself; ${START_WORKER}`,
    ...wordsOf(job),
  };
}

/** Those behind the first: one operation on an instance at a time. */
function ofQueue(first: JobRow, others: readonly JobRow[]): Reason[] {
  return others.map((job) => ({
    code: 'queued_behind',
    message: `${named(job)} begins when the job \`${first.kind}\` before it has ended.`,
    since: job.createdAt,
  }));
}

function ofLastFailure(job: JobRow, instance: InstanceRow): Reason {
  const help =
    job.kind === 'create_instance'
      ? { help: 'Delete the instance and create it again.' }
      : instance.task === 'deleting'
        ? { help: 'It is begun again within a minute; or delete it once more.' }
        : { help: 'Ask for it again.' };
  return {
    code: 'given_up',
    message: `${named(job)} was given up${inStep(job)}${why(job)}.`,
    since: job.endedAt,
    ...help,
    mend: SEE_LOG,
    ...wordsOf(job),
  };
}

function ofCloud({ instance, resources }: InstanceFacts, isBusy: boolean): Reason[] {
  const gone = resources.filter(({ vanishedAt }) => vanishedAt !== null);
  const reasons: Reason[] = gone.map(({ kind, key, cloudId, vanishedAt }) => ({
    code: 'resource_vanished',
    message: `Its ${kind} is gone from the cloud, and this service did not delete it.`,
    since: vanishedAt,
    help: 'Delete the instance and create it again.',
    details: `${kind} ${key} (${cloudId ?? 'never seen'})`,
    mend: 'see with the cloud’s own tools who removed it; what the ledger has is deleted with the instance',
  }));
  const { serverStatus } = instance;
  if (!isBusy && serverStatus !== null && serverStatus !== 'ACTIVE' && serverStatus !== 'missing') {
    reasons.push({
      code: 'server_down',
      message: `Its server does not run: the cloud says ${serverStatus}.`,
      since: null,
      mend: 'a guest that ended is started again within seconds while a conductor runs; the log of the server says why it is not',
    });
  }
  return reasons;
}

function ofGuest({ now, instance, guest, isConductorSeen }: InstanceFacts, isBusy: boolean): Reason[] {
  const { serviceStatus, serviceStatusAt, serviceDetail, clockSkewMs, serverStatus } = instance;
  const details = serviceDetail === null ? {} : { details: serviceDetail };
  const reasons: Reason[] = [];
  if (guest && guest.enrolledAt === null && serverStatus === 'ACTIVE') {
    reasons.push({
      code: 'guest_not_enrolled',
      message: 'Its server runs, and its guest has not spoken yet.',
      since: null,
      mend: 'see that guests reach the broker (`coffer doctor`), and what the console of the server says',
    });
  }
  const isUnheard = serviceStatusAt !== null && now.getTime() - serviceStatusAt.getTime() > UNHEARD_MS;
  if (serviceStatus === 'agent_timeout') {
    reasons.push({
      code: 'guest_silent',
      message: 'Its guest does not report. The database may well go on serving.',
      since: serviceStatusAt,
      help: 'If connections fail too, restart the instance.',
      mend: 'see that guests reach the broker (`coffer doctor`), and what the console of the server says',
      ...details,
    });
  } else if (isUnheard) {
    reasons.push({
      code: 'guest_unheard',
      message: 'No report of its guest was taken for a while; what is shown of it may be out of date.',
      since: serviceStatusAt,
      mend: isConductorSeen ? SEE_LOG : 'no server shows itself; start one: `coffer serve`',
    });
  }
  const off = clockOff(clockSkewMs);
  if (off !== undefined) {
    reasons.push({
      code: 'guest_clock_off',
      message: `The clock of its guest is ${off}: times that the database writes are off by that.`,
      since: null,
      mend: 'set the clock of the guest’s host: `chronyc makestep`, or `timedatectl set-ntp true`',
    });
  }
  const unhealthy = serviceStatus === null || isBusy ? undefined : UNHEALTHY[serviceStatus];
  if (unhealthy !== undefined) {
    reasons.push({
      code: 'database_unhealthy',
      message: unhealthy,
      since: serviceStatusAt,
      help: 'If it does not come back by itself, restart the instance.',
      ...details,
    });
  }
  const { restartRequired, rejected, changeWaitsSince } = instance;
  if (serviceStatus === 'restart_required' || instance.task === 'restart_required' || restartRequired.length > 0) {
    const names = restartRequired.length > 0 ? `: ${restartRequired.join(', ')}` : '';
    reasons.push({
      code: 'restart_required',
      message: `Parameters wait for a restart of the database${names}.`,
      since: null,
      help: 'Restart the instance when it suits you.',
    });
  }
  const refused = rejectedSentence(rejected);
  if (refused !== undefined) {
    reasons.push({
      code: 'parameters_rejected',
      message: refused,
      since: serviceStatusAt,
      help: 'Change these values in the configuration group.',
    });
  }
  if (changeWaitsSince !== null && !isBusy) {
    reasons.push({
      code: 'change_waits',
      message: 'A change of its parameters, logs or TLS waits for its guest, which did not take it.',
      since: changeWaitsSince,
      help: 'It is made within minutes of the guest answering again.',
      mend: isConductorSeen ? SEE_LOG : 'no server shows itself; start one: `coffer serve`',
    });
  }
  return reasons;
}

/** Why an instance is as it is, from facts alone. */
export function explain(facts: InstanceFacts): Explanation {
  const { jobs, instance } = facts;
  const pending = jobs.filter(({ state }) => state === 'queued' || state === 'running').reverse();
  // The later ones wait for it also while it is not due itself.
  const first = pending.find(({ state }) => state === 'running') ?? pending[0];
  const isBusy = first !== undefined;
  const last = jobs[0];
  const failed = !isBusy && last?.state === 'failed' ? last : undefined;
  const reasons: Reason[] = [];
  if (first)
    reasons.push(
      ofJob(facts, first),
      ...ofQueue(
        first,
        pending.filter((job) => job !== first),
      ),
    );
  if (failed) reasons.push(ofLastFailure(failed, instance));
  const isUnderWay = !IDLE_TASKS.some((idle) => idle === instance.task) && !instance.task.includes('error');
  if (!isBusy && !failed && isUnderWay) {
    reasons.push({
      code: 'no_job',
      message: `Its task is ${instance.task}, and no job is at it.`,
      since: instance.updatedAt,
      mend: SEE_LOG,
    });
  }
  // What is being taken away may well be gone or silent.
  if (instance.task !== 'deleting') reasons.push(...ofCloud(facts, isBusy), ...ofGuest(facts, isBusy));
  if (reasons.length === 0) reasons.push({ code: 'nothing_wrong', message: 'Nothing is wrong with it.', since: null });
  return { job: first ?? failed, reasons };
}
