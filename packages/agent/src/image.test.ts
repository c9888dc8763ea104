import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { silentLogger } from '@coffer/core';
import { createFakeRuntime, type FakeRuntimeOptions } from '@coffer/core/testing';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { archiveName, ensureImage } from './image.ts';
import { scratch } from './testing.ts';

const reference = 'coffer/db:1.2';
const digest = `sha256:${'0'.repeat(64)}`;
const signal = new AbortController().signal;

async function stage(options: FakeRuntimeOptions & { holds?: readonly string[] } = {}) {
  const imagesDir = await scratch(onTestFinished);
  const archive = join(imagesDir, archiveName(reference));
  if (options.holds) await writeFile(archive, '');
  const runtime = createFakeRuntime({ ...options, archives: { [archive]: options.holds ?? [] } });
  return { runtime, parts: { runtime, imagesDir, log: silentLogger } };
}

describe('the image of the database', () => {
  it('is taken from the engine, else from its archive, else from the registry', async () => {
    const there = await stage({ images: [reference], holds: [reference] });
    expect(await ensureImage(there.parts, { reference }, signal)).toBe(reference);
    expect(there.runtime.calls.map(({ method }) => method)).toEqual(['hasImage']);
    const archived = await stage({ holds: [reference] });
    expect(await ensureImage(archived.parts, { reference }, signal)).toBe(reference);
    const pulled = await stage({ registry: ['hub.example/db:1.2'] });
    const credentials = { username: 'u', password: 'hunter2' };
    expect(await ensureImage(pulled.parts, { reference, registry: 'hub.example/db:1.2', credentials }, signal)).toBe(
      'hub.example/db:1.2',
    );
    expect(pulled.runtime.visible()).not.toContain('hunter2');
  });

  it('is pinned by its digest when it is pulled', async () => {
    const pinned = `hub.example:5000/db@${digest}`;
    const { parts } = await stage({ registry: [pinned] });
    expect(await ensureImage(parts, { reference, registry: 'hub.example:5000/db:1.2', digest }, signal)).toBe(pinned);
  });

  it('is missed by name', async () => {
    await expect(ensureImage((await stage({ holds: ['other:1'] })).parts, { reference }, signal)).rejects.toThrow(
      /coffer_db_1\.2\.tar does not hold/,
    );
    await expect(ensureImage((await stage({ registry: [] })).parts, { reference }, signal)).rejects.toMatchObject({
      code: 'not_found',
    });
  });

  it('is missed for good when no registry answers for a while, with all that was tried', async () => {
    const { parts, runtime } = await stage();
    const image = { reference, registry: 'hub.example/db:1.2' };
    const missed = ensureImage({ ...parts, retryMs: 1, patienceMs: 30 }, image, signal);
    await expect(missed).rejects.toMatchObject({
      code: 'not_found',
      detail: expect.stringMatching(/coffer\/db:1\.2.*\/coffer_db_1\.2\.tar.*hub\.example\/db:1\.2/),
    });
    expect(runtime.calls.filter(({ method }) => method === 'pullImage').length).toBeGreaterThan(2);
  });

  it('is taken from what turns up while it is tried', async () => {
    const { parts, runtime } = await stage();
    const ensured = ensureImage({ ...parts, retryMs: 1, patienceMs: 10_000 }, { reference }, signal);
    await vi.waitFor(() => expect(runtime.calls.some(({ method }) => method === 'pullImage')).toBe(true));
    runtime.images.add(reference);
    expect(await ensured).toBe(reference);
  });

  it('is not given up because the engine does not answer, and not waited for when the agent stops', async () => {
    const { parts, runtime } = await stage();
    runtime.setReachable(false);
    await expect(ensureImage({ ...parts, patienceMs: 0 }, { reference }, signal)).rejects.toMatchObject({
      code: 'unavailable',
    });
    runtime.setReachable(true);
    const stopping = new AbortController();
    const ensured = ensureImage({ ...parts, retryMs: 60_000, patienceMs: 600_000 }, { reference }, stopping.signal);
    await vi.waitFor(() => expect(runtime.calls.some(({ method }) => method === 'pullImage')).toBe(true));
    stopping.abort();
    await expect(ensured).rejects.toMatchObject({ code: 'unavailable' });
  });
});
