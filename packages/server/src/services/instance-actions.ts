import { hasServer, IDLE_TASKS, mayAct, mayRestart, Problem } from '@coffer/core';
import type { InstanceRow } from '../store/instances.ts';
import type { Store } from '../store/store.ts';
import { type Actor, findInstance, reach } from './actor.ts';
import type { RestartInstanceInput } from './job-inputs.ts';
import { notAtRest, stateOf } from './state.ts';

/** What is to be done with an instance as a whole. */
export type InstanceAction =
  | 'restart'
  | 'resize'
  | 'promote_to_replica_source'
  | 'eject_replica_source'
  | 'reset_status'
  /** The same, as owners may ask for it. */
  | 'force_reset_status';

/** What each that is not built yet would do, for the refusal. */
const UNBUILT: Readonly<Record<Exclude<InstanceAction, 'restart'>, string>> = {
  resize: 'be resized',
  promote_to_replica_source: 'be promoted',
  eject_replica_source: 'be ejected',
  reset_status: 'have its status reset',
  force_reset_status: 'have its status reset',
};

/** @throws Problem `not_ready`. */
function checkState(row: InstanceRow, action: InstanceAction): void {
  const state = stateOf(row);
  // Statuses are reset just where nothing else is possible.
  if (action === 'reset_status' || action === 'force_reset_status') return;
  const isOpen = {
    restart: mayRestart,
    resize: mayAct,
    promote_to_replica_source: mayAct,
    eject_replica_source: () => hasServer(state.server),
  }[action](state);
  if (!isOpen) throw notAtRest(row);
}

/**
 * That the instance is restarting and the job that does it are written together.
 * @throws Problem `not_found`; `forbidden` for what only administrators may; `not_ready` and `instance_busy` when the
 * instance is not at rest; `not_supported` for everything but a restart.
 */
export async function actOnInstance(store: Store, actor: Actor, id: string, action: InstanceAction): Promise<void> {
  const row = await findInstance(store, actor, id);
  if (action === 'reset_status' && !actor.isAdmin)
    throw new Problem('forbidden', 'reset_status is for administrators; owners may give it the key force_delete.');
  checkState(row, action);
  if (action !== 'restart')
    throw new Problem('not_supported', `Instance ${row.id} cannot ${UNBUILT[action]}: that is not built yet.`);
  const projectId = reach(actor);
  const input: RestartInstanceInput = {};
  await store.instances.begin(
    row.id,
    { from: IDLE_TASKS, to: 'rebooting', ...(projectId !== undefined && { projectId }) },
    { kind: 'restart_instance', input },
  );
}
