import type { ContainerFile } from '../runtime.ts';
import type { Operation } from './operation.ts';

/** A parameter's value, in the type and unit that the manifest names. */
export type ParameterValue = string | number | boolean;

/** Parameters by name. */
export type Settings = Readonly<Record<string, ParameterValue>>;

/** What became of one parameter. */
export type ParameterOutcome =
  /** In force. */
  | { outcome: 'applied' }
  /** In the files that the next start reads; the running database keeps what it has. */
  | { outcome: 'restart_required' }
  /** The running database did not take it, or took another value; `reason` says which and why, without a secret. */
  | { outcome: 'rejected'; reason: string };

/**
 * Parameters of the database. The agent lays the files of `render` before each start and again at each change, in place: their
 * content is no reason to make the container anew. It compares `effective` with what should be in force and calls `apply` with
 * the differences, so a change that was cut off is finished, and one that somebody made by hand is put back.
 */
export interface ConfigurationGroup {
  /**
   * The files in which the database finds its parameters at its next start: the tenant's, the sizing's, and those that the
   * service insists on, which win. Pure. The folders of the files must not depend on the settings.
   * @throws Problem `bad_request` for a value that would say something else than one parameter
   */
  render(settings: Settings): ContainerFile[];
  /**
   * Puts these into the running database as far as it can take them without a restart. `null` is the database's own default.
   * The files of `render` have been laid already. Repeatable. A parameter that is refused keeps none of the others back.
   * @returns one outcome for each name that was given
   */
  apply(
    changes: Readonly<Record<string, ParameterValue | null>>,
    op: Operation,
  ): Promise<Record<string, ParameterOutcome>>;
  /**
   * What is in force, read from the running database and told in the types and units of the manifest. Names that the database
   * does not know are left out.
   */
  effective(names: readonly string[], op: Operation): Promise<Settings>;
}
