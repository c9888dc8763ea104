import { Problem } from '@coffer/core';
import type { Endpoint } from '@coffer/core/driver';
import { type Connection, type ConnectionOptions, createConnection } from 'mysql2';
import { ConnectionError, cleanError, problemOf, ServerError } from './mysql-errors.ts';
import { type Statement, sql } from './mysql-sql.ts';

export type Row = readonly unknown[];

/** Runs statements of one turn. Errors of the server are `ServerError`s here, and Problems once they leave the turn. */
export interface Statements {
  /** Rows of a query, each a list of its columns; none for other statements. */
  run(statement: Statement): Promise<Row[]>;
}

export interface SessionOptions {
  /** Display name of the database, for messages. */
  title: string;
  endpoint(): Endpoint;
  user: string;
  password: string;
  /** What each new session begins with. */
  opened?(statements: Statements): Promise<void>;
}

export interface Session {
  /** Whether somebody has a turn. */
  readonly isBusy: boolean;
  /**
   * Gives one caller at a time the session, opening it when it is not open. A session that was lost is opened anew by the next
   * turn. When the signal fires, the turn ends with it and the session is thrown away, since a statement cannot be called back.
   * @throws Problem
   */
  use<T>(signal: AbortSignal, work: (statements: Statements) => Promise<T>): Promise<T>;
  /** Ends the session after the turns that are waiting. */
  close(): Promise<void>;
}

/**
 * First statement of each session, before any text that holds a value: literals are escaped with backslashes, which
 * NO_BACKSLASH_ESCAPES would make an injection. A lock of a user's session ends a call after 10 s, not after a year; the
 * session itself is to stay, since the engine keeps one slot beyond its limit and only one. Limits that a tenant has set on
 * statements are for his own; where GRANT can make accounts, without a password, it must not. Each engine reads the comments that
 * are its own.
 */
const SETUP = sql`SET SESSION sql_mode = CONCAT('STRICT_ALL_TABLES,NO_ENGINE_SUBSTITUTION' /*M! , ',NO_AUTO_CREATE_USER' */), NAMES 'utf8mb4', SESSION lock_wait_timeout = 10, SESSION wait_timeout = 31536000
  /*!80000 , SESSION max_execution_time = 0 */ /*M! , SESSION max_statement_time = 0 */`;

/** Connections without TLS are refused. */
const ONLY_BY_TLS = 3159;

function whyAborted(signal: AbortSignal, title: string): Problem {
  if (signal.reason instanceof Problem) return signal.reason;
  return new Problem('timeout', `The call was ended before ${title} had answered; it may be repeated.`);
}

/** Settles like `start` does, or rejects as soon as the signal fires. */
function abortable<T>(
  signal: AbortSignal,
  title: string,
  start: (resolve: (value: T) => void, reject: (error: unknown) => void) => void,
): Promise<T> {
  return new Promise((resolve, reject) => {
    const abort = (): void => reject(whyAborted(signal, title));
    if (signal.aborted) return abort();
    signal.addEventListener('abort', abort, { once: true });
    const done = (): void => signal.removeEventListener('abort', abort);
    start(
      (value) => {
        done();
        resolve(value);
      },
      (error) => {
        done();
        reject(error);
      },
    );
  });
}

/** The only session of the service to its database; never a pool. */
export function createSession(options: SessionOptions): Session {
  const { title } = options;
  let connection: Connection | undefined;
  let last: Promise<void> = Promise.resolve();
  let turns = 0;

  function forget(lost: Connection): void {
    lost.destroy();
    if (connection === lost) connection = undefined;
  }

  async function query(target: Connection, signal: AbortSignal, statement: Statement): Promise<Row[]> {
    return abortable(signal, title, (resolve, reject) => {
      target.query<never>({ sql: statement.text, rowsAsArray: true }, (error: unknown, rows: unknown) => {
        if (error) reject(cleanError(error, statement.isSecret));
        else resolve(Array.isArray(rows) ? rows : []);
      });
    });
  }

  async function open(signal: AbortSignal): Promise<Connection> {
    try {
      return await connect(signal, {});
    } catch (error) {
      if (!(error instanceof ServerError) || error.errno !== ONLY_BY_TLS) throw error;
      // Over TCP, where TLS is required. Not checked whom it is with: without TLS it could not be checked either.
      return connect(signal, { ssl: { rejectUnauthorized: false } });
    }
  }

  async function connect(signal: AbortSignal, security: Pick<ConnectionOptions, 'ssl'>): Promise<Connection> {
    if (signal.aborted) throw whyAborted(signal, title);
    const opened = createConnection({
      ...options.endpoint(),
      ...security,
      user: options.user,
      password: options.password,
      charset: 'utf8mb4',
      connectTimeout: 10_000,
      supportBigNumbers: true,
      bigNumberStrings: true,
      multipleStatements: false,
    });
    // The end of an idle session comes as an event; without a listener an error would end the process. Not destroyed here:
    // mysql2 would then forget to tell the statement that is under way.
    const lost = (): void => {
      if (connection === opened) connection = undefined;
    };
    opened.on('error', lost);
    opened.on('end', lost);
    try {
      await abortable<void>(signal, title, (resolve, reject) => {
        opened.connect((error: unknown) => (error ? reject(cleanError(error, true)) : resolve()));
      });
      await query(opened, signal, SETUP);
      await options.opened?.({ run: (statement) => query(opened, signal, statement) });
    } catch (error) {
      forget(opened);
      throw error;
    }
    connection = opened;
    return opened;
  }

  async function turn(signal: AbortSignal): Promise<() => void> {
    const previous = last;
    const { promise, resolve } = Promise.withResolvers<void>();
    last = previous.then(() => promise);
    turns += 1;
    const release = (): void => {
      turns -= 1;
      resolve();
    };
    try {
      await abortable<void>(signal, title, (go) => void previous.then(go));
    } catch (error) {
      release();
      throw error;
    }
    return release;
  }

  return {
    get isBusy() {
      return turns > 0;
    },

    async use(signal, work) {
      const release = await turn(signal);
      let current: Connection | undefined;
      try {
        const held = connection ?? (await open(signal));
        current = held;
        return await work({ run: (statement) => query(held, signal, statement) });
      } catch (error) {
        if (current && (signal.aborted || error instanceof ConnectionError)) forget(current);
        throw problemOf(error, title);
      } finally {
        release();
      }
    },

    async close() {
      await last;
      const ending = connection;
      if (!ending) return;
      connection = undefined;
      await new Promise<void>((resolve) => {
        ending.once('end', resolve);
        ending.end(() => resolve());
      });
    },
  };
}
