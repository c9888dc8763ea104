import type { Handlers } from '../http/handlers.ts';
import type { FlavorService } from '../services/flavors.ts';
import { flavorView } from '../views/flavors.ts';
import { linkContext } from './context.ts';

export function flavorRoutes(flavors: FlavorService): Handlers<'listFlavors' | 'showFlavor'> {
  return {
    listFlavors: async (call) => {
      const found = await flavors.list();
      return { status: 200, body: { flavors: found.map((flavor) => flavorView(flavor, linkContext(call))) } };
    },
    showFlavor: async (call) => {
      const flavor = await flavors.show(call.path.flavor_id);
      return { status: 200, body: { flavor: flavorView(flavor, linkContext(call)) } };
    },
  };
}
