import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { REPLY_LIFETIME_MS } from '@coffer/core/rpc';
import { describe, expect, it, onTestFinished } from 'vitest';
import { openReplies } from './replies.ts';
import { scratch } from './testing.ts';

describe('stored replies', () => {
  it('answer the next process too, for ten minutes', async () => {
    const folder = join(await scratch(onTestFinished), 'replies');
    let now = Date.now();
    const { replies, marks } = await openReplies(folder, () => now);
    await replies.put('op-1', { result: { a: 1 } });
    await marks.set('op-1');
    const next = await openReplies(folder, () => now);
    expect(await next.replies.get('op-1')).toEqual({ result: { a: 1 } });
    expect([await next.marks.has('op-1'), await next.marks.has('op-2')]).toEqual([true, false]);
    expect((await stat(join(folder, 'op-1.reply'))).mode & 0o777).toBe(0o600);
    now += REPLY_LIFETIME_MS + 1000;
    expect(await next.replies.get('op-1')).toBeUndefined();
    expect(await next.marks.has('op-1')).toBe(false);
    await next.replies.put('op-2', { result: 2 });
    await expect(stat(join(folder, 'op-1.reply'))).rejects.toThrow(/ENOENT/);
  });

  it('are never written outside their folder', async () => {
    const { replies } = await openReplies(join(await scratch(onTestFinished), 'replies'));
    expect(() => replies.put('../x', { result: 1 })).toThrow(/not a UUID/);
  });
});
