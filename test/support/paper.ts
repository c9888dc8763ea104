import { randomBytes } from 'node:crypto';
import type { DriverManifest, ManifestParameter } from '@coffer/core/driver';
import { vi } from 'vitest';
import { createSecretBox } from '../../packages/server/src/secrets.ts';
import { instanceTasks } from '../../packages/server/src/worker/tasks/instance-tasks.ts';
import { createWorker } from '../../packages/server/src/worker/worker.ts';
import { type Account, newInstance, type TestApi } from './api.ts';

const PARAMETERS: readonly ManifestParameter[] = [
  {
    name: 'max_connections',
    type: 'integer',
    min: 1,
    max: 1000,
    maxByFlavor: { div: ['memoryMib', 4] },
    restartRequired: false,
  },
  { name: 'long_query_time', type: 'float', min: 0, restartRequired: false },
  { name: 'event_scheduler', type: 'boolean', restartRequired: false },
  { name: 'sql_mode', type: 'string', enum: ['ANSI', 'STRICT_ALL_TABLES'], isList: true, restartRequired: false },
  { name: 'init_connect', type: 'string', restartRequired: false },
  { name: 'back_log', type: 'integer', min: 1, max: 65_535, restartRequired: true },
  { name: 'read_only', type: 'boolean', restartRequired: false, operatorOnly: true },
];

/** A datastore of two versions that can do everything, and one that cannot. */
export async function registerPaper(api: TestApi): Promise<void> {
  const version = (name: string, active: boolean) => ({
    name,
    number: `${name}.0`,
    image: `paper:${name}`,
    active,
    parameters: PARAMETERS,
  });
  const paper: DriverManifest = {
    ...api.manifest,
    datastore: 'paper',
    title: 'Paper',
    groups: ['databases', 'users', 'root', 'configuration', 'logs', 'tls', 'metrics'],
    versions: [{ ...version('2', true), default: true }, version('1', false)],
    sizing: [{ parameter: 'max_connections', value: { div: ['memoryMib', 8] } }],
  };
  await api.store.datastores.register({ sha256: '33'.repeat(32), manifest: paper, code: Buffer.from('') });
  await api.store.datastores.register({
    sha256: '44'.repeat(32),
    manifest: { ...paper, datastore: 'stone', title: 'Stone', groups: ['databases'] },
    code: Buffer.from(''),
  });
}

/** An instance at rest on the testing cloud, as its create would have left it. @returns its id. */
export async function paperInstance(api: TestApi, { client }: Account, type = 'paper'): Promise<string> {
  const body = { instance: newInstance({ datastore: { type } }) };
  const { data, error } = await client.POST('/v1.0/{project_id}/instances', { body });
  if (!data) throw new Error(`no instance was made: ${JSON.stringify(error)}`);
  const { id } = data.instance;
  const [{ id: job } = { id: '' }] = await api.store.jobs.ofInstance(id);
  await api.store.jobs.end(job, 'done');
  const { cloud, store } = api;
  const port = await cloud.ports.create({ key: id, projectId: 'p', allowedCidrs: [], tcpPorts: [] });
  const volume = await cloud.volumes.create({ key: id, sizeGib: 2 });
  await vi.waitFor(async () => {
    if ((await cloud.volumes.get(volume.id))?.status !== 'available') throw new Error('the volume is not there');
  });
  const server = await cloud.servers.create({
    key: id,
    flavorId: '1',
    portIds: [port.id],
    volumeIds: [volume.id],
    userData: '',
    metadata: {},
  });
  await vi.waitFor(async () => {
    if ((await cloud.servers.get(server.id))?.status !== 'ACTIVE') throw new Error('the server is not there');
  });
  for (const [kind, made] of Object.entries({ port, volume, server })) {
    const row = await store.ledger.intend({ kind, key: id, instanceId: id });
    await store.ledger.present(row.id, made.id);
  }
  await api.activate(id);
  await store.instances.update(id, { addresses: [{ address: port.address, type: 'private' }] });
  return id;
}

/** The same for every worker of a test: what one has sealed, the next opens. */
const secrets = createSecretBox([randomBytes(32)]);

/** Runs the jobs of the API's store, with its guests and its cloud. */
export function workOn({ store, cloud, guests }: TestApi): AsyncDisposable & { idle(): Promise<void> } {
  const away = () => Promise.reject(new Error('nothing is asked of the broker'));
  const broker = { prepareCopy: away, grant: away, revoke: away, has: away, list: away, ping: away };
  const kinds = instanceTasks({ store, cloud, broker, guests, secrets, reportIntervalMs: 5_000 });
  const worker = createWorker({ store, kinds, pollMs: 200, retry: { firstMs: 5, maxMs: 10 } });
  worker.start();
  return {
    idle: () =>
      vi.waitFor(
        async () => {
          const { queued, running } = await store.jobs.counts();
          if (queued + running > 0) throw new Error(`${queued + running} jobs have not ended`);
        },
        { timeout: 10_000, interval: 20 },
      ),
    [Symbol.asyncDispose]: () => worker.stop({ graceMs: 0 }),
  };
}
