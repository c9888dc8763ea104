import type { Operation } from './operation.ts';

/**
 * The tenant's own administrator, `root`: may do what it likes to the tenant's databases, and to its users where the engine can
 * tell them from the service's accounts; and cannot leave the database. It reads no file, changes no setting, ends no session of
 * the service, and neither touches the service's accounts nor gives itself more.
 */
export interface RootGroup {
  /** Whether it may log in. */
  status(op: Operation): Promise<'enabled' | 'disabled'>;
  /** Lets it in with this password and all its rights, whatever it was before. Repeatable. */
  enable(password: string, op: Operation): Promise<void>;
  /**
   * Shuts it out: no login, no open session, no scheduled work under its name. What it has made and given to others stays. Repeatable.
   * @returns `missing` when it was shut out already
   */
  disable(op: Operation): Promise<'disabled' | 'missing'>;
}
