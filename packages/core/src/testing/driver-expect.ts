import assert from 'node:assert/strict';
import type { Page, PageRequest } from '../driver/page.ts';
import { Problem, type ProblemCode } from '../problem.ts';

/** What a call was rejected with. @throws AssertionError when it was not */
export async function rejection(call: Promise<unknown>, what = 'the call'): Promise<unknown> {
  const outcome = await call.then(
    (value) => ({ value }),
    (error: unknown) => ({ error }),
  );
  if ('error' in outcome) return outcome.error;
  throw new assert.AssertionError({
    message: `${what} succeeded where it had to fail: ${JSON.stringify(outcome.value)}`,
  });
}

/** The Problem that a call was rejected with. */
export async function problemOf(call: Promise<unknown>, what = 'the call'): Promise<Problem> {
  const error = await rejection(call, what);
  if (error instanceof Problem) return error;
  throw new assert.AssertionError({ message: `${what} threw ${String(error)}, which is no Problem` });
}

export async function refusedWith(code: ProblemCode, call: Promise<unknown>, what?: string): Promise<void> {
  assert.equal((await problemOf(call, what)).code, code, what);
}

/** Everything that a log would print of an error: its fields and its causes too. */
export function printed(error: unknown): string {
  const parts: string[] = [];
  for (let at: unknown = error; at instanceof Error; at = at.cause)
    parts.push(String(at.stack), at.message, JSON.stringify(Object.entries(at)));
  return parts.join('\n');
}

/** Inside JSON a secret with quotes would be written with escapes, so both spellings are looked for. */
export function tells(text: string, secret: string): boolean {
  return text.includes(secret) || text.includes(JSON.stringify(secret).slice(1, -1));
}

/** Every page, in order. */
export async function allPages<T>(limit: number, list: (page: PageRequest) => Promise<Page<T>>): Promise<T[][]> {
  const pages: T[][] = [];
  let marker: string | undefined;
  do {
    const page: Page<T> = await list(marker === undefined ? { limit } : { limit, marker });
    pages.push(page.items);
    assert(page.next === undefined || page.next !== marker, `the page after ${marker} names itself as the next`);
    marker = page.next;
  } while (marker !== undefined);
  return pages;
}

/** Byte order of UTF-8. */
export const byBytes = (left: string, right: string): number => Buffer.compare(Buffer.from(left), Buffer.from(right));
