import type { Logger } from '@coffer/core';
import type { Pool, PoolClient } from 'pg';

export interface ListenHandle {
  close(): Promise<void>;
}

const FIRST_RETRY_MS = 200;
const LAST_RETRY_MS = 5_000;
/** A connection that only listens would never notice that its server is gone for good. */
const CHECK_MS = 10_000;

/**
 * Listens on one channel with a connection of its own, and connects again when it is lost. A notification only shortens
 * somebody's wait; whoever uses this polls as well.
 */
export function listen(
  pool: Pool,
  channel: string,
  notified: (payload: string) => void,
  log: Logger,
  checkMs = CHECK_MS,
): ListenHandle {
  let client: PoolClient | undefined;
  let timer: NodeJS.Timeout | undefined;
  let checking: NodeJS.Timeout | undefined;
  let closed = false;
  let retryMs = FIRST_RETRY_MS;
  let connecting: Promise<void> = connect();

  async function connect(): Promise<void> {
    try {
      const fresh = await pool.connect();
      client = fresh;
      fresh.on('error', () => lost(fresh));
      fresh.on('end', () => lost(fresh));
      fresh.on('notification', (message) => {
        if (message.channel === channel && !closed) notified(message.payload ?? '');
      });
      const beginning = { text: `listen ${fresh.escapeIdentifier(channel)}`, query_timeout: checkMs };
      await fresh.query(beginning);
      retryMs = FIRST_RETRY_MS;
      checkLater(fresh);
      if (!closed) notified('');
    } catch (error) {
      if (client) lost(client);
      else retry();
      log.debug({ err: error, channel }, 'listening to the store failed; trying again');
    }
  }

  function checkLater(held: PoolClient): void {
    if (closed) return;
    const question = { text: 'select 1', query_timeout: checkMs };
    checking = setTimeout(() => {
      held.query(question).then(
        () => checkLater(held),
        () => lost(held),
      );
    }, checkMs);
    checking.unref();
  }

  function lost(dead: PoolClient): void {
    if (client !== dead) return;
    client = undefined;
    clearTimeout(checking);
    dead.removeAllListeners('notification');
    dead.release(true);
    retry();
  }

  function retry(): void {
    if (closed || timer) return;
    timer = setTimeout(() => {
      timer = undefined;
      connecting = connect();
    }, retryMs);
    timer.unref();
    retryMs = Math.min(LAST_RETRY_MS, retryMs * 2);
  }

  return {
    async close() {
      closed = true;
      clearTimeout(timer);
      clearTimeout(checking);
      await connecting;
      const last = client;
      client = undefined;
      last?.removeAllListeners('notification');
      last?.release(true);
    },
  };
}
