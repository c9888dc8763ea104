import { randomBytes, randomUUID } from 'node:crypto';
import { join, resolve } from 'node:path';
import { type Logger, Problem, toProblem } from '@coffer/core';
import { createServerTransport } from '@coffer/core/amqp';
import { createEngine } from '@coffer/core/engine';
import { createGuestLink } from '@coffer/core/rpc';
import { createApp } from './app.ts';
import { ensureCertificates } from './brokers/authority.ts';
import { createRelayBroker } from './brokers/relay.ts';
import { createDockerCloud, type DockerCloud } from './clouds/docker/index.ts';
import { createConductor } from './conductor/conductor.ts';
import type { ServerConfig } from './config.ts';
import { createGuestDirectory } from './guest/directory.ts';
import { createDriverChunks } from './guest/driver-chunks.ts';
import { listen } from './http/listen.ts';
import { createBuiltinIdentity } from './identity/builtin.ts';
import { checkExposure } from './identity/exposure.ts';
import { openLocalStore } from './local-store.ts';
import { takeMachineLock } from './machine-lock.ts';
import { createReleases } from './release.ts';
import { createHealth } from './services/health.ts';
import type { Store } from './store/store.ts';
import { instanceTasks } from './worker/tasks/instance-tasks.ts';
import { createWorker } from './worker/worker.ts';

export interface RunningServer {
  /** Without a slash at its end. */
  url: string;
  /** Ends everything in order; guests run on. */
  close(): Promise<void>;
}

/** A port that cannot be had, as a sentence with the option that mends it. */
function portProblem(what: string, host: string, port: number, option: string) {
  return (error: NodeJS.ErrnoException): never => {
    const why = {
      EADDRINUSE: 'another program has it',
      EACCES: 'this user may not',
      EADDRNOTAVAIL: 'this machine has no such address',
    }[error.code ?? ''];
    if (why === undefined) throw error;
    throw new Problem('unavailable', `${what} cannot listen on ${host}:${port}: ${why}; give another with ${option}`, {
      cause: error,
    });
  };
}

const QUOTAS = { instances: 10, ram: -1, volumes: 40, backups: 50 };
const MAX_VOLUME_GIB = 10;
const STOP_GRACE_MS = 10_000;
const HEAL_INTERVAL_MS = 10_000;

/**
 * One server, or one command that takes everything away, over a data folder at a time.
 * @throws Problem `conflict` when there is one.
 */
export async function takeServerLock(dataDir: string): Promise<() => Promise<void>> {
  const release = await takeMachineLock(`server ${resolve(dataDir)}`);
  if (!release)
    throw new Problem('conflict', `a server runs over ${dataDir}; stop it first, or give another --data-dir`);
  return release;
}

/** The machine's own cloud of a data folder. */
export function openCloud(
  config: Omit<ServerConfig, 'listen' | 'roles' | 'region'>,
  log: Logger,
): Promise<DockerCloud> {
  return createDockerCloud({
    engine: createEngine(config.engine === undefined ? {} : { endpoint: config.engine }),
    dataDir: join(config.dataDir, 'cloud'),
    runDir: config.runDir,
    guestImage: config.guestImage,
    brokerPorts: [config.brokerPort],
    log,
    ...(config.imagesDir !== undefined && { imagesDir: config.imagesDir }),
    ...(config.managementPool !== undefined && { managementPool: config.managementPool }),
    ...(config.tenantPool !== undefined && { tenantPool: config.tenantPool }),
  });
}

function accountsOf(store: Store) {
  return {
    passwordHash: async (instanceId: string) => {
      // Usernames come from strangers; only ids are looked up.
      if (!/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(instanceId)) return undefined;
      return (await store.guests.get(instanceId))?.brokerPasswordHash ?? undefined;
    },
    list: async () =>
      (
        await store.db.selectFrom('guests').select('instanceId').where('brokerPasswordHash', 'is not', null).execute()
      ).map((row) => row.instanceId),
    forget: async (instanceId: string) =>
      void (await store.db
        .updateTable('guests')
        .set({ brokerPasswordHash: null })
        .where('instanceId', '=', instanceId)
        .execute()),
  };
}

/** The whole of Coffer for one machine: own store, embedded relay, docker cloud, and the roles that the configuration names. */
export async function serve(config: ServerConfig, log: Logger): Promise<RunningServer> {
  checkExposure({ host: config.listen.host, hasTls: false, allowInsecure: config.allowInsecure });
  const releases = createReleases(log);
  releases.add('the data folder', await takeServerLock(config.dataDir));
  try {
    const { store, secrets } = await openLocalStore({ ...config, log }, releases);
    const cloud = await openCloud(config, log);
    releases.add('the cloud', () => cloud.close());
    await cloud.recover();
    const { gateway } = await cloud.management();

    const tls = await ensureCertificates(join(config.dataDir, 'broker'), [gateway]);
    const service = { username: 'coffer-control-plane', password: randomBytes(32).toString('base64url') };
    const broker = await createRelayBroker({
      host: gateway,
      port: config.brokerPort,
      tls,
      service,
      accounts: accountsOf(store),
      log,
    }).catch(portProblem('The message relay', gateway, config.brokerPort, '--broker-port or COFFER_BROKER_PORT'));
    releases.add('the message relay', () => broker.close());

    const transport = createServerTransport({
      host: gateway,
      port: broker.port,
      ca: tls.ca,
      ...service,
      copy: randomBytes(16).toString('hex'),
      prepareCopy: (copy) => broker.prepareCopy(copy),
      log,
    });
    const guests = createGuestLink({
      transport,
      directory: createGuestDirectory({ store, secrets }),
      handlers: { driver_chunk: createDriverChunks(store) },
      log,
    });
    await guests.start();
    releases.add('the links to guests', () => guests.close());

    const { reportIntervalMs } = config;
    if (config.roles.has('worker')) {
      const worker = createWorker({
        store,
        kinds: instanceTasks({ store, cloud, broker, guests, secrets, reportIntervalMs }),
        log,
      });
      await worker.start();
      releases.add('the worker', () => worker.stop({ graceMs: STOP_GRACE_MS }));
    }
    if (config.roles.has('conductor')) {
      const conductor = createConductor({ store, cloud, broker, reportIntervalMs, log });
      conductor.start();
      releases.add('the conductor', () => conductor.stop());
      // A guest that ended by itself starts again, as a machine's own servers do; one line a state, not one a try.
      let lastFault = '';
      const healing = setInterval(() => {
        cloud.heal().then(
          () => {
            lastFault = '';
          },
          (error: unknown) => {
            const { detail } = toProblem(error);
            if (detail !== lastFault) log.warn({ error }, 'guests could not be looked after');
            lastFault = detail;
          },
        );
      }, HEAL_INTERVAL_MS);
      releases.add('the care for guests', () => clearInterval(healing));
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
        { store: () => store.ping(), broker: () => transport.ping(), cloud: () => cloud.ping() },
        log,
      ),
      secrets,
      config: { region: config.region, quotas: QUOTAS, maxVolumeSizeGib: MAX_VOLUME_GIB },
      log,
      newId: randomUUID,
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
