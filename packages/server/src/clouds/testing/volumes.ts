import type { CloudVolume, CloudVolumes } from '@coffer/core';
import { Problem } from '@coffer/core';
import { isAcknowledged, slowness, type World } from './world.ts';

export function createVolumes(world: World): CloudVolumes {
  const { time, behaviour, suffer, volumes } = world;
  const shown = (volume: CloudVolume | undefined) => volume && structuredClone(volume);
  return {
    create: (spec) =>
      suffer('volumes.create', (fault) => {
        if (!Number.isInteger(spec.sizeGib) || spec.sizeGib < 1) {
          throw new Problem('cloud_refused', `a volume of ${spec.sizeGib} GiB cannot be; ask for 1 or more whole GiB`);
        }
        const volume: CloudVolume = { id: world.newId(), key: spec.key, status: 'creating', sizeGib: spec.sizeGib };
        volumes.put(volume, isAcknowledged(fault));
        time.after(behaviour.buildMs + slowness(fault), () => {
          if (volume.status !== 'creating') return;
          volume.status = 'available';
          if (fault?.as !== 'error-later') return;
          volume.status = 'error';
          volume.fault = { message: fault.message };
        });
        return structuredClone(volume);
      }),

    get: (id) => suffer('volumes.get', () => shown(volumes.get(id))),
    find: (key) => suffer('volumes.find', () => shown(volumes.find(key))),
    list: () => suffer('volumes.list', () => volumes.list()),

    extend: (id, sizeGib) =>
      suffer('volumes.extend', (fault) => {
        const volume = volumes.get(id);
        if (volume === undefined) throw new Problem('not_found', `no volume ${id} in the testing cloud`);
        if (sizeGib < volume.sizeGib) {
          throw new Problem('cloud_refused', `volume ${id} has ${volume.sizeGib} GiB and cannot shrink to ${sizeGib}`);
        }
        const before = volume.status;
        if (before !== 'available' && before !== 'in-use') {
          throw new Problem('cloud_refused', `volume ${id} is ${before}; only an available or used one is extended`);
        }
        volume.status = 'extending';
        time.after(behaviour.buildMs + slowness(fault), () => {
          if (volume.status !== 'extending') return;
          volume.sizeGib = sizeGib;
          volume.status = before;
        });
      }),

    delete: (id) =>
      suffer('volumes.delete', (fault) => {
        const volume = volumes.get(id);
        if (volume === undefined) return;
        if (volume.status === 'deleting' && behaviour.repeatedDelete === 'accepted') return;
        if (volume.status !== 'available' && volume.status !== 'error') {
          throw new Problem('cloud_refused', `volume ${id} is ${volume.status}; only an available one is deleted`);
        }
        volume.status = 'deleting';
        time.after(behaviour.deleteMs + slowness(fault), () => volumes.drop(id));
      }),
  };
}
