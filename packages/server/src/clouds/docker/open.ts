import { readFile, realpath } from 'node:fs/promises';
import { join } from 'node:path';
import { type Logger, silentLogger } from '@coffer/core';
import { parseCidr } from './addresses.ts';
import type { Context } from './context.ts';
import { FLAVORS } from './flavors.ts';
import type { Folders } from './inventory.ts';
import { createLocks } from './lock.ts';
import { createNames } from './names.ts';
import type { DockerCloudOptions } from './options.ts';
import { isRoot } from './program.ts';
import { openRecords } from './records.ts';

/** What the parts of a cloud share, for the cloud of this owner in these folders. */
export async function openContext(
  options: DockerCloudOptions,
  folders: Folders,
  owner: string,
  log: Logger,
): Promise<Context> {
  const at = (name: string) => join(folders.dataDir, name);
  return {
    engine: options.engine,
    names: createNames(owner, options.prefix ?? 'coffer'),
    log,
    locked: createLocks(owner),
    flavors: options.flavors ?? FLAVORS,
    guestImage: options.guestImage,
    imagesDir: options.imagesDir,
    volumeKind: options.volumeKind ?? (isRoot() ? 'loop' : 'folder'),
    managementPool: parseCidr(options.managementPool ?? '10.212.0.0/16'),
    tenantPool: parseCidr(options.tenantPool ?? '10.213.0.0/16'),
    brokerPorts: options.brokerPorts ?? [],
    guestEgress: options.guestEgress ?? [],
    volumesDir: at('volumes'),
    userDataDir: join(folders.runDir, owner),
    servers: await openRecords(at('servers')),
    volumes: await openRecords(at('volumes')),
    ports: await openRecords(at('ports')),
    networks: await openRecords(at('networks')),
  };
}

/** The cloud that lives in this folder, for those who only look: nothing is made. Undefined when none does. */
export async function findContext(options: DockerCloudOptions): Promise<Context | undefined> {
  const owner = await readFile(join(options.dataDir, 'owner'), 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  });
  if (owner === undefined) return undefined;
  const folders = { dataDir: await realpath(options.dataDir), runDir: options.runDir };
  return openContext(options, folders, owner, options.log ?? silentLogger);
}
