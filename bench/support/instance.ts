import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Client } from '@coffer/core';
import { type LocalCloud, startLocalCloud } from '../../scripts/local-cloud.ts';

/** A cloud of the bench's own. @param network N of the two networks 10.N.0.0/16 and the next, which nobody else uses. */
export const startBenchCloud = (dataDir: string, network: number): Promise<LocalCloud> =>
  startLocalCloud({
    dataDir,
    port: 0,
    brokerPort: 0,
    logLevel: 'warn',
    managementPool: `10.${network}.0.0/16`,
    tenantPool: `10.${network + 1}.0.0/16`,
  });

/** Asks for a small MySQL with a database `d` and a user who may use it. */
export async function askForInstance(client: Client): Promise<{ id: string; user: string; password: string }> {
  const [user, password] = ['u', randomBytes(12).toString('base64url')];
  const { data, error } = await client.POST('/v1.0/{project_id}/instances', {
    body: {
      instance: {
        name: 'bench',
        flavorRef: '1',
        volume: { size: 1 },
        datastore: { type: 'mysql', version: '9.7' },
        databases: [{ name: 'd' }],
        users: [{ name: user, password, databases: [{ name: 'd' }] }],
      },
    },
  });
  if (!data) throw new Error(JSON.stringify(error));
  return { id: data.instance.id, user, password };
}

/** @returns the instance's address, as soon as it is ACTIVE. @throws Error with its fault. */
export async function untilActive(client: Client, id: string, signal?: AbortSignal): Promise<string> {
  for (;;) {
    const path = { instance_id: id };
    const { data } = await client.GET('/v1.0/{project_id}/instances/{instance_id}', { params: { path } });
    const host = data?.instance.addresses?.[0]?.address;
    if (data?.instance.status === 'ERROR') throw new Error(data.instance.fault?.message);
    if (data?.instance.status === 'ACTIVE' && host !== undefined) return host;
    await sleep(20, undefined, { signal });
  }
}
