import type { Handlers } from '../http/handlers.ts';
import type { DatastoreService } from '../services/datastores.ts';
import { findParameter, visibleParameters } from '../services/parameters.ts';
import { parameterListView, parameterView } from '../views/configurations.ts';
import { actorOf } from './context.ts';

type Ids = 'listParameters' | 'showParameter' | 'listParametersByVersionId' | 'showParameterByVersionId';

export function parameterRoutes(datastores: DatastoreService): Handlers<Ids> {
  return {
    listParameters: async (call) => {
      const version = await datastores.version(call.path.datastore, call.path.version);
      return { status: 200, body: parameterListView(version.id, visibleParameters(actorOf(call), version)) };
    },
    showParameter: async (call) => {
      const version = await datastores.version(call.path.datastore, call.path.version);
      return {
        status: 200,
        body: parameterView(version.id, findParameter(actorOf(call), version, call.path.parameter)),
      };
    },
    listParametersByVersionId: async (call) => {
      const version = await datastores.versionById(call.path.version_id);
      return { status: 200, body: parameterListView(version.id, visibleParameters(actorOf(call), version)) };
    },
    showParameterByVersionId: async (call) => {
      const version = await datastores.versionById(call.path.version_id);
      return {
        status: 200,
        body: parameterView(version.id, findParameter(actorOf(call), version, call.path.parameter)),
      };
    },
  };
}
