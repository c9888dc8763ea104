import type { Handlers } from '../http/handlers.ts';
import { nextLinks, pageOf } from '../http/pagination.ts';
import type { ConfigurationService } from '../services/configurations.ts';
import type { InstanceChangeService } from '../services/instance-changes.ts';
import type { InstanceParameterService } from '../services/instance-parameters.ts';
import {
  configurationChanges,
  configurationSummaryView,
  configurationView,
  instanceParametersView,
  newConfiguration,
} from '../views/configurations.ts';
import { actorOf } from './context.ts';

type Ids =
  | 'listConfigurations'
  | 'createConfiguration'
  | 'showConfiguration'
  | 'replaceConfiguration'
  | 'updateConfiguration'
  | 'deleteConfiguration'
  | 'listConfigurationInstances'
  | 'showInstanceDefaults'
  | 'listInstanceParameters';

export function configurationRoutes(
  groups: ConfigurationService,
  instances: InstanceChangeService,
  parameters: InstanceParameterService,
): Handlers<Ids> {
  return {
    listConfigurations: async (call) => {
      const { items, next } = await groups.list(actorOf(call), pageOf(call.query));
      const { links, pluralLinks } = nextLinks(call.url, call.base, next);
      const views = items.map(configurationSummaryView);
      return {
        status: 200,
        body: { configurations: views, ...(links && { links, configurations_links: pluralLinks }) },
      };
    },
    createConfiguration: async (call) => {
      const made = await groups.create(actorOf(call), newConfiguration(call.body.configuration));
      return { status: 200, body: { configuration: configurationView(made) } };
    },
    showConfiguration: async (call) => {
      const found = await groups.show(actorOf(call), call.path.configuration_id);
      return { status: 200, body: { configuration: configurationView(found) } };
    },
    replaceConfiguration: async (call) => {
      await groups.replace(actorOf(call), call.path.configuration_id, configurationChanges(call.body.configuration));
      return { status: 202 };
    },
    updateConfiguration: async (call) => {
      await groups.merge(actorOf(call), call.path.configuration_id, configurationChanges(call.body.configuration));
      return { status: 200 };
    },
    deleteConfiguration: async (call) => {
      await groups.delete(actorOf(call), call.path.configuration_id);
      return { status: 202 };
    },
    listConfigurationInstances: async (call) => {
      const { items, next } = await groups.instances(actorOf(call), call.path.configuration_id, pageOf(call.query));
      const { links, pluralLinks } = nextLinks(call.url, call.base, next);
      const views = items.map(({ id, name }) => ({ id, name }));
      return { status: 200, body: { instances: views, ...(links && { links, instances_links: pluralLinks }) } };
    },
    showInstanceDefaults: async (call) => {
      const configuration = await instances.defaults(actorOf(call), call.path.instance_id);
      return { status: 200, body: { instance: { configuration } } };
    },
    listInstanceParameters: async (call) => {
      const found = await parameters.list(actorOf(call), call.path.instance_id);
      return { status: 200, body: instanceParametersView(found) };
    },
  };
}
