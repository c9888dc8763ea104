import { Problem } from '@coffer/core';

const chainOf = (error: unknown): unknown[] =>
  error instanceof Error && error.cause !== undefined ? [error, ...chainOf(error.cause)] : [error];

/** Everything an error says, its causes' words too: for the log alone, as programs name paths of this host. */
export const wordsOf = (error: unknown): string =>
  chainOf(error)
    .map((one) => (one instanceof Error ? one.message : String(one)))
    .join(': ');

/**
 * What a server that could not be made or started shows as its fault. Problems of this cloud are sentences already; what the
 * engine, the disk or a program said becomes one, without their words.
 */
export function faultOf(error: unknown, guestImage: string): string {
  const words = wordsOf(error);
  if (/\b(ENOSPC|EDQUOT)\b|no space left on device|disk quota exceeded/i.test(words)) {
    return 'the disk of the cloud machine is full; free some space there and try again';
  }
  if (/no such image/i.test(words)) return missingImage(guestImage);
  if (error instanceof Problem && error.code === 'cloud_refused') return error.detail;
  if (error instanceof Problem) return "the container engine refused to run the server; the cloud's log has its words";
  return "the cloud machine could not make the server ready; the cloud's log has the cause";
}

export const missingImage = (image: string): string =>
  `the guest image ${image} is not on the container engine; build or load it`;
