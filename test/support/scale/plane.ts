import type { Broker, Logger } from '@coffer/core';
import { manifest } from '@coffer/drivers/mysql/manifest';
import { createApp } from '../../../packages/server/src/app.ts';
import { createTestingCloud } from '../../../packages/server/src/clouds/testing/index.ts';
import { createConductor } from '../../../packages/server/src/conductor/conductor.ts';
import { type BrokerLine, createGuests } from '../../../packages/server/src/guest/guests.ts';
import { listen } from '../../../packages/server/src/http/listen.ts';
import { createBuiltinIdentity } from '../../../packages/server/src/identity/builtin.ts';
import { createSecretBox } from '../../../packages/server/src/secrets.ts';
import { createStore, type Store } from '../../../packages/server/src/store/store.ts';
import { instanceTasks } from '../../../packages/server/src/worker/tasks/instance-tasks.ts';
import { createWorker } from '../../../packages/server/src/worker/worker.ts';
import { newMember } from '../member.ts';
import { UNLIMITED } from '../quotas.ts';

export interface PlaneOptions {
  databaseUrl: string;
  masterKey: Uint8Array;
  /** Given the store, since a relay checks its accounts there. */
  openBroker(store: Store): Promise<{ broker: Broker; line: BrokerLine; close?(): Promise<void> }>;
  reportIntervalMs: number;
  /** A server of the cloud runs: somebody is to play its guest. */
  onGuest(userData: string): void;
  log: Logger;
}

export interface Plane {
  /** Without a slash at its end. */
  url: string;
  store: Store;
  /** A new project with a user in it. @returns its id and a token. */
  account(name: string): Promise<{ projectId: string; token: string }>;
  close(): Promise<void>;
}

/** The whole control plane in this process, over a real store and broker and the testing cloud. */
export async function startPlane(options: PlaneOptions): Promise<Plane> {
  const { reportIntervalMs, log } = options;
  const store = createStore({ url: options.databaseUrl, maxConnections: 20, log });
  await store.datastores.register({ sha256: '00'.repeat(32), manifest, code: Buffer.from('') });
  const secrets = createSecretBox([options.masterKey]);
  const { broker, line, close: closeBroker } = await options.openBroker(store);
  const guests = createGuests({ store, secrets, broker, line, log });
  await guests.start();
  const cloud = createTestingCloud();
  cloud.listen({ active: (_, userData) => options.onGuest(userData) });
  const worker = createWorker({
    store,
    kinds: instanceTasks({ store, cloud, broker, guests, secrets, reportIntervalMs }),
    log,
  });
  worker.start();
  const conductor = createConductor({ store, cloud, broker, reportIntervalMs, hears: () => guests.ping(), log });
  conductor.start();

  const identity = createBuiltinIdentity({ store, authUrl: 'http://127.0.0.1/identity' });
  const app = createApp({
    store,
    guests,
    cloud,
    identity,
    builtin: identity,
    health: async () => ({ store: { isOk: true }, broker: { isOk: true }, cloud: { isOk: true } }),
    secrets,
    config: { region: 'RegionOne', quotas: UNLIMITED, maxVolumeSizeGib: 10 },
    log,
  });
  const http = await listen({ fetch: app.fetch, host: '127.0.0.1', port: 0 });
  return {
    url: `http://127.0.0.1:${http.port}`,
    store,
    async account(name) {
      const { projectId, token } = await newMember(identity, { user: name, project: name });
      return { projectId, token };
    },
    async close() {
      await http.close();
      await conductor.stop();
      await worker.stop();
      await guests.close();
      await closeBroker?.();
      await store.close();
    },
  };
}
