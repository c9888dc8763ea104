import { Problem } from '@coffer/core';
import type { PostgresPool, PostgresPoolClient, PostgresQueryResult } from 'kysely';
import { type Pool, type PoolClient, types } from 'pg';

const INT8 = 20;

export interface PoolUse {
  /** Schema of the store's tables; wherever the connection looks first when absent. */
  schema?: string;
  /** Whether others use the pool too: they find each connection as they left it. */
  isShared?: boolean;
  /**
   * A server that takes a query and says no more, its network cut, must not hold whoever waits. No query of ours is as slow as
   * the default of 10,000 ms.
   */
  queryTimeoutMs?: number;
}

export interface StorePool extends PostgresPool {
  /** Whether something could not be written a moment ago because PostgreSQL has no room left; it goes on reading then. */
  isFull(): boolean;
  /** Takes our listener off the pool. */
  detach(): void;
}

/** Whoever writes finds out again soon. */
const FULL_FOR_MS = 5_000;

/**
 * Puts Kysely on a `pg` pool, ours or an embedder's, with four differences that must not depend on whose pool it is: bigint
 * is read as a number (all of ours stay below 2^53), a lost connection is a `Problem` `unavailable`, one that dies while in use
 * does not end the process, and a query that is never answered ends.
 */
export function kyselyPool(pool: Pool, { schema, isShared, queryTimeoutMs = 10_000 }: PoolUse = {}): StorePool {
  const wrapped = new WeakMap<PoolClient, PostgresPoolClient>();
  let fullAt = Number.NEGATIVE_INFINITY;
  const noteFull = (error: unknown): void => {
    if (codeOf(error) === DISK_FULL) fullAt = performance.now();
  };
  // Before anybody has it: a server that goes away in the moment in which it lets us in says both in one breath.
  const guard = (client: PoolClient): void => void client.on('error', () => {});
  pool.on('connect', guard);

  async function prepare(client: PoolClient): Promise<PostgresPoolClient> {
    const known = wrapped.get(client);
    const ours = known ?? wrapClient(client, queryTimeoutMs, noteFull);
    wrapped.set(client, ours);
    if (schema === undefined || (known && !isShared)) return ours;
    const before = await lookIn(client, client.escapeIdentifier(schema), queryTimeoutMs);
    if (!isShared) return ours;
    const giveBack = (): void =>
      void lookIn(client, before, queryTimeoutMs).then(
        () => ours.release(),
        () => ours.release(true),
      );
    return { query: ours.query, release: (destroy) => (destroy ? ours.release(true) : giveBack()) };
  }

  return {
    options: pool.options,
    end: () => pool.end(),
    async connect() {
      const client = await pool.connect().catch(rethrow);
      return prepare(client).catch((error: unknown) => {
        client.release(true);
        return rethrow(error);
      });
    },
    isFull: () => performance.now() - fullAt < FULL_FOR_MS,
    detach: () => void pool.off('connect', guard),
  };
}

/** Says in which schemas a connection finds unqualified names. @returns where it looked before. */
async function lookIn(client: PoolClient, searchPath: string, queryTimeoutMs: number): Promise<string> {
  const question = {
    text: "select current_setting('search_path') as before, set_config('search_path', $1, false)",
    values: [searchPath],
    query_timeout: queryTimeoutMs,
  };
  const { rows } = await client.query<{ before: string }>(question);
  return rows[0]?.before ?? '';
}

function wrapClient(client: PoolClient, queryTimeoutMs: number, failed: (error: unknown) => void): PostgresPoolClient {
  let isLost = false;
  // The pool listens only while a client is idle; the error itself reaches whoever waits for the query.
  client.on('error', () => {
    isLost = true;
  });
  function query<R>(text: unknown, values?: ReadonlyArray<unknown>): Promise<PostgresQueryResult<R>> {
    if (typeof text !== 'string') throw new TypeError('the store uses no cursors');
    // The rollback of what was cut off would wait behind it for as long again.
    if (isLost) return Promise.reject(unavailable('the connection is lost'));
    const config = { text, values: [...(values ?? [])], types: { getTypeParser }, query_timeout: queryTimeoutMs };
    return client.query(config).then(
      ({ command, rowCount, rows }) => ({ command, rowCount, rows }) as PostgresQueryResult<R>,
      (error: unknown) => {
        isLost ||= isConnectionLoss(error);
        failed(error);
        return rethrow(error);
      },
    );
  }
  // A server that goes away says so a moment before it hangs up: the next in line must not get this connection.
  return { query: query as PostgresPoolClient['query'], release: (destroy) => client.release(destroy || isLost) };
}

const getTypeParser: typeof types.getTypeParser = (oid: number, format?: 'text' | 'binary') =>
  oid === INT8 ? Number : types.getTypeParser(oid, format === 'binary' ? 'text' : format);

function unavailable(why: string, cause?: unknown): Problem {
  return new Problem('unavailable', `The store does not answer (${why}); check that PostgreSQL runs.`, { cause });
}

function rethrow(error: unknown): never {
  if (isConnectionLoss(error)) throw unavailable(messageOf(error), error);
  if (codeOf(error) === DISK_FULL)
    throw new Problem('unavailable', `The store's disk is full (${messageOf(error)}); give it room.`, { cause: error });
  throw error;
}

const DISK_FULL = '53100';

const codeOf = (error: unknown): string =>
  error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : '';

/** Network errors, and the SQLSTATE classes 08 (connection) and 57P (shutdown, cannot connect now), and 53300 (too many). */
function isConnectionLoss(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  if (/^(08...|57P..|53300|E[A-Z]+)$/.test(codeOf(error))) return true;
  return /connection (terminated|error)|timeout exceeded when trying to connect|not queryable|pool after calling end|query read timeout/i.test(
    error.message,
  );
}

function messageOf(error: unknown): string {
  if (error instanceof AggregateError && !error.message) return error.errors.map(messageOf).join('; ');
  return error instanceof Error ? error.message : String(error);
}
