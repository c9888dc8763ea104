import { type Broker, type Cloud, Problem } from '@coffer/core';
import type { GuestCaller } from '@coffer/core/rpc';
import { createApp } from '../../../packages/server/src/app.ts';
import { createLog } from '../../../packages/server/src/cli/log.ts';
import { createConductor } from '../../../packages/server/src/conductor/conductor.ts';
import { type BrokerLine, createGuests } from '../../../packages/server/src/guest/guests.ts';
import { listen } from '../../../packages/server/src/http/listen.ts';
import { createBuiltinIdentity } from '../../../packages/server/src/identity/builtin.ts';
import { createSecretBox } from '../../../packages/server/src/secrets.ts';
import { createStore } from '../../../packages/server/src/store/store.ts';
import type { StepPoint } from '../../../packages/server/src/worker/job-kind.ts';
import { instanceTasks } from '../../../packages/server/src/worker/tasks/instance-tasks.ts';
import { createWorker } from '../../../packages/server/src/worker/worker.ts';
import { UNLIMITED } from '../quotas.ts';
import { remote } from './remote.ts';

/** What a copy needs of the world that outlives it. */
export interface CopyServices {
  settings(): Promise<CopySettings>;
  cloud: Cloud;
  broker: Broker;
  /** Answered when the job may go on; never, when the copy is to be killed here. */
  observe(point: StepPoint): Promise<void>;
  /** Whether calls to this guest are to run out of time, at once instead of in a minute. */
  isSilent(instanceId: string): Promise<boolean>;
  /** Told once: the copy serves its API there, and works. */
  ready(url: string): Promise<void>;
}

export interface CopySettings {
  databaseUrl: string;
  masterKey: Uint8Array;
  service: BrokerLine;
  leaseMs: number;
  pollMs: number;
  /** How long the cloud may take to show what it made, ms. */
  settleMs: number;
  reportIntervalMs: number;
}

/** One copy of the server, all roles, in a process of its own; its cloud and its broker are its parent's. */
const world = remote<CopyServices>();
const { databaseUrl, masterKey, service, leaseMs, pollMs, settleMs, reportIntervalMs } = await world.settings();
// What fails because others were killed is no news here.
const log = createLog('fatal');
const store = createStore({ url: databaseUrl, maxConnections: 20, log });
const secrets = createSecretBox([Buffer.from(masterKey)]);
const { cloud, broker } = world;
const guests = createGuests({ store, secrets, broker, line: service, log });
await guests.start();
const caller: GuestCaller = {
  async call(instanceId, method, params, options) {
    if (await world.isSilent(instanceId)) throw new Problem('timeout', `instance ${instanceId} keeps silent`);
    return guests.call(instanceId, method, params, options);
  },
};
createWorker({
  store,
  kinds: instanceTasks({ store, cloud, broker, guests: caller, secrets, reportIntervalMs }),
  // All jobs of a round stand at their points at once.
  concurrency: 200,
  leaseMs,
  pollMs,
  settleMs,
  retry: { firstMs: 50, maxMs: 1_000 },
  log,
  observe: (point) => world.observe(point),
}).start();
createConductor({ store, cloud, broker, reportIntervalMs, intervalMs: 1_000, log }).start();

const identity = createBuiltinIdentity({ store, authUrl: 'http://127.0.0.1/identity' });
const app = createApp({
  store,
  guests,
  cloud,
  identity,
  builtin: identity,
  health: async () => ({ store: { isOk: true }, broker: { isOk: true }, cloud: { isOk: true } }),
  secrets,
  config: {
    region: 'RegionOne',
    quotas: UNLIMITED,
    maxVolumeSizeGib: 10,
    validateResponses: true,
  },
  log,
});
const { port } = await listen({ fetch: app.fetch, host: '127.0.0.1', port: 0 });
await world.ready(`http://127.0.0.1:${port}`);
