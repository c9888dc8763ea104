import { readdir, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { createAgentState, openStateFolder } from './state.ts';
import { scratch, spec } from './testing.ts';

async function stage() {
  const path = join(await scratch(onTestFinished), 'state');
  const begin = async () => createAgentState(await openStateFolder(path));
  return { path, begin };
}

describe('the state of a guest', () => {
  it('is there for the next process, and for nobody else', async () => {
    const { path, begin } = await stage();
    const first = await begin();
    expect(await first.spec()).toBeUndefined();
    expect(await first.serverPublicKey()).toBeUndefined();
    await first.saveSpec(spec);
    await first.saveServerPublicKey('key');
    const [password, keys] = [await first.servicePassword(), await first.keys()];
    const second = await begin();
    expect(await second.spec()).toEqual(spec);
    expect(await second.servicePassword()).toBe(password);
    expect(await second.keys()).toEqual(keys);
    expect(await second.serverPublicKey()).toBe('key');
    expect(password).toMatch(/^[\w-]{32}$/);
    expect((await stat(path)).mode & 0o777).toBe(0o700);
    const files = await readdir(path);
    expect(files.sort()).toEqual(['enrolled.json', 'keys.json', 'service.json', 'spec.json']);
    for (const file of files) expect((await stat(join(path, file))).mode & 0o777).toBe(0o600);
  });

  it('counts its starts', async () => {
    const { begin } = await stage();
    expect(await (await begin()).nextBoot()).toBe(1);
    expect(await (await begin()).nextBoot()).toBe(2);
  });

  it('remembers a format that was begun, for that device alone', async () => {
    const { begin } = await stage();
    const state = await begin();
    await state.setFormatting('/dev/vdb');
    expect([await state.isFormatting('/dev/vdb'), await state.isFormatting('/dev/vdc')]).toEqual([true, false]);
    await state.setFormatting(undefined);
    await state.setFormatting(undefined);
    expect(await state.isFormatting('/dev/vdb')).toBe(false);
  });

  it('names a damaged file, and shows nothing of it', async () => {
    const { path, begin } = await stage();
    const state = await begin();
    await writeFile(join(path, 'service.json'), '{"password":"hunter2"');
    await expect(state.servicePassword()).rejects.toMatchObject({
      code: 'internal',
      detail: expect.stringContaining('service.json is damaged'),
    });
    await expect(state.servicePassword()).rejects.not.toThrow(/hunter2/);
    await writeFile(join(path, 'spec.json'), '{"instanceId":5}');
    await expect(state.spec()).rejects.toThrow(/spec\.json is damaged.*instanceId/);
  });
});
