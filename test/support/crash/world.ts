import type { ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { join } from 'node:path';
import type { Broker, Cloud, SecretBox } from '@coffer/core';
import { manifest } from '@coffer/drivers/mysql/manifest';
import { createTestingCloud, type TestingCloud } from '../../../packages/server/src/clouds/testing/index.ts';
import { createBuiltinIdentity } from '../../../packages/server/src/identity/builtin.ts';
import { createSecretBox } from '../../../packages/server/src/secrets.ts';
import { createStore, type Store } from '../../../packages/server/src/store/store.ts';
import type { StepPoint } from '../../../packages/server/src/worker/job-kind.ts';
import { newMember } from '../member.ts';
import { testDatabase } from '../postgres.ts';
import { relayForTests } from '../relay.ts';
import { type HostedGuests, hostGuests } from './guests.ts';
import { expose, forkSource } from './remote.ts';
import type { CopyServices, CopySettings } from './server-copy.ts';

/** One copy of the server, in a process of its own. */
export interface ServerCopy {
  readonly url: string;
  /** SIGKILL; resolves when the process is no more. */
  kill(): Promise<void>;
}

export interface CrashWorldOptions {
  /** Of the copies' jobs, ms. */
  leaseMs: number;
  /** How often a copy looks for jobs of which nobody tells it, ms. Default 200. */
  pollMs?: number;
  /** Called around the effect of every step of every job, with the copy that does it. */
  observe(copy: ServerCopy, point: StepPoint): Promise<void>;
}

/** What outlives every server: store, cloud, broker, guests. */
export interface CrashWorld extends AsyncDisposable {
  readonly store: Store;
  readonly cloud: TestingCloud;
  readonly broker: Broker;
  readonly secrets: SecretBox;
  readonly guests: HostedGuests;
  /** How often the cloud made something, or rebooted it, by `<kind> <key>`. */
  readonly made: ReadonlyMap<string, number>;
  /** A copy that serves and works. Its process was started ahead of time. */
  startCopy(): Promise<ServerCopy>;
  /** From now until its server was rebooted, calls to this guest run out of time. */
  silence(instanceId: string): void;
  isSilent(instanceId: string): boolean;
  /** A request to a copy as a member of the one project; the path may hold `{project_id}`. */
  request(copy: ServerCopy, method: string, path: string, body?: unknown): Promise<Response>;
}

const SCRIPT = join(import.meta.dirname, 'server-copy.ts');

/** Counts what is made and rebooted: a cloud whose keys are mere labels makes a second thing when it is asked twice. */
function counting(cloud: Cloud, made: Map<string, number>): Cloud {
  const count = (kind: string, key: string) => made.set(`${kind} ${key}`, (made.get(`${kind} ${key}`) ?? 0) + 1);
  const { servers, volumes, ports } = cloud;
  return {
    ...cloud,
    servers: {
      ...servers,
      create: async (spec) => {
        count('server', spec.key);
        return servers.create(spec);
      },
      reboot: async (id) => {
        count('reboot', (await servers.get(id))?.key ?? id);
        return servers.reboot(id);
      },
    },
    volumes: {
      ...volumes,
      create: async (spec) => {
        count('volume', spec.key);
        return volumes.create(spec);
      },
    },
    ports: {
      ...ports,
      create: async (spec) => {
        count('port', spec.key);
        return ports.create(spec);
      },
    },
  };
}

export async function startCrashWorld(options: CrashWorldOptions): Promise<CrashWorld> {
  const database = await testDatabase();
  const store = createStore({ url: database.url, maxConnections: 10 });
  const relay = await relayForTests();
  const cloud = createTestingCloud({ buildMs: 20, deleteMs: 20, listLagMs: 50 });
  await store.datastores.register({ sha256: '00'.repeat(32), manifest, code: Buffer.from('') });
  const guests = hostGuests(cloud, manifest);
  const made = new Map<string, number>();
  const silent = new Set<string>();
  cloud.listen({ rebooted: ({ key }) => void silent.delete(key) });
  const { broker } = relay;
  const masterKey = randomBytes(32);
  const settings: CopySettings = {
    databaseUrl: database.url,
    masterKey,
    service: relay.service,
    leaseMs: options.leaseMs,
    pollMs: options.pollMs ?? 200,
    settleMs: 200,
    reportIntervalMs: 2_000,
  };

  const identity = createBuiltinIdentity({ store, authUrl: 'http://127.0.0.1/identity' });
  const { projectId, token } = await newMember(identity, { user: 'crash', project: 'crash' });

  const children = new Set<ChildProcess>();

  /** A process that has all its code, and waits to be told what it is a copy of. */
  function spare(): () => Promise<ServerCopy> {
    const child = forkSource(SCRIPT);
    children.add(child);
    const exited = once(child, 'exit');
    const told = Promise.withResolvers<CopySettings>();
    const ready = Promise.withResolvers<ServerCopy>();
    // Nobody waits for one that is never begun.
    ready.promise.catch(() => {});
    void exited.then(([code, signal]) => {
      children.delete(child);
      ready.reject(new Error(`a copy ended with ${code ?? signal} before it served`));
    });
    let copy: ServerCopy | undefined;
    const services: CopyServices = {
      settings: () => told.promise,
      isSilent: async (instanceId) => silent.has(instanceId),
      cloud: counting(cloud, made),
      broker,
      async observe(point) {
        if (copy) await options.observe(copy, point);
      },
      async ready(url) {
        if (copy) ready.resolve(Object.assign(copy, { url }));
      },
    };
    expose(child, services);
    return () => {
      copy = {
        url: '',
        async kill() {
          child.kill('SIGKILL');
          await exited;
        },
      };
      told.resolve(settings);
      return ready.promise;
    };
  }

  let next = spare();
  return {
    store,
    cloud,
    broker,
    secrets: createSecretBox([masterKey]),
    guests,
    made,
    async startCopy() {
      const begin = next;
      next = spare();
      return begin();
    },
    silence: (instanceId) => void silent.add(instanceId),
    isSilent: (instanceId) => silent.has(instanceId),
    request(copy, method, path, body) {
      return fetch(`${copy.url}${path.replace('{project_id}', projectId)}`, {
        method,
        headers: { 'X-Auth-Token': token, ...(body !== undefined && { 'Content-Type': 'application/json' }) },
        ...(body !== undefined && { body: JSON.stringify(body) }),
      });
    },
    async [Symbol.asyncDispose]() {
      await Promise.all(
        [...children].map(async (child) => {
          const exited = once(child, 'exit');
          child.kill('SIGKILL');
          await exited;
        }),
      );
      await guests[Symbol.asyncDispose]();
      await store.close();
      await relay.dispose();
      await database.drop();
    },
  };
}
