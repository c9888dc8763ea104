export type { ContainerFile, ContainerMount, ContainerSpec, ExecOptions, ExecResult } from '../runtime.ts';
export type * from './driver.ts';
export type * from './manifest.ts';
export { CAPABILITY_GROUPS, type CapabilityGroup } from './manifest.ts';
export { parseManifest } from './manifest-check.ts';
export * from './names.ts';
export * from './sizing.ts';
