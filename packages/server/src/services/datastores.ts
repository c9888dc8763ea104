import { Problem } from '@coffer/core';
import type { DatastoreVersion } from '../store/datastores.ts';
import type { DatastoreRow } from '../store/schema.ts';
import type { Store } from '../store/store.ts';
import { type Actor, isUuid, quoted } from './actor.ts';

/** A datastore with the versions that the caller may see. */
export interface DatastoreWithVersions extends DatastoreRow {
  versions: DatastoreVersion[];
}

/** How a new instance names what it wants to run. */
export interface WantedDatastore {
  type?: string;
  version?: string;
  versionNumber?: string;
}

export type DatastoreService = ReturnType<typeof createDatastoreService>;

/** @param options.defaultDatastore what an instance runs whose request names none; without it, naming one is required. */
export function createDatastoreService({ store, defaultDatastore }: { store: Store; defaultDatastore?: string }) {
  /** NUL is in no name, and PostgreSQL takes no text with it. */
  const isName = (text: string) => !text.includes('\0');

  async function find(idOrName: string): Promise<DatastoreRow> {
    const found = isName(idOrName) ? await store.datastores.find(idOrName) : undefined;
    if (!found)
      throw new Problem(
        'not_found',
        `Datastore ${quoted(idOrName)} was not found; list the datastores to see which there are.`,
      );
    return found;
  }

  /** Never a default that the caller cannot see: the Python client looks it up among the versions. */
  function visible(
    datastore: DatastoreRow,
    versions: readonly DatastoreVersion[],
    all: boolean,
  ): DatastoreWithVersions {
    const own = versions.filter(({ datastoreId, active }) => datastoreId === datastore.id && (all || active));
    const isShown = own.some(({ id }) => id === datastore.defaultVersionId);
    return { ...datastore, defaultVersionId: isShown ? datastore.defaultVersionId : null, versions: own };
  }

  /** By id, exact name, or number; the number narrows a name that several versions share. */
  async function findVersion(datastore: DatastoreRow, asked: string, number?: string): Promise<DatastoreVersion> {
    const found = isName(asked) ? await store.datastores.findVersions(datastore.id, asked) : [];
    const named = found.filter(({ name }) => name === asked);
    const candidates = (named.length > 0 ? named : found).filter(
      (version) => number === undefined || version.number === number,
    );
    const [first, second] = candidates;
    if (!first) {
      const wanted = `Version ${quoted(asked)}${number === undefined ? '' : ` with number ${quoted(number)}`} of datastore ${datastore.name}`;
      throw new Problem(
        isUuid(asked) ? 'not_found' : 'bad_request',
        `${wanted} does not exist; list the versions to see which there are.`,
      );
    }
    if (second) {
      throw new Problem(
        'bad_request',
        `Version ${quoted(asked)} of datastore ${datastore.name} is ambiguous (${candidates.map((version) => version.number).join(', ')}); give its id or its number.`,
      );
    }
    return first;
  }

  return {
    async list(actor: Actor): Promise<DatastoreWithVersions[]> {
      const [datastores, versions] = await Promise.all([store.datastores.list(), store.datastores.versions()]);
      const shown = datastores.map((datastore) => visible(datastore, versions, actor.isAdmin));
      return shown.filter((datastore) => actor.isAdmin || datastore.versions.length > 0);
    },

    /** Active versions only, for administrators too. */
    async show(idOrName: string): Promise<DatastoreWithVersions> {
      const datastore = await find(idOrName);
      return visible(datastore, await store.datastores.versions(datastore.id), false);
    },

    async versions(actor: Actor, idOrName: string): Promise<DatastoreVersion[]> {
      const { id } = await find(idOrName);
      const all = await store.datastores.versions(id);
      return all.filter(({ active }) => actor.isAdmin || active);
    },

    /** @throws Problem `not_found` for an unknown datastore or id, `bad_request` for an unknown or ambiguous name. */
    async version(datastore: string, version: string): Promise<DatastoreVersion> {
      return findVersion(await find(datastore), version);
    },

    /** @throws Problem `bad_request`: clients of this path know no 404. */
    async versionById(id: string): Promise<DatastoreVersion> {
      const found = await store.datastores.version(id);
      if (!found)
        throw new Problem(
          'bad_request',
          `Datastore version ${quoted(id)} does not exist; list the versions to see which there are.`,
        );
      return found;
    },

    /** What a new instance will run, or a new group is for: an active version, unless another will do. */
    async choose(
      wanted: WantedDatastore = {},
      field = 'instance.datastore',
      { mayBeInactive = false } = {},
    ): Promise<DatastoreVersion> {
      const type = wanted.type ?? defaultDatastore;
      if (type === undefined)
        throw new Problem('bad_request', `${field}.type is required: the service has no default datastore.`);
      const datastore = await find(type);
      const asked = wanted.version ?? wanted.versionNumber ?? datastore.defaultVersionId;
      if (asked === null) {
        throw new Problem(
          'bad_request',
          `${field}.version is required: datastore ${datastore.name} has no default version.`,
        );
      }
      const version = await findVersion(datastore, asked, wanted.versionNumber);
      if (!version.active && !mayBeInactive) {
        throw new Problem(
          'bad_request',
          `Version ${version.name} of datastore ${datastore.name} is not active; choose another.`,
        );
      }
      return version;
    },
  };
}
