import type { Operation } from './operation.ts';
import type { Page, PageRequest } from './page.ts';

export interface UserSpec {
  name: string;
  /** `%` (anywhere) by default; ignored by datastores without hosts. */
  host?: string;
  password: string;
  /** Databases on which the user gets all rights. */
  databases: readonly string[];
}

export interface UserName {
  name: string;
  host?: string;
}

/** What is to become of a user; what is absent stays as it is. */
export interface UserChanges {
  name?: string;
  host?: string;
  password?: string;
}

export interface UserAlteration {
  user: UserName;
  changes: UserChanges;
}

/** A user as listed; never a password. */
export interface UserInfo {
  name: string;
  host: string;
  databases: string[];
}

/** Users of the tenant; service and system accounts are never listed and never touched. */
export interface UsersGroup {
  list(page: PageRequest, op: Operation): Promise<Page<UserInfo>>;
  /** With all databases that the user has a grant on. */
  get(user: UserName, op: Operation): Promise<UserInfo | undefined>;
  /** Repeatable: an existing account gets the password and the grants that are asked for. */
  create(user: UserSpec, op: Operation): Promise<'created' | 'exists'>;
  /**
   * Password, name and host, in this order; grants are kept, and so is a password that is not changed. A new password leaves open
   * sessions alone, as the engines do; a new name or host ends them. Repeatable: where the account is gone and the one that it was
   * to become is there, an earlier call has moved it.
   * @returns `exists` when another account has the new name and host; then nothing was changed
   */
  alter(user: UserName, changes: UserChanges, op: Operation): Promise<'altered' | 'missing' | 'exists'>;
  /** All rights on these databases, besides those that the user has. Repeatable. */
  grant(user: UserName, databases: readonly string[], op: Operation): Promise<'granted' | 'missing'>;
  /**
   * Takes away all rights on a database, from sessions that are open too. Repeatable.
   * @returns `missing` when there is no such user, or none with a grant on this database
   */
  revoke(user: UserName, database: string, op: Operation): Promise<'revoked' | 'missing'>;
  /** Repeatable; open sessions of the account are ended. */
  drop(user: UserName, op: Operation): Promise<'dropped' | 'missing'>;
}
