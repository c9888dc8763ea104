/** Until the time is over or the signal fires, whichever is first; never rejects. Infinity waits for the signal alone. */
export function sleep(waitMs: number, signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => {
    let timer: NodeJS.Timeout | undefined;
    const done = (): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', done);
      resolve();
    };
    if (Number.isFinite(waitMs)) timer = setTimeout(done, waitMs);
    signal.addEventListener('abort', done, { once: true });
  });
}
