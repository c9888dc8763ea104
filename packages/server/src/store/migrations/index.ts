import type { Migration } from 'kysely/migration';
import * as initial from './0001-initial.ts';
import * as identity from './0002-identity.ts';

/** Every migration by its permanent name, applied in the order of the names, forward only. */
export const migrations: Record<string, Migration> = {
  '0001-initial': initial,
  '0002-identity': identity,
};
