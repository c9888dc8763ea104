import type { Flavor, FlavorView } from '@coffer/core';
import { type LinkContext, linksTo } from './common.ts';

/** Go clients read `id` as a number, so whatever is none has only `str_id`. */
const numericId = (id: string): number | null =>
  /^[1-9]\d*$/.test(id) && Number.isSafeInteger(Number(id)) ? Number(id) : null;

export function flavorView(flavor: Flavor, context: LinkContext): FlavorView {
  return {
    id: numericId(flavor.id),
    str_id: flavor.id,
    name: flavor.name,
    ram: flavor.ramMib,
    vcpus: flavor.vcpus,
    disk: flavor.diskGib,
    ephemeral: flavor.ephemeralGib,
    links: linksTo(context, 'flavors', flavor.id),
  };
}
