import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { openSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { createEngine, type Engine } from '@coffer/core/engine';
import { vi } from 'vitest';

const run = promisify(execFile);

const BRIDGE = 'coffer-second';

/** A container engine beside the machine's own, which a test may kill. Needs root. */
export interface SecondEngine {
  readonly endpoint: string;
  readonly engine: Engine;
  /** Copies an image from the machine's own engine. */
  take(image: string): Promise<void>;
  /** SIGKILL: what it runs goes on without it. */
  kill(): Promise<void>;
  /** Starts it again, as a supervisor would; it ends the containers that it finds running. */
  start(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

export async function startSecondEngine(): Promise<SecondEngine> {
  const home = await mkdtemp(join(tmpdir(), 'coffer-engine-'));
  const socket = join(home, 'engine.sock');
  const endpoint = `unix://${socket}`;
  const engine = createEngine({ endpoint });
  const pidFile = join(home, 'engine.pid');
  // Its rules would be laid over those of the machine's own engine, and with no bridge at all it would remove that one's.
  const args = ['--iptables=false', '--ip6tables=false', '--bridge', BRIDGE, '--storage-driver=overlay2'];
  const folders = ['--data-root', join(home, 'data'), '--exec-root', join(home, 'exec'), '--pidfile', pidFile];
  let ended: Promise<unknown> = Promise.resolve();
  let child: ReturnType<typeof spawn> | undefined;

  /** What a killed engine leaves behind keeps the next one's containerd from starting. */
  async function clearAway(): Promise<void> {
    await rm(pidFile, { force: true });
    for (const name of ['containerd.pid', 'containerd.sock', 'containerd.sock.ttrpc', 'containerd-debug.sock'])
      await rm(join(home, 'exec/containerd', name), { force: true });
  }

  async function start(): Promise<void> {
    await clearAway();
    const log = openSync(join(home, 'engine.log'), 'a');
    child = spawn('dockerd', ['--host', endpoint, ...args, ...folders], { stdio: ['ignore', log, log] });
    ended = once(child, 'exit');
    await vi
      .waitFor(() => engine.ping(), { timeout: 30_000, interval: 100 })
      .catch(async (error: unknown) => {
        const said = await readFile(join(home, 'engine.log'), 'utf8');
        throw new Error(`the second engine does not answer: ${said.split('\n').slice(-5).join('\n')}`, {
          cause: error,
        });
      });
  }

  async function kill(): Promise<void> {
    child?.kill('SIGKILL');
    await ended;
  }

  await run('ip', ['link', 'add', 'name', BRIDGE, 'type', 'bridge']).catch(() => undefined);
  await run('ip', ['address', 'replace', '10.217.0.1/24', 'dev', BRIDGE]);
  await start();
  return {
    endpoint,
    engine,
    start,
    kill,
    async take(image) {
      const archive = join(home, 'image.tar');
      await run('docker', ['save', '-o', archive, image]);
      await run('docker', ['-H', endpoint, 'load', '-q', '-i', archive]);
      await rm(archive);
    },
    async [Symbol.asyncDispose]() {
      // It may have been killed: only it can end what it began.
      await engine.ping().catch(start);
      for (const { Id } of await engine.containers.list({}).catch(() => [])) await engine.containers.remove(Id);
      child?.kill('SIGTERM');
      await ended;
      await run('ip', ['link', 'delete', BRIDGE]);
      // Each engine that was killed has left its data folder mounted upon itself.
      for (let isMounted = true; isMounted; )
        isMounted = await run('umount', [join(home, 'data')]).then(
          () => true,
          () => false,
        );
      await rm(home, { recursive: true, force: true });
    },
  };
}
