import type { Handlers } from '../http/handlers.ts';
import { nextLinks, pageOf } from '../http/pagination.ts';
import type { InstanceChangeService } from '../services/instance-changes.ts';
import type { InstanceService } from '../services/instances.ts';
import {
  detailView,
  instanceAction,
  instanceUpdate,
  instanceView,
  newInstanceRequest,
  summaryView,
} from '../views/instances.ts';
import { actorOf, linkContext } from './context.ts';

type Ids =
  | 'listInstances'
  | 'listInstanceDetails'
  | 'createInstance'
  | 'showInstance'
  | 'updateInstance'
  | 'patchInstance'
  | 'deleteInstance'
  | 'actOnInstance';

export function instanceRoutes(instances: InstanceService, changes: InstanceChangeService): Handlers<Ids> {
  return {
    listInstances: async (call) => {
      const actor = actorOf(call);
      const { items, next } = await instances.list(actor, pageOf(call.query));
      const { links, pluralLinks } = nextLinks(call.url, call.base, next);
      const views = items.map((one) => summaryView(one, linkContext(call), actor.isAdmin));
      return { status: 200, body: { instances: views, ...(links && { links, instances_links: pluralLinks }) } };
    },
    listInstanceDetails: async (call) => {
      const actor = actorOf(call);
      const { items, next } = await instances.list(actor, pageOf(call.query));
      const { links, pluralLinks } = nextLinks(call.url, call.base, next);
      const views = items.map((one) => detailView(one, linkContext(call), actor.isAdmin));
      return { status: 200, body: { instances: views, ...(links && { links, instances_links: pluralLinks }) } };
    },
    createInstance: async (call) => {
      const actor = actorOf(call);
      const details = await instances.create(actor, newInstanceRequest(call.body.instance));
      return { status: 200, body: { instance: instanceView(details, linkContext(call), actor.isAdmin) } };
    },
    showInstance: async (call) => {
      const actor = actorOf(call);
      const details = await instances.show(actor, call.path.instance_id);
      return { status: 200, body: { instance: instanceView(details, linkContext(call), actor.isAdmin) } };
    },
    updateInstance: async (call) => {
      await changes.update(actorOf(call), call.path.instance_id, instanceUpdate(call.body));
      return { status: 202 };
    },
    patchInstance: async (call) => {
      await changes.update(actorOf(call), call.path.instance_id, instanceUpdate(call.body));
      return { status: 202 };
    },
    deleteInstance: async (call) => {
      await instances.delete(actorOf(call), call.path.instance_id);
      return { status: 202 };
    },
    actOnInstance: async (call) => {
      await instances.act(actorOf(call), call.path.instance_id, instanceAction(call.body));
      return { status: 202 };
    },
  };
}
