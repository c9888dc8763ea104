import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type ContainerConfig, createEngine } from '@coffer/core/engine';

export const engine = createEngine();

export interface ImageContainers {
  /** A folder of this run on the host, for what is mounted. */
  folder: string;
  /** Creates and starts a container. @returns its name. */
  start(config: ContainerConfig): Promise<string>;
  /** Runs a container to its end. */
  run(config: ContainerConfig): Promise<{ exitCode: number; log: string }>;
  /** Everything that was started, the folder too. */
  dispose(): Promise<void>;
}

/** Containers of images under test; all of them go with `dispose`. */
export async function imageContainers(): Promise<ImageContainers> {
  const folder = await mkdtemp(join(tmpdir(), 'coffer-test-image-'));
  const names: string[] = [];
  const start: ImageContainers['start'] = async (config) => {
    const name = `coffer-test-image-${randomBytes(6).toString('hex')}`;
    names.push(name);
    await engine.containers.create(name, { ...config, Labels: { 'coffer.test': name } });
    await engine.containers.start(name);
    return name;
  };
  return {
    folder,
    start,
    async run(config) {
      const name = await start(config);
      const exitCode = await engine.containers.wait(name);
      const log = await engine.containers.logText(name);
      await engine.containers.remove(name);
      return { exitCode, log };
    },
    async dispose() {
      await Promise.all(names.map((name) => engine.containers.remove(name)));
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** Asks until there is an answer. @throws what `otherwise` tells when there is none within `timeoutMs`. */
export async function until<T>(
  ask: () => Promise<T | undefined>,
  { timeoutMs = 150_000, otherwise = async () => '' }: { timeoutMs?: number; otherwise?: () => Promise<string> } = {},
): Promise<T> {
  const deadline = Date.now() + timeoutMs;
  for (;;) {
    const answer = await ask();
    if (answer !== undefined) return answer;
    if (Date.now() > deadline) throw new Error(`not within ${timeoutMs / 1000} s: ${await otherwise()}`);
    await sleep(50);
  }
}

/** True when whoever listens there speaks first, as a MySQL server does once it serves. Costs the container nothing. */
export const greets = (host: string, port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect({ host, port, timeout: 2000 });
    const end = (answer: boolean) => {
      socket.destroy();
      resolve(answer);
    };
    // The first byte after the packet's head is the version of the protocol, or 0xff for an error.
    socket.on('data', (data) => end(data[4] === 10));
    for (const event of ['error', 'timeout', 'close']) socket.on(event, () => end(false));
  });
