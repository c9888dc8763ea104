import { Problem } from '@coffer/core';
import {
  type Connection,
  type ConnectionOptions,
  type Opening,
  openConnection,
  type Row,
} from './postgresql-connection.ts';
import { ConnectionError, problemOf } from './postgresql-errors.ts';
import { identifier, Statement, sql } from './postgresql-sql.ts';
import { createTurns } from './turns.ts';

/** Runs statements of one turn. Errors of the server are `ServerError`s here, and Problems once they leave the turn. */
export interface Statements {
  /**
   * Sends statements in one message; several are one transaction, so that no crash comes between them. Those that refuse to be
   * in one (`CREATE DATABASE`, `DROP DATABASE`) are sent alone.
   * @returns rows of the last one, each a list of its columns as text
   */
  run(...statements: readonly Statement[]): Promise<Row[]>;
}

/** Statements where they are run: in the lobby, and by a visit in a tenant's database. */
export interface Turn extends Statements {
  /** A short second session, to a database that lets sessions in: what is inside a database can only be changed from inside. */
  visit<T>(database: string, work: (statements: Statements) => Promise<T>): Promise<T>;
  /** A short second session to the lobby in which the server's own parameters hold, to read them. */
  unshielded<T>(work: (statements: Statements) => Promise<T>): Promise<T>;
}

export interface SessionOptions extends ConnectionOptions {
  /** The server's major version. */
  major: number;
}

export interface Session {
  /** Whether somebody has a turn. */
  readonly isBusy: boolean;
  /**
   * Gives one caller at a time the session, opening it when it is not open. A session that was lost is opened anew by the next
   * turn. When the signal fires, the turn ends with it and the session is thrown away.
   * @throws Problem
   */
  use<T>(signal: AbortSignal, work: (turn: Turn) => Promise<T>): Promise<T>;
  /** Ends the session after the turns that are waiting. */
  close(): Promise<void>;
}

/** Where the service's session lives: every server has it, and no tenant can make anything in it. */
export const LOBBY = 'postgres';

/** What could end a session before its first statement. A lock of a user's session ends a call after 10 s. */
const timeouts = (major: number): Record<string, number> => ({
  statement_timeout: 0,
  idle_session_timeout: 0,
  idle_in_transaction_session_timeout: 0,
  lock_timeout: 10_000,
  ...(major >= 17 && { transaction_timeout: 0 }),
});

/**
 * What holds in the service's sessions, whatever a tenant has set for the server or for a database. Nothing is looked up where a
 * tenant can put things; what the service does is in no log and in no view of activity, where a password's verifier would stand.
 */
const OWN_SETTINGS: Readonly<Record<string, string | number>> = {
  search_path: 'pg_catalog',
  role: 'none',
  standard_conforming_strings: 'on',
  default_transaction_read_only: 'off',
  default_transaction_deferrable: 'off',
  default_transaction_isolation: 'read committed',
  synchronous_commit: 'on',
  // A call that was given up ends on the server too.
  client_connection_check_interval: 1_000,
  track_activities: 'off',
  'pg_stat_statements.track': 'none',
  log_statement: 'none',
  log_duration: 'off',
  log_min_duration_statement: -1,
  log_min_duration_sample: -1,
  log_transaction_sample_rate: 0,
  log_min_error_statement: 'panic',
};

/** Set, not begun with: so what the server itself has stays to be read, as the value that RESET would bring. */
const SETUP = Object.entries(OWN_SETTINGS).map(
  ([name, value]) => sql`SET ${new Statement(name, false)} = ${String(value)}`,
);

/** The service's session to its database; never a pool: superuser_reserved_connections keep a slot for it and one for a visit. */
export function createSession(options: SessionOptions): Session {
  const { title, user, major } = options;
  const turns = createTurns(title);
  let connection: Connection | undefined;

  function forget(lost: Connection): void {
    lost.destroy();
    if (connection === lost) connection = undefined;
  }

  async function open(signal: AbortSignal): Promise<Connection> {
    let opened: Connection | undefined;
    let isOver = false;
    const onEnd = (): void => {
      isOver = true;
      if (connection === opened) connection = undefined;
    };
    opened = await openConnection(options, { database: LOBBY, startup: timeouts(major), onEnd }, signal);
    try {
      const [row] = await opened.query(signal, [...SETUP, sql`SELECT current_setting('listen_addresses')`]);
      // The image's entrypoint runs a first server without network while it makes the data folder; nothing may be changed in that one.
      if (row?.[0] === '') throw new Problem('not_ready', `${title} is still making its data folder; ask again.`);
    } catch (error) {
      opened.destroy();
      throw error;
    }
    if (!isOver) connection = opened;
    return opened;
  }

  async function second<T>(
    signal: AbortSignal,
    opening: Pick<Opening, 'database' | 'startup'>,
    work: (statements: Statements) => Promise<T>,
  ): Promise<T> {
    const opened = await openConnection(options, opening, signal);
    try {
      return await work({ run: (...statements) => opened.query(signal, statements) });
    } finally {
      opened.destroy();
    }
  }

  /** Its owner may have given a database anything to begin sessions with, also another identity or a library that is not there. */
  const visit = <T>(signal: AbortSignal, database: string, work: (statements: Statements) => Promise<T>): Promise<T> =>
    second(
      signal,
      { database, startup: { ...timeouts(major), ...OWN_SETTINGS, local_preload_libraries: '' } },
      async (statements) => {
        await statements.run(sql`SET SESSION AUTHORIZATION ${identifier(user)}`);
        return work(statements);
      },
    );

  return {
    get isBusy() {
      return turns.isBusy;
    },

    async use(signal, work) {
      const release = await turns.next(signal);
      let current: Connection | undefined;
      try {
        const held = connection ?? (await open(signal));
        current = held;
        return await work({
          run: (...statements) => held.query(signal, statements),
          visit: (database, inside) => visit(signal, database, inside),
          unshielded: (inside) => second(signal, { database: LOBBY }, inside),
        });
      } catch (error) {
        if (current && (signal.aborted || error instanceof ConnectionError)) forget(current);
        throw problemOf(error, title);
      } finally {
        release();
      }
    },

    async close() {
      await turns.idle();
      const ending = connection;
      connection = undefined;
      await ending?.end();
    },
  };
}
