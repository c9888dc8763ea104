import { vi } from 'vitest';

const { waitFor } = vi;

/**
 * What a test waits for without saying how long has 10 s: the runner's own default of one second is less than a busy machine may
 * take for a few turns. A wait ends as soon as it is over, so patience costs nothing.
 */
vi.waitFor = (callback, options) =>
  waitFor(callback, typeof options === 'number' ? options : { timeout: 10_000, ...options });
