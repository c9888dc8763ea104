import { Problem } from '@coffer/core';
import type { CapabilityGroup, DriverManifest, Page, PageRequest } from '@coffer/core/driver';
import type { InstanceRow } from '../store/instances.ts';
import type { Store } from '../store/store.ts';
import { type Actor, findInstance } from './actor.ts';
import { checkDatabaseReady } from './state.ts';

const MAX_MARKER_LENGTH = 1024;

/** An instance whose database can be asked now, with what its datastore allows. */
export interface ReadyInstance {
  row: InstanceRow;
  manifest: DriverManifest;
}

/** @throws Problem `not_found`; `not_ready`; `not_supported` for a datastore without the group. */
export async function findReadyInstance(
  store: Store,
  actor: Actor,
  id: string,
  group: CapabilityGroup,
): Promise<ReadyInstance> {
  const row = await findInstance(store, actor, id);
  checkDatabaseReady(row);
  const version = await store.datastores.version(row.datastoreVersionId);
  if (!version) throw new Error(`instance ${row.id} has a datastore version that is not there`);
  if (!version.manifest.groups.includes(group)) {
    throw new Problem('not_supported', `${version.manifest.title} has no ${group} that could be managed here.`);
  }
  return { row, manifest: version.manifest };
}

/** @throws Problem `bad_request` for a marker that no list can have ended with. */
export function checkMarker({ marker }: PageRequest): void {
  if (marker === undefined) return;
  if (marker.length > MAX_MARKER_LENGTH || marker.includes('\0') || !marker.isWellFormed()) {
    throw new Problem('bad_request', 'marker is not the name of an item; take it from the link to the next page.');
  }
}

/** A guest is hostile: what it calls a page is believed only in the shape of one. */
export function checkPage<T>(page: Page<T>, limit: number, isItem: (item: T) => boolean): Page<T> {
  const isPage = Array.isArray(page.items) && page.items.length <= limit && page.items.every(isItem);
  if (!isPage || (page.next !== undefined && typeof page.next !== 'string')) {
    throw new Problem('guest_failed', 'The guest answered with something that is no list.');
  }
  return page;
}
