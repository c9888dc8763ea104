import { instanceStatus, operatingStatus, type Schema } from '@coffer/core';
import { type Reason, titleOf } from '../services/explain.ts';
import { stateOf } from '../services/state.ts';
import type { Why } from '../services/why.ts';
import type { JobRow } from '../store/jobs.ts';
import { wireTime } from './common.ts';

type WhyView = Schema<'InstanceWhy'>;

const timeOrNull = (time: Date | null): string | null => time && wireTime(time);

const reasonView = (reason: Reason, isAdmin: boolean): WhyView['reasons'][number] => ({
  code: reason.code,
  message: reason.message,
  since: timeOrNull(reason.since),
  help: reason.help ?? null,
  ...(isAdmin && { details: reason.details ?? null, mend: reason.mend ?? null }),
});

const jobView = (job: JobRow, isAdmin: boolean): NonNullable<WhyView['job']> => ({
  kind: job.kind,
  // One that was done is never shown.
  state: job.state === 'done' ? 'failed' : job.state,
  step: job.step,
  step_since: timeOrNull(job.stepSince),
  attempt: job.attempt,
  max_attempts: job.maxAttempts,
  created: wireTime(job.createdAt),
  next_try: job.state === 'queued' ? wireTime(job.runAt) : null,
  gives_up: timeOrNull(job.deadlineAt),
  error: job.error && {
    code: job.error.code,
    title: titleOf(job.error.code),
    ...(isAdmin && { detail: job.error.detail }),
  },
  ...(isAdmin && { id: job.id }),
});

/** Owners get no words of errors and no ids of the cloud. */
export function whyView({ facts, job, reasons }: Why, isAdmin: boolean): WhyView {
  const { instance, guest, resources, now } = facts;
  const state = stateOf(instance);
  return {
    instance_id: instance.id,
    status: instanceStatus(state),
    operating_status: operatingStatus(state),
    asked: wireTime(now),
    last_report: timeOrNull(instance.serviceStatusAt),
    job: job ? jobView(job, isAdmin) : null,
    reasons: reasons.map((reason) => reasonView(reason, isAdmin)),
    ...(isAdmin && {
      guest: {
        enrolled: timeOrNull(guest?.enrolledAt ?? null),
        agent_build: guest?.agentBuild ?? null,
        protocol: guest?.protocol ?? null,
        clock_skew_ms: instance.clockSkewMs,
      },
      cloud: Object.fromEntries(resources.map(({ kind, cloudId }) => [kind, cloudId])),
    }),
  };
}
