import { type Cloud, type Flavor, Problem } from '@coffer/core';
import { quoted } from './actor.ts';

export type FlavorService = ReturnType<typeof createFlavorService>;

export function createFlavorService(cloud: Pick<Cloud, 'flavors'>) {
  const find = async (id: string): Promise<Flavor | undefined> =>
    (await cloud.flavors.list()).find((flavor) => flavor.id === id);

  return {
    list: (): Promise<Flavor[]> => cloud.flavors.list(),

    /** @throws Problem `not_found`. */
    async show(id: string): Promise<Flavor> {
      const flavor = await find(id);
      if (!flavor)
        throw new Problem('not_found', `Flavor ${quoted(id)} was not found; list the flavors to see which there are.`);
      return flavor;
    },

    /** By id, number or URL, of which the last path segment counts. @throws Problem `bad_request`. */
    async choose(reference: string | number | undefined): Promise<Flavor> {
      if (reference === undefined) throw new Problem('bad_request', 'instance.flavorRef is required.');
      const id = String(reference).split('/').filter(Boolean).at(-1) ?? '';
      const flavor = await find(id);
      if (!flavor)
        throw new Problem(
          'bad_request',
          `instance.flavorRef ${quoted(String(reference))} is no flavor; list the flavors to see which there are.`,
        );
      return flavor;
    },
  };
}
