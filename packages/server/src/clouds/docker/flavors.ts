import type { Flavor } from '@coffer/core';

/** Sizes of guests: limits of the guest's container. Its disk is that of the machine. */
export const FLAVORS = [
  { id: '1', name: 'small', vcpus: 1, ramMib: 1024, diskGib: 0, ephemeralGib: 0 },
  { id: '2', name: 'medium', vcpus: 1, ramMib: 2048, diskGib: 0, ephemeralGib: 0 },
  { id: '3', name: 'large', vcpus: 2, ramMib: 4096, diskGib: 0, ephemeralGib: 0 },
  { id: '4', name: 'xlarge', vcpus: 2, ramMib: 8192, diskGib: 0, ephemeralGib: 0 },
] as const satisfies readonly Flavor[];
