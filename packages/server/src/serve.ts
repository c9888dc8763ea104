import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from '@coffer/core';
import { createApp } from './app.ts';
import { openRabbitmq, openRelay } from './brokers/open-broker.ts';
import { careForGuests } from './clouds/docker/care.ts';
import { createConductor } from './conductor/conductor.ts';
import type { ServerConfig } from './config.ts';
import { createGuests } from './guest/guests.ts';
import { listen } from './http/listen.ts';
import { createBuiltinIdentity } from './identity/builtin.ts';
import { checkExposure } from './identity/exposure.ts';
import { openCloud } from './local-cloud.ts';
import { openLocalStore } from './local-store.ts';
import { portProblem } from './port-problem.ts';
import { createReleases } from './release.ts';
import { takeServerLock } from './server-lock.ts';
import { createHealth } from './services/health.ts';
import { instanceTasks } from './worker/tasks/instance-tasks.ts';
import { createWorker, type WorkerOptions } from './worker/worker.ts';

export interface RunningServer {
  /** Without a slash at its end. */
  url: string;
  /** Ends everything in order; guests run on. */
  close(): Promise<void>;
}

const QUOTAS = { instances: 10, ram: -1, volumes: 40, backups: 50 };
const MAX_VOLUME_GIB = 10;
const STOP_GRACE_MS = 10_000;
const BROKER_GRACE_MS = 3_000;

/** The whole of Coffer for one machine: a store, a broker, the docker cloud, and the roles that the configuration names. */
export async function serve(
  config: ServerConfig,
  log: Logger,
  worker: Pick<WorkerOptions, 'leaseMs' | 'observe'> = {},
): Promise<RunningServer> {
  checkExposure({ host: config.listen.host, hasTls: false, allowInsecure: config.allowInsecure });
  const releases = createReleases(log);
  releases.add('the data folder', await takeServerLock(config.dataDir));
  try {
    const { store, secrets } = await openLocalStore({ ...config, log }, releases);
    const cloud = await openCloud(config, log);
    releases.add('the cloud', () => cloud.close());
    await cloud.recover();
    const { broker, line } = config.broker
      ? openRabbitmq(config.broker)
      : await openRelay({ cloud, store, dataDir: config.dataDir, port: config.brokerPort, log }, releases);
    const guests = createGuests({ store, secrets, broker, line, log });
    const linked = guests.start();
    // Closed before it was linked; nobody waits for it then.
    linked.catch(() => {});
    releases.add('the links to guests', () => guests.close());
    // A broker that is away holds up nobody: what needs it is refused until it is there.
    await Promise.race([linked, sleep(BROKER_GRACE_MS, undefined, { ref: false })]);

    const { reportIntervalMs } = config;
    if (config.roles.has('worker')) {
      const jobs = createWorker({
        ...worker,
        store,
        kinds: instanceTasks({ store, cloud, broker, guests, secrets, reportIntervalMs }),
        log,
      });
      await jobs.start();
      releases.add('the worker', () => jobs.stop({ graceMs: STOP_GRACE_MS }));
    }
    if (config.roles.has('conductor')) {
      const conductor = createConductor({
        store,
        cloud,
        broker,
        hears: () => guests.ping(),
        reportIntervalMs,
        log,
      });
      conductor.start();
      releases.add('the conductor', () => conductor.stop());
      releases.add('the care for guests', careForGuests(cloud, log));
    }
    if (!config.roles.has('api')) return { url: '', close: () => releases.run() };

    const origin = (port: number) =>
      `http://${config.listen.host.includes(':') ? `[${config.listen.host}]` : config.listen.host}:${port}`;
    const identity = createBuiltinIdentity({ store, authUrl: `${origin(config.listen.port)}/identity` });
    const app = createApp({
      store,
      guests,
      cloud,
      identity,
      builtin: identity,
      health: createHealth(
        {
          store: () => store.ping(),
          // What carries messages, and what makes accounts: with RabbitMQ these are two.
          broker: async () => void (await Promise.all([guests.ping(), broker.ping()])),
          cloud: () => cloud.ping(),
        },
        log,
      ),
      secrets,
      config: { region: config.region, quotas: QUOTAS, maxVolumeSizeGib: MAX_VOLUME_GIB },
      log,
    });
    const http = await listen({ fetch: app.fetch, ...config.listen }).catch(
      portProblem('The API', config.listen.host, config.listen.port, '--listen or COFFER_LISTEN'),
    );
    releases.add('the API', () => http.close(STOP_GRACE_MS));
    return { url: origin(http.port), close: () => releases.run() };
  } catch (error) {
    await releases.run().catch(() => undefined);
    throw error;
  }
}
