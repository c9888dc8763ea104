import type { Context } from './context.ts';

/** The n-th volume of a guest, as the guest sees it. */
export const deviceOf = (context: Context, index: number): string => {
  const letter = String.fromCharCode('b'.charCodeAt(0) + index);
  return context.volumeKind === 'loop' ? `/dev/vd${letter}` : `/var/lib/coffer/volumes/vd${letter}`;
};
