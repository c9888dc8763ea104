import { randomUUID } from 'node:crypto';
import { expect, it } from 'vitest';
import { isMachineLocked, takeMachineLock, withMachineLock } from './machine-lock.ts';

it('is held by one, and shows that it is', async () => {
  const name = randomUUID();
  expect(await isMachineLocked(name)).toBe(false);
  const unlock = await takeMachineLock(name);
  expect(await isMachineLocked(name)).toBe(true);
  expect(await takeMachineLock(name)).toBeUndefined();
  expect(await isMachineLocked(randomUUID())).toBe(false);
  await unlock?.();
  expect(await isMachineLocked(name)).toBe(false);
});

it('is waited for, and no longer than was said', async () => {
  const name = randomUUID();
  const unlock = await takeMachineLock(name);
  const late = withMachineLock(name, async () => 'too early', 20);
  await expect(late).rejects.toMatchObject({ code: 'timeout', detail: expect.stringContaining('0.02 s') });
  const patient = withMachineLock(name, async () => 'mine');
  await unlock?.();
  expect(await patient).toBe('mine');
});

it('is given back when the work fails', async () => {
  const name = randomUUID();
  const failing = withMachineLock(name, () => Promise.reject(new Error('no')));
  await expect(failing).rejects.toThrow('no');
  expect(await withMachineLock(name, async () => 'mine', 1_000)).toBe('mine');
});
