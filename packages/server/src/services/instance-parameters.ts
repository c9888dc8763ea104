import { evaluateSizing, isSameValue, type ParameterValue } from '@coffer/core/driver';
import type { Store } from '../store/store.ts';
import type { Actor } from './actor.ts';
import type { AskGuest } from './guest-calls.ts';
import { findReadyInstance } from './guest-objects.ts';
import { catalogueOf } from './parameters.ts';

/** A parameter as it should be and as it is. */
export interface InstanceParameter {
  name: string;
  setBy: 'flavor' | 'configuration';
  wanted: ParameterValue;
  /** Absent where the database does not tell. */
  inForce?: ParameterValue;
  differs: boolean;
}

export type InstanceParameterService = ReturnType<typeof createInstanceParameterService>;

const isValue = (value: unknown): value is ParameterValue =>
  typeof value === 'string' || typeof value === 'boolean' || (typeof value === 'number' && Number.isFinite(value));

/** What an instance's parameters should be, against what its database says that they are. */
export function createInstanceParameterService({ store, askGuest }: { store: Store; askGuest: AskGuest }) {
  return {
    /** By name. @throws Problem `not_found`; `not_ready`; `not_supported`; as a guest call does. */
    async list(actor: Actor, id: string): Promise<InstanceParameter[]> {
      const { row, manifest } = await findReadyInstance(store, actor, id, 'configuration');
      const group = row.configurationId === null ? undefined : await store.configurations.get(row.configurationId);
      const byFlavor = evaluateSizing(manifest, { memoryMib: row.ramMib, vcpus: row.vcpus });
      const wanted = Object.entries({ ...byFlavor, ...group?.values }).sort(([a], [b]) => (a < b ? -1 : 1));
      const version = { manifest, name: row.versionName, number: row.versionNumber };
      const catalogue = new Map(catalogueOf(version).map((parameter) => [parameter.name, parameter]));
      const { values } = await askGuest(row.id, 'configuration_read', { names: wanted.map(([name]) => name) });
      const told = new Map<string, unknown>(Object.entries(Object(values)));
      return wanted.map(([name, value]): InstanceParameter => {
        const parameter = catalogue.get(name);
        const inForce = told.get(name);
        const setBy = group && Object.hasOwn(group.values, name) ? 'configuration' : 'flavor';
        if (!isValue(inForce)) return { name, setBy, wanted: value, differs: true };
        const isSame = parameter ? isSameValue(parameter, value, inForce) : value === inForce;
        return { name, setBy, wanted: value, inForce, differs: !isSame };
      });
    },
  };
}
