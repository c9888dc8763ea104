import {
  hasServer,
  type InstanceState,
  instanceStatus,
  isDatabaseReady,
  mayAct,
  operatingStatus,
  Problem,
} from '@coffer/core';
import type { InstanceRow } from '../store/instances.ts';

/**
 * What the status words are made from. While it is built, a server that nobody asked for yet counts as being built; at rest, it
 * waits for a restart as long as its guest says that parameters do.
 */
export function stateOf(
  row: Pick<InstanceRow, 'task' | 'serverStatus' | 'serviceStatus' | 'restartRequired'>,
): InstanceState {
  return {
    task: row.task === 'none' && row.restartRequired.length > 0 ? 'restart_required' : row.task,
    server: row.serverStatus ?? (row.task === 'building' ? 'BUILD' : 'missing'),
    service: row.serviceStatus ?? 'new',
  };
}

/** Both status words, for a message. */
export function statusWords(row: InstanceRow): string {
  const state = stateOf(row);
  return [instanceStatus(state), operatingStatus(state)].filter((word) => word !== '').join(', ');
}

/** Why an instance is not acted on that is not at rest. */
export const notAtRest = (row: InstanceRow): Problem =>
  new Problem(
    'not_ready',
    `Instance ${row.id} cannot be acted on now (status: ${statusWords(row)}); try again when it is ACTIVE and at rest.`,
  );

/** @throws Problem `not_ready`. */
export function checkAct(row: InstanceRow): void {
  if (!mayAct(stateOf(row))) throw notAtRest(row);
}

/** @throws Problem `not_ready`. */
export function checkServer(row: InstanceRow): void {
  if (!hasServer(stateOf(row).server))
    throw new Problem(
      'not_ready',
      `Instance ${row.id} has no server (status: ${statusWords(row)}); try again when it has.`,
    );
}

/**
 * What lies in the database can be asked for only where there is a server with a database that takes connections.
 * @throws Problem `not_ready`.
 */
export function checkDatabaseReady(row: InstanceRow): void {
  const state = stateOf(row);
  if (hasServer(state.server) && isDatabaseReady(state.service)) return;
  throw new Problem(
    'not_ready',
    `Instance ${row.id} is not ready for this now (status: ${statusWords(row)}); try again when its database is healthy.`,
  );
}
