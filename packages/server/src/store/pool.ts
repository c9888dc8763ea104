import { Problem } from '@coffer/core';
import type { PostgresPool, PostgresPoolClient, PostgresQueryResult } from 'kysely';
import { type Pool, type PoolClient, types } from 'pg';

const INT8 = 20;

/**
 * Puts Kysely on a `pg` pool, ours or an embedder's, with three differences that must not depend on whose pool it is: bigint
 * is read as a number (all of ours stay below 2^53), a lost connection is a `Problem` `unavailable`, and a connection that
 * dies while in use does not end the process.
 */
export function kyselyPool(pool: Pool): PostgresPool {
  const wrapped = new WeakMap<PoolClient, PostgresPoolClient>();
  // Before anybody has it: a server that goes away in the moment in which it lets us in says both in one breath.
  pool.on('connect', (client) => void client.on('error', () => {}));
  return {
    options: pool.options,
    end: () => pool.end(),
    async connect() {
      const client = await pool.connect().catch(rethrow);
      let ours = wrapped.get(client);
      if (!ours) {
        ours = wrapClient(client);
        wrapped.set(client, ours);
      }
      return ours;
    },
  };
}

function wrapClient(client: PoolClient): PostgresPoolClient {
  let isLost = false;
  // The pool listens only while a client is idle; the error itself reaches whoever waits for the query.
  client.on('error', () => {
    isLost = true;
  });
  function query<R>(text: unknown, values?: ReadonlyArray<unknown>) {
    if (typeof text !== 'string') throw new TypeError('the store uses no cursors');
    return client.query({ text, values: [...(values ?? [])], types: { getTypeParser } }).then(
      ({ command, rowCount, rows }) => ({ command, rowCount, rows }) as PostgresQueryResult<R>,
      (error: unknown) => {
        isLost ||= isConnectionLoss(error);
        return rethrow(error);
      },
    );
  }
  // A server that goes away says so a moment before it hangs up: the next in line must not get this connection.
  return { query: query as PostgresPoolClient['query'], release: (destroy) => client.release(destroy || isLost) };
}

const getTypeParser: typeof types.getTypeParser = (oid: number, format?: 'text' | 'binary') =>
  oid === INT8 ? Number : types.getTypeParser(oid, format === 'binary' ? 'text' : format);

function rethrow(error: unknown): never {
  throw isConnectionLoss(error)
    ? new Problem('unavailable', `The store does not answer (${messageOf(error)}); check that PostgreSQL runs.`, {
        cause: error,
      })
    : error;
}

/** Network errors, and the SQLSTATE classes 08 (connection) and 57P (shutdown, cannot connect now), and 53300 (too many). */
function isConnectionLoss(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const code = 'code' in error && typeof error.code === 'string' ? error.code : '';
  if (/^(08...|57P..|53300|E[A-Z]+)$/.test(code)) return true;
  return /connection (terminated|error)|timeout exceeded when trying to connect|not queryable|pool after calling end/i.test(
    error.message,
  );
}

function messageOf(error: unknown): string {
  if (error instanceof AggregateError && !error.message) return error.errors.map(messageOf).join('; ');
  return error instanceof Error ? error.message : String(error);
}
