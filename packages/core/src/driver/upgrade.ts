import type { Operation } from './operation.ts';

/**
 * From one version to the next. Nobody calls this group yet; it will change until somebody does.
 * @experimental
 */
export interface UpgradeGroup {
  /** What stands in the way of the running database becoming `version`, one sentence each; empty when nothing does. */
  precheck(version: { name: string; number: string }, op: Operation): Promise<string[]>;
  /** Brings the data folder of a stopped database to this driver's version. Repeatable. */
  upgradeData(from: { name: string; number: string }, op: Operation): Promise<void>;
  /** What is wrong after the upgrade, one sentence each. */
  verify(op: Operation): Promise<string[]>;
}
