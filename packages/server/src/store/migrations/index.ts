import type { Migration } from 'kysely/migration';
import * as initial from './0001-initial.ts';
import * as identity from './0002-identity.ts';
import * as jobStep from './0003-job-step.ts';
import * as guestProtocols from './0004-guest-protocols.ts';
import * as rootHistory from './0005-root-history.ts';
import * as configurations from './0006-configurations.ts';

/** Every migration by its permanent name, applied in the order of the names, forward only. */
export const migrations: Record<string, Migration> = {
  '0001-initial': initial,
  '0002-identity': identity,
  '0003-job-step': jobStep,
  '0004-guest-protocols': guestProtocols,
  '0005-root-history': rootHistory,
  '0006-configurations': configurations,
};
