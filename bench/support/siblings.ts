import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { randomBytes, randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';
import { type DriverManifest, evaluateSizing } from '@coffer/core/driver';
import { createEngine } from '@coffer/core/engine';
import type { InstanceSpec } from '@coffer/core/rpc';
import type { ConnectionOptions } from 'mysql2/promise';
import { bundleAgent } from '../../packages/agent/bundle.mjs';
import { DATABASE } from '../../packages/agent/src/database.ts';
import { packDriver } from '../../packages/agent/src/pack.ts';
import { SANDBOX } from '../../packages/agent/src/sandbox.ts';
import { openGround } from './ground.ts';
import { shimOf, type Weights, weightsBelow } from './memory.ts';

const run = promisify(execFile);
const root = join(import.meta.dirname, '../..');
const engine = createEngine();
/** The `small` flavor of the docker cloud. */
const FLAVOR = { memoryMib: 1024, vcpus: 1 };
const KEPT_LINES = 30;

/** An instance whose database and sandbox are containers on this machine's engine, its agent a process beside them. */
export interface Sibling {
  readonly login: ConnectionOptions;
  /** What making its volume and interface took: the cloud's part. */
  readonly groundMs: number;
  /** When its agent was started, by `performance.now`. */
  readonly startedAt: number;
  /** Its agent and all that runs below its containers' shims. */
  weights(): Promise<Weights>;
  /** What its containers wrote beside the volume, bytes. */
  writtenBytes(): Promise<number>;
}

export interface Siblings {
  /** Until its agent has carried out the order. @throws Error with what the agent said last when that fails. */
  create(signal: AbortSignal): Promise<Sibling>;
}

/** The flags that guests run their agent with. */
async function agentFlags(): Promise<string[]> {
  const init = await readFile(join(root, 'packages/agent/image/guest-init'), 'utf8');
  const flags = /^AGENT_FLAGS=\((.*)\)$/m.exec(init)?.[1];
  if (flags === undefined) throw new Error('guest-init has no line AGENT_FLAGS=(…)');
  return flags.split(' ');
}

/** As the server makes it of an instance's row. */
function specOf(manifest: DriverManifest, device: string, address: string, serverId: number): InstanceSpec {
  const version = manifest.versions.find((one) => one.default);
  if (!version) throw new Error(`the manifest of ${manifest.datastore} has no version that is the default`);
  return {
    instanceId: randomUUID(),
    revision: 1,
    datastore: manifest.datastore,
    version: { name: version.name, number: version.number },
    image: { reference: version.image },
    settings: evaluateSizing(manifest, FLAVOR),
    ...FLAVOR,
    volume: { device, sizeGib: 1 },
    network: { address, prefixLength: 24 },
    serverId,
  };
}

function carriedOut(agent: ChildProcess, signal: AbortSignal): Promise<void> {
  const said: string[] = [];
  return new Promise((resolve, reject) => {
    const fail = (why: string) => reject(new Error(`${why}\n${said.join('\n')}`));
    for (const stream of [agent.stdout, agent.stderr]) {
      if (!stream) continue;
      createInterface(stream).on('line', (line) => {
        said.splice(0, said.length + 1 - KEPT_LINES);
        said.push(line);
        if (line.includes('the order in the file is carried out')) resolve();
        if (line.includes('the order in the file could not be carried out')) fail('the agent failed');
      });
    }
    agent.once('exit', (code) => fail(`the agent ended with ${code}`));
    signal.addEventListener('abort', () => reject(signal.reason), { once: true });
  });
}

async function end(agent: ChildProcess): Promise<void> {
  if (agent.exitCode !== null || agent.signalCode !== null) return;
  const ended = once(agent, 'exit');
  agent.kill();
  await ended;
}

/** What an agent leaves when it ends: containers and mounts, as many as it came to make. */
async function clearAway(folder: string, prefix: string): Promise<void> {
  for (const name of [DATABASE, SANDBOX]) await engine.containers.remove(`${prefix}${name}`);
  for (const path of ['run/tenant.netns', 'run', 'data'])
    await run('umount', [join(folder, path)]).catch(() => undefined);
}

/**
 * Several agents on this machine's one engine. Whatever is made is taken away by `undo`.
 * @param network as `openGround` has it
 */
export async function openSiblings(undo: AsyncDisposableStack, network: string): Promise<Siblings> {
  const folder = await mkdtemp(join(tmpdir(), 'coffer-bench-'));
  undo.defer(() => rm(folder, { recursive: true, force: true }));
  const agentFile = join(folder, 'agent.mjs');
  const driverFile = join(folder, 'driver.mjs');
  await bundleAgent(agentFile, join(import.meta.dirname, 'sibling-agent.ts'));
  const { code, manifest, sha256 } = await packDriver(join(root, 'packages/drivers/src/mysql'));
  await writeFile(driverFile, code);
  const flags = await agentFlags();
  const ground = await openGround(undo, network);
  let count = 0;

  return {
    async create(signal) {
      count += 1;
      const own = join(folder, `${count}`);
      const prefix = `coffer-bench-${process.pid}-${count}-`;
      const address = `${network}.${count + 1}`;
      const began = performance.now();
      await mkdir(own);
      const device = await ground.makeVolume(own, 1);
      await ground.makeInterface(address);
      const groundMs = performance.now() - began;

      const user = { name: 'u', password: randomBytes(12).toString('base64url') };
      const order = {
        spec: specOf(manifest, device, address, count),
        driver: { name: manifest.datastore, sha256 },
        databases: [{ name: 'd' }],
        users: [{ ...user, databases: ['d'] }],
      };
      const orderFile = join(own, 'order.json');
      await writeFile(orderFile, JSON.stringify(order), { mode: 0o600 });
      undo.defer(() => clearAway(own, prefix));
      const startedAt = performance.now();
      const agent = spawn(process.execPath, [...flags, agentFile], {
        stdio: ['ignore', 'pipe', 'pipe'],
        env: {
          MALLOC_ARENA_MAX: '2',
          CONTAINER_PREFIX: prefix,
          COFFER_SPEC: orderFile,
          COFFER_DRIVER: driverFile,
          COFFER_STATE: join(own, 'state'),
          COFFER_RUN: join(own, 'run'),
          COFFER_DATA: join(own, 'data'),
          COFFER_IMAGES: join(own, 'images'),
        },
      });
      undo.defer(() => end(agent));
      await carriedOut(agent, signal);

      const containers = [DATABASE, SANDBOX].map((name) => `${prefix}${name}`);
      return {
        login: { host: address, user: user.name, password: user.password },
        groundMs,
        startedAt,
        async weights() {
          const infos = await Promise.all(containers.map((name) => engine.containers.inspect(name)));
          const shims = infos.map((info) => shimOf(info?.State.Pid ?? 0));
          return weightsBelow(agent.pid ?? 0, ...shims);
        },
        async writtenBytes() {
          const { stdout } = await run('docker', ['inspect', '--size', '--format', '{{.SizeRw}}', ...containers]);
          return stdout
            .trim()
            .split('\n')
            .reduce((sum, bytes) => sum + Number(bytes), 0);
        },
      };
    },
  };
}
