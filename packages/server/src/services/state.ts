import { hasServer, type InstanceState, instanceStatus, isDatabaseReady, operatingStatus, Problem } from '@coffer/core';
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

/**
 * What lies in the database can be asked for only where there is a server with a database that takes connections.
 * @throws Problem `not_ready`.
 */
export function checkDatabaseReady(row: InstanceRow): void {
  const state = stateOf(row);
  if (hasServer(state.server) && isDatabaseReady(state.service)) return;
  const words = [instanceStatus(state), operatingStatus(state)].filter((word) => word !== '').join(', ');
  throw new Problem(
    'not_ready',
    `Instance ${row.id} is not ready for this now (status: ${words}); try again when its database is healthy.`,
  );
}
