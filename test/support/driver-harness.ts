import { createEngineHarness } from '@coffer/agent/harness';

/** Guests over the machine's own container engine. */
export const engineHarness = createEngineHarness();
