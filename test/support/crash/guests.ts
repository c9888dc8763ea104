import { mkdtempSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type BrokerAccount, silentLogger } from '@coffer/core';
import { createAgentTransport } from '@coffer/core/amqp';
import type { DriverManifest } from '@coffer/core/driver';
import {
  type AgentTransport,
  connectAgentLink,
  type EnrolmentData,
  type KeyPair,
  newKeyPair,
  PROTOCOLS,
} from '@coffer/core/rpc';
import { createFakeRuntime, type FakeRuntime } from '@coffer/core/testing';
import { createAgent } from '../../../packages/agent/src/agent.ts';
import { createDatabase } from '../../../packages/agent/src/database.ts';
import { createHandlers } from '../../../packages/agent/src/handlers.ts';
import { createLogs } from '../../../packages/agent/src/logs.ts';
import { openReplies } from '../../../packages/agent/src/replies.ts';
import { parseEnrolmentData } from '../../../packages/agent/src/spec.ts';
import { createStatusReporter } from '../../../packages/agent/src/status-reporter.ts';
import { container, fakeDriver, memoryState, readsItsFiles } from '../../../packages/agent/src/testing.ts';
import { createTls } from '../../../packages/agent/src/tls.ts';
import type { TestingCloud } from '../../../packages/server/src/clouds/testing/index.ts';

/** One run of a guest's method: what an operation did, and how often. */
export interface GuestRun {
  instanceId: string;
  method: string;
  operationId: string;
}

export interface HostedGuests extends AsyncDisposable {
  /** Every run of a handler, in order; a call that was answered from its stored reply is none. */
  readonly runs: readonly GuestRun[];
  /** Ids of the instances whose guest is up. */
  running(): string[];
  /** The database of an instance, whose health a test sets. */
  database(instanceId: string): ReturnType<typeof fakeDriver>;
}

export interface GuestOptions {
  /** The road to the broker. */
  connect?(account: BrokerAccount, instanceId: string): AgentTransport;
  /** The guests' clock, ms since 1970. */
  now?(): number;
}

/**
 * A guest for each server of the testing cloud: the agent's own reconciler, handlers and link over AMQP; containers, volume and
 * database are in memory.
 */
export function hostGuests(cloud: TestingCloud, manifest: DriverManifest, options: GuestOptions = {}): HostedGuests {
  const runs: GuestRun[] = [];
  const guests = new Map<string, Guest>();
  const ends: Promise<void>[] = [];
  const databases = new Map<string, ReturnType<typeof fakeDriver>>();
  const database = (instanceId: string) => {
    const driver = databases.get(instanceId) ?? fakeDriver();
    databases.set(instanceId, driver);
    return driver;
  };

  function begin(key: string, ground: Ground): void {
    const stop = new AbortController();
    guests.set(key, { ground, stop, ended: runGuest(ground, manifest, (run) => runs.push(run), options, stop.signal) });
  }

  async function reboot(key: string, { ground, stop, ended }: Guest): Promise<void> {
    stop.abort();
    await ended;
    for (const { name, state } of await ground.runtime.list({})) if (state === 'running') ground.runtime.die(name, 137);
    // Deleted meanwhile, it does not come back.
    if (guests.get(key)?.stop === stop) begin(key, ground);
  }

  const endListening = cloud.listen({
    active: (server, userData) => begin(server.key, createGround(userData, database(server.key))),
    rebooted(server) {
      const guest = guests.get(server.key);
      if (guest) ends.push(reboot(server.key, guest));
    },
    gone(server) {
      const guest = guests.get(server.key);
      guests.delete(server.key);
      guest?.stop.abort();
      if (guest) ends.push(guest.ended.then(() => guest.ground.remove()));
    },
  });

  return {
    runs,
    running: () => [...guests.keys()],
    database,
    async [Symbol.asyncDispose]() {
      endListening();
      for (const { stop, ended, ground } of guests.values()) {
        stop.abort();
        ends.push(ended.then(() => ground.remove()));
      }
      await Promise.all(ends);
    },
  };
}

interface Guest {
  ground: Ground;
  stop: AbortController;
  ended: Promise<void>;
}

/** What a guest keeps over a reboot. */
interface Ground {
  enrolment: EnrolmentData;
  folder: string;
  driver: ReturnType<typeof fakeDriver>;
  runtime: FakeRuntime;
  keys: KeyPair;
  serverPublicKey?: string;
  state: ReturnType<typeof memoryState>;
  boots: number;
  remove(): Promise<void>;
}

function createGround(userData: string, driver: Ground['driver']): Ground {
  const folder = mkdtempSync(join(tmpdir(), 'coffer-guest-'));
  const runtime = createFakeRuntime({ images: [container.image] });
  readsItsFiles(runtime, driver);
  return {
    enrolment: parseEnrolmentData(JSON.parse(userData)),
    folder,
    driver,
    runtime,
    keys: newKeyPair(),
    state: memoryState(),
    boots: 0,
    remove: () => rm(folder, { recursive: true, force: true }),
  };
}

async function runGuest(
  ground: Ground,
  manifest: DriverManifest,
  record: (run: GuestRun) => void,
  { connect, now = Date.now }: GuestOptions,
  signal: AbortSignal,
): Promise<void> {
  const { folder, driver, runtime, keys, serverPublicKey } = ground;
  const { instanceId, token, broker, reportIntervalMs } = ground.enrolment;
  await runtime.create({ name: 'coffer-sandbox', image: container.image, network: 'none' });
  await runtime.start('coffer-sandbox');
  const { state } = ground;
  const tls = createTls(state);
  const logs = createLogs({ runtime, log: silentLogger });
  const usage = async () => ({ usedBytes: 0, totalBytes: 2 ** 30 });
  const volume = { ensure: async () => folder, freeBytes: async () => undefined, usage };
  const agent = createAgent({
    runtime,
    state,
    tls,
    logs,
    volume,
    sandbox: { ensure: async () => {}, holds: async () => true },
    database: createDatabase({ runtime, runDir: folder, setOwner: async () => {} }),
    ensureImage: async () => container.image,
    loadDriver: async () => ({ ...driver.factory, manifest }),
    log: silentLogger,
    startingMs: 20,
    watchMs: 200,
  });
  const report = async () => ({
    ...agent.status(),
    agentBuild: 'hosted',
    protocol: PROTOCOLS.max,
    clockMs: now(),
  });
  const { replies, marks } = await openReplies(join(folder, 'replies'));
  const handlers = createHandlers({ instanceId, agent, tls, logs, volume, marks, report });
  const reconciling = agent.run(signal);
  const transport = connect?.(broker, instanceId) ?? createAgentTransport({ ...broker, instanceId });
  try {
    const link = await connectAgentLink({
      transport,
      instanceId,
      keys,
      ...(serverPublicKey === undefined ? { token } : { serverPublicKey }),
      enrolled: async (key) => {
        ground.serverPublicKey = key;
      },
      nextBoot: async () => {
        ground.boots += 1;
        return ground.boots;
      },
      replies,
      handlers: new Proxy(handlers, {
        get: (target, method) => {
          const handler: unknown = Reflect.get(target, method);
          if (typeof handler !== 'function') return handler;
          return (params: unknown, op: { id: string }) => {
            record({ instanceId, method: String(method), operationId: op.id });
            return Reflect.apply(handler, target, [params, op]);
          };
        },
      }),
      enrolRetryMs: 500,
      now,
      signal,
    });
    const reporter = createStatusReporter({
      report,
      send: (sent) => link.report(sent),
      intervalMs: reportIntervalMs,
      log: silentLogger,
    });
    agent.onChange(() => reporter.nudge());
    await reporter.run(signal);
    await link.close();
  } catch (error) {
    if (!signal.aborted) throw error;
    await transport.close();
  }
  await reconciling;
}
