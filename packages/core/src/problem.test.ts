import { expect, it } from 'vitest';
import { EngineProblem } from './engine/http.ts';
import { Problem } from './problem.ts';

it('is told by its mark: a driver’s bundle brings a copy of the class along', async () => {
  const bundle = './problem.ts?copy';
  const copy: typeof import('./problem.ts') = await import(/* @vite-ignore */ bundle);
  expect(copy.Problem).not.toBe(Problem);
  expect(new copy.Problem('timeout', 'late')).toBeInstanceOf(Problem);
  expect(new Problem('timeout', 'late')).toBeInstanceOf(copy.Problem);
  for (const other of [new Error('late'), { code: 'timeout', detail: 'late' }, undefined, null, 'late'])
    expect(other instanceof Problem).toBe(false);
});

it('is not its own subclass', () => {
  expect(new EngineProblem('conflict', 'busy', 409)).toBeInstanceOf(Problem);
  expect(new EngineProblem('conflict', 'busy', 409)).toBeInstanceOf(EngineProblem);
  expect(new Problem('conflict', 'busy')).not.toBeInstanceOf(EngineProblem);
});
