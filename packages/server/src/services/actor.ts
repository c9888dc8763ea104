import { Problem } from '@coffer/core';
import type { InstanceRow } from '../store/instances.ts';
import type { Store } from '../store/store.ts';

/** Who asks a service for something. */
export interface Actor {
  projectId: string;
  userId: string;
  /** Reaches the objects of every project by id, and sees what only operators may. */
  isAdmin: boolean;
}

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

export const isUuid = (text: string): boolean => UUID.test(text);

/** A value of the caller's as it may stand in a message. */
export const quoted = (text: string): string => JSON.stringify(text.length > 80 ? `${text.slice(0, 80)}…` : text);

/** @param what "an instance". @throws Problem `bad_request`. */
export function checkIdMarker(marker: string | undefined, what: string): void {
  if (marker !== undefined && !isUuid(marker))
    throw new Problem('bad_request', `marker ${quoted(marker)} is not the id of ${what}.`);
}

/** Whose instances a query may find: undefined is everybody's. */
export const reach = (actor: Actor): string | undefined => (actor.isAdmin ? undefined : actor.projectId);

/** @throws Problem `not_found`, the same whether it never was, is gone or is another project's. */
export async function findInstance(store: Pick<Store, 'instances'>, actor: Actor, id: string): Promise<InstanceRow> {
  const row = isUuid(id) ? await store.instances.get(id.toLowerCase(), reach(actor)) : undefined;
  if (!row) throw new Problem('not_found', `Instance ${quoted(id)} was not found.`);
  return row;
}
