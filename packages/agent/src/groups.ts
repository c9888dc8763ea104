import { Problem } from '@coffer/core';
import type { CapabilityGroup, DatastoreDriver } from '@coffer/core/driver';
import type { Agent } from './agent.ts';

/** A driver's groups, or why there is none to be had. */
export function groupsOf(agent: Pick<Agent, 'serving' | 'deployed' | 'factory'>) {
  async function found<K extends CapabilityGroup>(driver: DatastoreDriver, name: K) {
    const its: DatastoreDriver[K] = driver[name];
    if (its) return its;
    const { manifest } = await agent.factory();
    throw new Problem('not_supported', `${manifest.title} has no operations on ${name}.`);
  }

  return {
    /** Of a database that serves. @throws Problem `not_ready`, `not_supported` */
    group: async <K extends CapabilityGroup>(name: K): Promise<NonNullable<DatastoreDriver[K]>> =>
      found(agent.serving(), name),
    /** Of one that may be down: for what the guest can tell without it. @throws Problem `not_ready`, `not_supported` */
    groupAtRest: async <K extends CapabilityGroup>(name: K): Promise<NonNullable<DatastoreDriver[K]>> =>
      found(agent.deployed().driver, name),
  };
}
