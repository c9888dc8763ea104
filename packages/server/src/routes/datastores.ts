import type { Handlers } from '../http/handlers.ts';
import type { DatastoreService } from '../services/datastores.ts';
import { datastoreView, versionView } from '../views/datastores.ts';
import { actorOf, linkContext } from './context.ts';

type Ids =
  | 'listDatastores'
  | 'showDatastore'
  | 'listDatastoreVersions'
  | 'showDatastoreVersion'
  | 'showDatastoreVersionById';

export function datastoreRoutes(datastores: DatastoreService): Handlers<Ids> {
  return {
    listDatastores: async (call) => {
      const actor = actorOf(call);
      const found = await datastores.list(actor);
      return {
        status: 200,
        body: { datastores: found.map((one) => datastoreView(one, linkContext(call), actor.isAdmin)) },
      };
    },
    showDatastore: async (call) => {
      const datastore = await datastores.show(call.path.datastore);
      return { status: 200, body: { datastore: datastoreView(datastore, linkContext(call), actorOf(call).isAdmin) } };
    },
    listDatastoreVersions: async (call) => {
      const actor = actorOf(call);
      const versions = await datastores.versions(actor, call.path.datastore);
      return {
        status: 200,
        body: { versions: versions.map((one) => versionView(one, linkContext(call), actor.isAdmin)) },
      };
    },
    showDatastoreVersion: async (call) => {
      const version = await datastores.version(call.path.datastore, call.path.version);
      return { status: 200, body: { version: versionView(version, linkContext(call), actorOf(call).isAdmin) } };
    },
    showDatastoreVersionById: async (call) => {
      const version = await datastores.versionById(call.path.version_id);
      return { status: 200, body: { version: versionView(version, linkContext(call), actorOf(call).isAdmin) } };
    },
  };
}
