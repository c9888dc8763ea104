import { randomUUID } from 'node:crypto';
import { createDockerRuntime } from '@coffer/agent/docker';
import { type ContainerCreate, Problem } from '@coffer/core';
import { createEngine } from '@coffer/core/engine';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ensureImage } from '../scripts/images.mjs';
import { DATABASE_IMAGE } from './support/guest-parts.ts';

const engine = createEngine();
const runtime = createDockerRuntime();
const name = `coffer-test-${randomUUID().slice(0, 8)}`;
const spec: ContainerCreate = {
  name,
  image: DATABASE_IMAGE,
  entrypoint: ['sh', '-c'],
  args: ['echo out; echo err >&2; exec sleep 600'],
  labels: { 'coffer.test': name },
  network: 'none',
  init: true,
  memoryBytes: 64 * 1024 * 1024,
  stopTimeoutMs: 1000,
};

const codeOf = async (work: Promise<unknown>): Promise<string | undefined> => {
  try {
    await work;
    return undefined;
  } catch (error) {
    return error instanceof Problem ? error.code : String(error);
  }
};

/** What the fakes promise, on the engine of this machine. */
describe('the container runtime', () => {
  beforeAll(() => ensureImage(DATABASE_IMAGE), 400_000);
  afterAll(() => runtime.remove(name));

  it('answers, and knows its images', async () => {
    await runtime.ping();
    expect(await runtime.hasImage(DATABASE_IMAGE)).toBe(true);
    expect(await runtime.hasImage('coffer/none:1')).toBe(false);
    expect(await codeOf(runtime.create({ ...spec, image: 'coffer/none:1' }))).toBe('not_found');
  });

  it('creates once, starts, and takes repeats for done', async () => {
    const id = await runtime.create(spec);
    expect(await runtime.create(spec)).toBe(id);
    expect(await codeOf(runtime.create({ ...spec, labels: { 'coffer.test': 'other' } }))).toBe('conflict');
    expect(await runtime.inspect(name)).toMatchObject({ id, name, state: 'created', oomKilled: false });
    expect(await codeOf(runtime.exec(name, ['true']))).toBe('conflict');
    await runtime.start(name);
    await runtime.start(name);
    expect(await runtime.inspect(name)).toMatchObject({ state: 'running', pid: expect.any(Number) });
    expect((await runtime.list({ 'coffer.test': name })).map((state) => state.name)).toEqual([name]);
  });

  it('runs programs with input, exit code and both outputs', async () => {
    const stdin = 'x'.repeat(1024 * 1024);
    const done = await runtime.exec(name, ['sh', '-c', 'wc -c; echo no >&2; exit 5'], { stdin });
    expect(done).toEqual({ exitCode: 5, stdout: '1048576\n', stderr: 'no\n' });
    expect((await runtime.exec(name, ['head', '-c', '5000', '/dev/zero'], { maxOutputBytes: 10 })).stdout).toHaveLength(
      10,
    );
    expect((await runtime.exec(name, ['no-such-program'])).exitCode).toBeGreaterThanOrEqual(126);
    await expect(runtime.exec(name, ['sleep', '60'], { signal: AbortSignal.timeout(200) })).rejects.toThrow(/timeout/);
    expect(await runtime.logs(name)).toMatch(/out/);
  });

  it('gives no capability, and nothing that could gain one', async () => {
    const { stdout } = await runtime.exec(name, ['cat', '/proc/self/status']);
    expect(stdout).toMatch(/CapEff:\s+0+\n/);
    expect(stdout).toMatch(/NoNewPrivs:\s+1/);
  });

  it('streams far more than it holds', async () => {
    const bytes = 200 * 1024 * 1024;
    const session = await engine.containers.execStart(name, { command: ['head', '-c', String(bytes), '/dev/zero'] });
    const before = process.memoryUsage.rss();
    let seen = 0;
    let most = 0;
    for await (const { data } of session.output) {
      seen += data.length;
      most = Math.max(most, process.memoryUsage.rss());
    }
    expect(seen).toBe(bytes);
    expect(await session.exitCode()).toBe(0);
    expect(most - before).toBeLessThan(bytes / 2);
  });

  it('ends what runs, and is content when nothing is there', async () => {
    await runtime.kill(name, 'SIGKILL');
    expect(await engine.containers.wait(name)).toBe(137);
    expect(await runtime.inspect(name)).toMatchObject({ state: 'exited', exitCode: 137 });
    expect(await codeOf(runtime.kill(name, 'SIGKILL'))).toBe('conflict');
    await runtime.stop(name);
    await runtime.remove(name);
    await runtime.remove(name);
    await runtime.stop(name);
    expect(await runtime.inspect(name)).toBeUndefined();
  });

  it('tells a registry that does not answer from an image that is not there', async () => {
    expect(await codeOf(runtime.pullImage('localhost:1/nothing:1'))).toBe('unavailable');
  });
});
