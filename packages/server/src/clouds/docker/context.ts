import { type Flavor, type Logger, Problem } from '@coffer/core';
import type { Engine } from '@coffer/core/engine';
import type { Subnet } from './addresses.ts';
import type { Locked } from './lock.ts';
import type { Names } from './names.ts';
import type { Records } from './records.ts';

/** A server as it was asked for. The engine knows the rest. */
export interface ServerRecord {
  id: string;
  key: string;
  /** What is being done to it, or was: only `failed` and `built` are at rest. */
  state: 'building' | 'built' | 'failed' | 'rebooting' | 'deleting';
  fault?: string;
  flavorId: string;
  portIds: readonly string[];
  volumeIds: readonly string[];
  metadata: Readonly<Record<string, string>>;
}

export interface VolumeRecord {
  id: string;
  key: string;
  sizeGib: number;
}

export interface PortRecord {
  id: string;
  key: string;
  projectId: string;
  networkId: string;
  address: string;
  allowedCidrs: readonly string[];
  tcpPorts: readonly number[];
}

/** A project's network. `key` is the project's id. */
export interface NetworkRecord {
  id: string;
  key: string;
  /** Its place in the pool, and part of its names. */
  index: number;
  subnet: Subnet;
}

/** What the parts of one docker cloud share. */
export interface Context {
  engine: Engine;
  names: Names;
  log: Logger;
  locked: Locked;
  flavors: readonly Flavor[];
  guestImage: string;
  imagesDir: string | undefined;
  volumeKind: 'loop' | 'folder';
  managementPool: Subnet;
  tenantPool: Subnet;
  brokerPorts: readonly number[];
  guestEgress: readonly string[];
  volumesDir: string;
  userDataDir: string;
  servers: Records<ServerRecord>;
  volumes: Records<VolumeRecord>;
  ports: Records<PortRecord>;
  networks: Records<NetworkRecord>;
}

/** Turns what an engine, a disk or a program of the host says into the three codes that a cloud answers with. */
export function asCloudProblem(error: unknown): unknown {
  if (error instanceof Problem) {
    switch (error.code) {
      case 'cloud_refused':
      case 'cloud_unavailable':
      case 'not_found':
        return error;
      case 'unavailable':
      case 'timeout':
        return new Problem('cloud_unavailable', error.detail, { cause: error });
      default:
        return new Problem('cloud_refused', error.detail, { cause: error });
    }
  }
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  if (code === 'ENOSPC' || code === 'EDQUOT') {
    return new Problem('cloud_refused', 'The disk of this machine is full; free some space.', { cause: error });
  }
  return error;
}

/** Runs one call of the cloud interface. */
export async function answering<T>(call: () => Promise<T>): Promise<T> {
  try {
    return await call();
  } catch (error) {
    throw asCloudProblem(error);
  }
}
