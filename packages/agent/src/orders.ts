import { Problem } from '@coffer/core';
import { checkParameters, type DriverManifest, evaluateSizing, ofVersion } from '@coffer/core/driver';
import type { InstanceSpec } from '@coffer/core/rpc';
import type { Agent } from './agent.ts';
import { parseInstanceSpec } from './spec.ts';
import type { Tls } from './tls.ts';

export interface OrdersParts {
  instanceId: string;
  agent: Pick<Agent, 'factory'>;
  tls: Pick<Tls, 'check'>;
}

/** Specs as they come in. */
export interface Orders {
  /**
   * @throws Problem `bad_request` for one that is malformed, of another guest or datastore, with parameters that its version and
   * flavor do not allow, or a certificate for no key of this guest; `not_supported` for what the driver does not have
   */
  check(spec: unknown): Promise<InstanceSpec>;
}

export function createOrders({ instanceId, agent, tls }: OrdersParts): Orders {
  return {
    async check(value) {
      const spec = parseInstanceSpec(value);
      if (spec.instanceId !== instanceId)
        throw new Problem('bad_request', `This guest is instance ${instanceId}, not ${spec.instanceId}.`);
      const { manifest } = await agent.factory();
      if (spec.datastore !== manifest.datastore)
        throw new Problem('bad_request', `This guest's driver is for ${manifest.datastore}, not ${spec.datastore}.`);
      checkSupported(manifest, spec);
      if (manifest.groups.includes('configuration')) checkSettings(manifest, spec);
      await tls.check(spec);
      return spec;
    },
  };
}

function checkSupported(manifest: DriverManifest, { tls, logs = [] }: InstanceSpec): void {
  const wanted = { tls: tls !== undefined, logs: logs.length > 0 };
  for (const group of ['tls', 'logs'] as const) {
    if (wanted[group] && !manifest.groups.includes(group))
      throw new Problem('not_supported', `${manifest.title} has no operations on ${group}.`);
  }
}

/** Whoever sent them has checked them with the same code; values by the sizing are the driver's own and may be in no catalogue. */
function checkSettings(manifest: DriverManifest, { version, memoryMib, vcpus, settings }: InstanceSpec): void {
  const flavor = { memoryMib, vcpus };
  const sizing = evaluateSizing(manifest, flavor);
  const chosen = Object.entries(settings).filter(([name, value]) => sizing[name] !== value);
  checkParameters(ofVersion(manifest, version.name).version.parameters, Object.fromEntries(chosen), {
    as: 'operator',
    flavor,
  });
}
