import type { CapabilityGroup } from '../driver/manifest.ts';
import { type AddCheck, type Check, checkGroup } from './driver-check.ts';
import type { DriverTest, GuestOptions } from './driver-harness.ts';
import type { World } from './driver-world.ts';

/** What checks on a running database are made from. */
export interface Live {
  test: DriverTest;
  reach: GuestOptions['reach'];
  /** The database; started by the first who asks. */
  world(): Promise<World>;
}

/** Adds a check that is given the running database. */
export type AddLive = (name: string, work: string | ((world: World) => Promise<void>), timeoutMs?: number) => void;

/** Checks on a running database; whatever one of them leaves of a tenant's is taken away before the next. */
export function liveGroup(live: Live, group: string, fill: (add: AddLive) => void): Check[] {
  const checked =
    (work: (world: World) => Promise<void>): (() => Promise<void>) =>
    async () => {
      const world = await live.world();
      try {
        await work(world);
      } finally {
        await world.tidy();
      }
    };
  const add =
    (to: AddCheck): AddLive =>
    (name, work, timeoutMs) =>
      to(name, typeof work === 'string' ? work : checked(work), timeoutMs);
  return checkGroup(group, (to) => fill(add(to)), live.world);
}

/** The groups that a check needs and the manifest lacks, as the reason to skip it. */
export function lacking({ test }: Live, ...groups: readonly CapabilityGroup[]): string | undefined {
  const missing = groups.filter((group) => !test.factory.manifest.groups.includes(group));
  return missing.length === 0 ? undefined : `no group ${missing.join(', ')}`;
}

/** {@link liveGroup} of a capability group: skipped as a whole where it is not declared. */
export function capabilityGroup(live: Live, group: CapabilityGroup, fill: (add: AddLive) => void): Check[] {
  const why = lacking(live, group);
  return liveGroup(live, group, (add) => fill((name, work, timeoutMs) => add(name, why ?? work, timeoutMs)));
}
