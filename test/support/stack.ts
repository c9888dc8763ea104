import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Client, Instance, NewInstance } from '@coffer/core';
import { expect, vi } from 'vitest';
import { type LocalCloud, type LocalCloudOptions, startLocalCloud } from '../../scripts/local-cloud.ts';

/** A whole Coffer in a process of its own, apart from what an operator may run on the same machine. */
export async function startStack(
  more: Pick<LocalCloudOptions, 'program' | 'more' | 'engine' | 'datastores'> = {},
): Promise<LocalCloud> {
  const dataDir = await mkdtemp(join(tmpdir(), 'coffer-stack-'));
  return startLocalCloud({
    dataDir,
    port: 0,
    brokerPort: 0,
    managementPool: '10.218.0.0/16',
    tenantPool: '10.219.0.0/16',
    logLevel: 'debug',
    reportIntervalMs: 1_000,
    ...more,
  });
}

const path = (id: string) => ({ params: { path: { instance_id: id } } });

export async function createInstance(client: Client, more: Partial<NewInstance> = {}): Promise<Instance> {
  const { data, error } = await client.POST('/v1.0/{project_id}/instances', {
    body: {
      instance: {
        name: 'e2e',
        flavorRef: '1',
        volume: { size: 1 },
        datastore: { type: 'mysql', version: '9.7' },
        ...more,
      },
    },
  });
  expect(error).toBeUndefined();
  if (!data) throw new Error('the create has no body');
  return data.instance;
}

/** Undefined for an instance that is gone. */
export async function showInstance(client: Client, id: string): Promise<Instance | undefined> {
  const { data, response } = await client.GET('/v1.0/{project_id}/instances/{instance_id}', path(id));
  expect([200, 404]).toContain(response.status);
  return data?.instance;
}

export const untilStatus = (
  client: Client,
  id: string,
  status: Instance['status'],
  timeout = 120_000,
): Promise<Instance> =>
  vi.waitFor(
    async () => {
      const instance = await showInstance(client, id);
      expect(instance?.status, instance?.fault?.message).toBe(status);
      if (!instance) throw new Error('unreachable');
      return instance;
    },
    { timeout, interval: 200 },
  );

export async function deleteInstance(client: Client, id: string): Promise<void> {
  const { response } = await client.DELETE('/v1.0/{project_id}/instances/{instance_id}', path(id));
  expect(response.status).toBe(202);
  await vi.waitFor(async () => expect(await showInstance(client, id)).toBeUndefined(), {
    timeout: 60_000,
    interval: 200,
  });
}

export function addressOf(instance: Instance): string {
  const address = instance.addresses?.[0]?.address;
  if (address === undefined) throw new Error(`instance ${instance.id} shows no address`);
  return address;
}
