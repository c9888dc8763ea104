import type { ParameterOutcome } from '@coffer/core/driver';
import type { GuestState } from '@coffer/core/rpc';

export interface AgentStatus {
  state: GuestState;
  detail?: string;
  /** Of the spec in force: the one that was last seen serving. */
  revision?: number;
  /** Parameters whose wished values wait for a restart. */
  restartRequired?: string[];
  /** Parameters that the database did not take, and why. */
  rejected?: Record<string, string>;
}

/** What of parameters is worth saying. */
export function parametersOf(
  outcomes: Readonly<Record<string, ParameterOutcome>>,
): Pick<AgentStatus, 'restartRequired' | 'rejected'> {
  const all = Object.entries(outcomes);
  const waiting = all.flatMap(([name, { outcome }]) => (outcome === 'restart_required' ? [name] : []));
  const rejected = all.flatMap(([name, its]) => (its.outcome === 'rejected' ? [[name, its.reason]] : []));
  return {
    ...(waiting.length > 0 && { restartRequired: waiting.sort() }),
    ...(rejected.length > 0 && { rejected: Object.fromEntries(rejected) }),
  };
}
