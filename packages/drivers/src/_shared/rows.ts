import { Problem } from '@coffer/core';

/** A column that is text. */
export function text(value: unknown): string {
  if (typeof value === 'string') return value;
  throw new Problem('internal', `the database gave ${typeof value} where text was expected`);
}
