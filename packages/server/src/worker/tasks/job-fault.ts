import type { Problem } from '@coffer/core';
import type { InstanceFault } from '../../store/schema.ts';

/** Letters of a fault's message. */
export const LONGEST_MESSAGE = 255;

/** What a failed job leaves with its instance: a message for the owner, cut off where it is too long, and the error's own words. */
export const jobFault = (message: string, { code, detail }: Problem, jobId: string): InstanceFault => ({
  message: message.slice(0, LONGEST_MESSAGE),
  created: new Date().toISOString(),
  details: `${code}: ${detail} (job ${jobId})`,
});
