import { lookup } from 'node:dns/promises';
import { join } from 'node:path';
import { type Logger, Problem } from '@coffer/core';
import { createEngine } from '@coffer/core/engine';
import { createDockerCloud, type DockerCloud } from './clouds/docker/index.ts';
import type { ServerConfig } from './config.ts';

/** As networks of one address each: guests may reach a broker beyond this host, and nothing else there. */
async function addressesOf(host: string | undefined): Promise<string[]> {
  if (host === undefined) return [];
  const found = await lookup(host, { all: true, family: 4 }).catch((error: unknown) => {
    throw new Problem('unavailable', `the broker ${host} has no IPv4 address here; check its name`, { cause: error });
  });
  return found.map(({ address }) => `${address}/32`);
}

export type CloudConfig = Pick<
  ServerConfig,
  | 'engine'
  | 'dataDir'
  | 'runDir'
  | 'guestImage'
  | 'imagesDir'
  | 'broker'
  | 'brokerPort'
  | 'managementPool'
  | 'tenantPool'
>;

/** The machine's own cloud of a data folder. */
export async function openCloud(config: CloudConfig, log: Logger): Promise<DockerCloud> {
  return createDockerCloud({
    engine: createEngine(config.engine === undefined ? {} : { endpoint: config.engine }),
    dataDir: join(config.dataDir, 'cloud'),
    runDir: config.runDir,
    guestImage: config.guestImage,
    brokerPorts: [config.broker?.port ?? config.brokerPort],
    guestEgress: await addressesOf(config.broker?.host),
    log,
    ...(config.imagesDir !== undefined && { imagesDir: config.imagesDir }),
    ...(config.managementPool !== undefined && { managementPool: config.managementPool }),
    ...(config.tenantPool !== undefined && { tenantPool: config.tenantPool }),
  });
}
