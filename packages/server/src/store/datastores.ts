import { Problem } from '@coffer/core';
import type { DriverManifest } from '@coffer/core/driver';
import type { Kysely } from 'kysely';
import type { DatastoreRow, DatastoreVersionRow, Schema } from './schema.ts';
import { inTransaction } from './transaction.ts';

/** A driver as `coffer-driver pack` made it. */
export interface DriverBundle {
  /** Hex, of `code`; the caller has checked it. */
  sha256: string;
  manifest: DriverManifest;
  /** `driver.mjs`. */
  code: Buffer;
}

/** A version with its datastore and all that its manifest says. */
export interface DatastoreVersion extends DatastoreVersionRow {
  datastoreName: string;
  manifest: DriverManifest;
}

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

export function datastoreQueries(db: Kysely<Schema>) {
  function versions() {
    return db
      .selectFrom('datastoreVersions')
      .innerJoin('datastores', 'datastores.id', 'datastoreVersions.datastoreId')
      .innerJoin('driverBundles', 'driverBundles.sha256', 'datastoreVersions.driverSha256')
      .selectAll('datastoreVersions')
      .select(['datastores.name as datastoreName', 'driverBundles.manifest']);
  }

  return {
    /**
     * Stores a driver and makes its datastore and versions, or brings them up to the manifest. Repeatable. Whether an existing
     * version is active, and which one is the default, stays as the operator left it.
     */
    register: (bundle: DriverBundle): Promise<DatastoreRow> => inTransaction(db, (tx) => register(tx, bundle)),

    /** By name. */
    list: (): Promise<DatastoreRow[]> => db.selectFrom('datastores').selectAll().orderBy('name').execute(),

    /** By id or name. */
    find(idOrName: string): Promise<DatastoreRow | undefined> {
      const column = UUID.test(idOrName) ? 'id' : 'name';
      return db.selectFrom('datastores').selectAll().where(column, '=', idOrName).executeTakeFirst();
    },

    /** All versions of one datastore, or of every one, by name and number. */
    versions(datastoreId?: string): Promise<DatastoreVersion[]> {
      const all = versions().orderBy('datastoreVersions.name').orderBy('datastoreVersions.number');
      return (datastoreId ? all.where('datastoreId', '=', datastoreId) : all).execute();
    },

    version: (id: string): Promise<DatastoreVersion | undefined> =>
      UUID.test(id) ? versions().where('datastoreVersions.id', '=', id).executeTakeFirst() : Promise.resolve(undefined),

    /** By id, name or number. Several versions may share a name; the caller chooses. */
    findVersions(datastoreId: string, idNameOrNumber: string): Promise<DatastoreVersion[]> {
      const all = versions().where('datastoreId', '=', datastoreId).orderBy('datastoreVersions.number');
      if (UUID.test(idNameOrNumber)) return all.where('datastoreVersions.id', '=', idNameOrNumber).execute();
      return all
        .where((where) =>
          where.or([where('datastoreVersions.name', '=', idNameOrNumber), where('number', '=', idNameOrNumber)]),
        )
        .execute();
    },

    async setDefaultVersion(datastoreId: string, versionId: string): Promise<void> {
      await db.updateTable('datastores').set({ defaultVersionId: versionId }).where('id', '=', datastoreId).execute();
    },

    async setActive(versionId: string, active: boolean): Promise<void> {
      await db.updateTable('datastoreVersions').set({ active }).where('id', '=', versionId).execute();
    },

    /** Of a driver by its hash. */
    async manifest(sha256: string): Promise<DriverManifest | undefined> {
      const row = await db
        .selectFrom('driverBundles')
        .select('manifest')
        .where('sha256', '=', sha256)
        .executeTakeFirst();
      return row?.manifest;
    },

    /** `driver.mjs` by its hash. */
    async driverCode(sha256: string): Promise<Buffer | undefined> {
      const row = await db.selectFrom('driverBundles').select('code').where('sha256', '=', sha256).executeTakeFirst();
      return row?.code;
    },
  };
}

async function register(tx: Kysely<Schema>, { sha256, manifest, code }: DriverBundle): Promise<DatastoreRow> {
  const name = manifest.datastore;
  await tx
    .insertInto('driverBundles')
    .values({ sha256, name, manifest: JSON.stringify(manifest), code })
    .onConflict((conflict) => conflict.column('sha256').doNothing())
    .execute();
  // The update that changes nothing makes the row come back, and locks it against a second registration.
  const datastore = await tx
    .insertInto('datastores')
    .values({ name, defaultVersionId: null })
    .onConflict((conflict) => conflict.column('name').doUpdateSet({ name }))
    .returningAll()
    .executeTakeFirstOrThrow();
  let defaultVersionId = datastore.defaultVersionId;
  const fallback =
    manifest.versions.find((version) => version.default) ?? manifest.versions.find((version) => version.active);
  for (const version of manifest.versions) {
    const image = { image: version.image, registry: version.registry ?? null, digest: version.digest ?? null };
    const row = await tx
      .insertInto('datastoreVersions')
      .values({
        datastoreId: datastore.id,
        name: version.name,
        number: version.number,
        active: version.active,
        driverSha256: sha256,
        ...image,
      })
      .onConflict((conflict) =>
        conflict.columns(['datastoreId', 'name', 'number']).doUpdateSet({ driverSha256: sha256, ...image }),
      )
      .returning('id')
      .executeTakeFirstOrThrow();
    if (version === fallback) defaultVersionId ??= row.id;
  }
  if (!defaultVersionId) throw new Problem('bad_request', `the manifest of ${name} names no active version`);
  await tx.updateTable('datastores').set({ defaultVersionId }).where('id', '=', datastore.id).execute();
  return { ...datastore, defaultVersionId };
}
