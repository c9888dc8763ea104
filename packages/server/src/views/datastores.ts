import type { Datastore, DatastoreVersion, Schema } from '@coffer/core';
import type { DatastoreWithVersions } from '../services/datastores.ts';
import type { DatastoreVersion as Version } from '../store/datastores.ts';
import { type LinkContext, linksTo } from './common.ts';

/** A version inside its datastore; administrators see more. */
export function nestedVersionView(
  version: Version,
  context: LinkContext,
  isAdmin: boolean,
): Schema<'NestedDatastoreVersion'> {
  return {
    id: version.id,
    name: version.name,
    version: version.number,
    links: linksTo(context, 'datastores/versions', version.id),
    // Images are named by the manifest here, so what Trove says of them is empty.
    ...(isAdmin && {
      active: version.active,
      packages: null,
      image: null,
      image_tags: [],
      registry_ext: null,
      repl_strategy: null,
    }),
  };
}

export function versionView(version: Version, context: LinkContext, isAdmin: boolean): DatastoreVersion {
  return { ...nestedVersionView(version, context, isAdmin), datastore: version.datastoreId };
}

export function datastoreView(datastore: DatastoreWithVersions, context: LinkContext, isAdmin: boolean): Datastore {
  return {
    id: datastore.id,
    name: datastore.name,
    links: linksTo(context, 'datastores', datastore.id),
    versions: datastore.versions.map((version) => nestedVersionView(version, context, isAdmin)),
    ...(datastore.defaultVersionId !== null && { default_version: datastore.defaultVersionId }),
  };
}
