import type { LedgerRow } from '../store/schema.ts';
import type { Store } from '../store/store.ts';
import type { CloudResource, ResourceKind } from '../worker/cloud-resources.ts';

export interface Difference {
  /** In the cloud under our label, and not in the ledger: to be reported, never to be deleted. */
  unknown: CloudResource[];
  /** In the ledger as present, and not in the cloud. */
  vanished: LedgerRow[];
  /** Vanished once, and there again. */
  returned: LedgerRow[];
}

/**
 * Compares ledger and cloud for one kind. Both change meanwhile, and listings lag: each difference is looked at once more, in
 * the cloud by id and then in the ledger, before it is believed.
 */
export async function compare(store: Store, kind: string, resource: ResourceKind): Promise<Difference> {
  // In this order: what is made between the two is in the ledger already.
  const listed = await resource.list();
  const rows = await store.ledger.ofKind(kind);
  const listedIds = new Set(listed.map((one) => one.id));
  const byKey = new Map(rows.map((row) => [row.key, row]));

  const unknown: CloudResource[] = [];
  for (const one of listed) {
    if (isKnown(one, byKey.get(one.key))) continue;
    const isThere = (await resource.get(one.id)) !== undefined;
    if (isThere && !isKnown(one, await store.ledger.find(kind, one.key))) unknown.push(one);
  }

  const vanished: LedgerRow[] = [];
  const returned: LedgerRow[] = [];
  for (const row of rows) {
    if (row.state !== 'present' || row.cloudId === null) continue;
    const isThere = listedIds.has(row.cloudId) || (await resource.get(row.cloudId)) !== undefined;
    if (!isThere && row.vanishedAt === null && (await store.ledger.find(kind, row.key))?.state === 'present')
      vanished.push(row);
    if (isThere && row.vanishedAt !== null) returned.push(row);
  }
  return { unknown, vanished, returned };
}

/** A second resource under a key whose first is present is not the one that the ledger has. */
function isKnown(one: CloudResource, row: LedgerRow | undefined): boolean {
  return row !== undefined && (row.state !== 'present' || row.cloudId === one.id);
}
