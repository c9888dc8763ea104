import type { DriverHarness } from '@coffer/core/driver-suite';
import { createEngine, type EngineOptions } from '@coffer/core/engine';
import { createTestAuthority } from './authority.ts';
import { createEngineGuest } from './guest.ts';

export { createTestAuthority } from './authority.ts';
export type { DriverSuiteInput } from './load.ts';
export { createWire, type Wire } from './wire.ts';

/** Guests for the conformance suite, on a container engine of this machine. Whatever they leave has the label `coffer.test=driver`. */
export function createEngineHarness(options: EngineOptions = {}): DriverHarness {
  const engine = createEngine(options);
  return {
    guest: (guest) => createEngineGuest(engine, guest),
    authority: createTestAuthority,
  };
}
