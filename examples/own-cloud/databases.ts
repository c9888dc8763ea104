import { randomUUID } from 'node:crypto';
import type { Cloud, Identity } from '@coffer/core';
import * as coffer from '@coffer/server';
import { createRelayBroker, relayAccounts } from '@coffer/server/brokers';
import type { Pool } from 'pg';

const quotas = { instances: 10, ram: -1, volumes: 40, backups: 50 };

/** Coffer over this cloud's own parts, its tables in a schema of our database. */
export async function createDatabases(cloud: Cloud, identity: Identity, pool: Pool, schema: string, key: Uint8Array) {
  const store = coffer.createStore({ pool, schema });
  await coffer.migrate(store);
  const secrets = coffer.createSecretBox([key]);
  const account = { host: '127.0.0.1', username: 'coffer', password: randomUUID() };
  const broker = await createRelayBroker({ ...account, port: 0, service: account, accounts: relayAccounts(store) });
  const guests = coffer.createGuests({ store, secrets, broker, line: { ...account, port: broker.port } });
  await guests.start();
  const kinds = coffer.instanceTasks({ store, cloud, broker, guests, secrets, reportIntervalMs: 5_000 });
  const worker = coffer.createWorker({ store, kinds });
  worker.start();
  const conductor = coffer.createConductor({ store, cloud, broker, hears: guests.ping });
  conductor.start();
  const health = coffer.createHealth({ store: store.ping, broker: guests.ping, cloud: cloud.ping });
  const config = { region: 'here', quotas, maxVolumeSizeGib: 10 };
  const app = coffer.createApp({ store, guests, cloud, identity, health, secrets, config });
  const ends = [conductor.stop, worker.stop, guests.close, broker.close, store.close];
  return { app, close: () => ends.reduce((before, end) => before.then(() => end()), Promise.resolve()) };
}
