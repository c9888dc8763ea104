import type { Schema } from '@coffer/core';

type WhyView = Schema<'InstanceWhy'>;

/** Times on the wire are UTC and have no zone; people get it said. */
const time = (wire: string | null): string => (wire === null ? 'never' : `${wire}Z`);

function reasonLines({ message, since, help, details, mend }: WhyView['reasons'][number]): string[] {
  return [
    `- ${message}${since === null ? '' : ` Since ${time(since)}.`}`,
    ...(details ? [`    ${details}`] : []),
    ...(help === null ? [] : [`    user: ${help}`]),
    ...(mend ? [`    operator: ${mend}`] : []),
  ];
}

function jobLine(job: NonNullable<WhyView['job']>): string {
  const tries = job.max_attempts === null ? `${job.attempt}` : `${job.attempt} of ${job.max_attempts}`;
  return [
    `job ${job.id ?? ''} ${job.kind}: ${job.state}`,
    `attempt ${tries}`,
    `asked for ${time(job.created)}`,
    ...(job.step === null ? [] : [`step \`${job.step}\` since ${time(job.step_since)}`]),
    ...(job.next_try === null ? [] : [`next try ${time(job.next_try)}`]),
    ...(job.gives_up === null || job.state === 'failed' ? [] : [`gives up ${time(job.gives_up)}`]),
  ].join(', ');
}

/** The explanation as a terminal shows it. */
export function whyLines(why: WhyView): string[] {
  const { guest } = why;
  const cloud = Object.entries(why.cloud ?? {}).map(([kind, id]) => `${kind} ${id ?? 'not there yet'}`);
  return [
    `instance ${why.instance_id}: ${[why.status, why.operating_status].filter((word) => word !== '').join(', ')}, asked ${time(why.asked)}`,
    ...why.reasons.flatMap(reasonLines),
    ...(why.job ? [jobLine(why.job)] : []),
    `last report: ${time(why.last_report)}`,
    ...(guest
      ? [
          `guest: enrolled ${time(guest.enrolled)}, agent ${guest.agent_build ?? 'unknown'}, protocol ${guest.protocol ?? 'unknown'}, clock ${guest.clock_skew_ms ?? 'unknown'} ms off`,
        ]
      : []),
    ...(cloud.length > 0 ? [`cloud: ${cloud.join(', ')}`] : []),
  ];
}
