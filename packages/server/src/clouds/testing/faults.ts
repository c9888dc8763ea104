import { Problem } from '@coffer/core';

/** One call of the cloud interface, by its path. */
export type FaultPoint =
  | `${'servers' | 'volumes' | 'ports'}.${'create' | 'get' | 'find' | 'list' | 'delete'}`
  | 'servers.reboot'
  | 'servers.consoleLog'
  | 'volumes.extend'
  | 'flavors.list'
  | 'ping';

export type Fault =
  /** The request succeeds, its answer never comes: the caller sees `cloud_unavailable`. */
  | { as: 'lost-answer' }
  /** Nothing happens: `cloud_unavailable`. */
  | { as: 'unavailable' }
  /** Nothing happens: `cloud_refused`, as for a quota. */
  | { as: 'refused'; detail?: string }
  /** Only of a create: accepted, then ERROR with this fault. */
  | { as: 'error-later'; message: string }
  /** Only of `servers.create`: becomes ACTIVE without its ports, and nothing says so. */
  | { as: 'dropped-ports' }
  /** Only of creates and deletes: takes this much longer. */
  | { as: 'slow'; ms: number };

export interface Faults {
  /** The next `times` (default 1) calls of `point` go wrong like this. Faults of one point are spent in order. */
  next(point: FaultPoint, fault: Fault, times?: number): void;
  clear(): void;
}

/** Runs the body of a call, with the fault it has to suffer, if any. */
export type Suffer = <T>(point: FaultPoint, body: (fault: Fault | undefined) => T) => Promise<T>;

export function createFaults(): { faults: Faults; suffer: Suffer } {
  let queue: { point: FaultPoint; fault: Fault }[] = [];
  return {
    faults: {
      next(point, fault, times = 1) {
        for (let i = 0; i < times; i += 1) queue.push({ point, fault });
      },
      clear() {
        queue = [];
      },
    },
    async suffer(point, body) {
      const index = queue.findIndex((entry) => entry.point === point);
      const fault = index < 0 ? undefined : queue.splice(index, 1)[0]?.fault;
      if (fault?.as === 'unavailable') {
        throw new Problem('cloud_unavailable', `the testing cloud does not answer ${point}; ask again`);
      }
      if (fault?.as === 'refused') {
        throw new Problem('cloud_refused', fault.detail ?? `quota exceeded for ${point} in the testing cloud`);
      }
      const result = body(fault);
      if (fault?.as === 'lost-answer') {
        throw new Problem('cloud_unavailable', `the answer of ${point} was lost; look by key before asking again`);
      }
      return result;
    },
  };
}
