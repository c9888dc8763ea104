import { Problem, type ProblemCode } from '@coffer/core';
import { DatabaseError } from 'pg';

/** What the server answered to a statement. Holds neither the statement nor a value of it. */
export class ServerError extends Error {
  /** The error's code: five letters and digits. */
  readonly sqlState: string;

  constructor(sqlState: string, message: string) {
    super(message);
    this.name = 'ServerError';
    this.sqlState = sqlState;
  }
}

/** The session ended, or never came to be. */
export class ConnectionError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'ConnectionError';
  }
}

function systemCode(error: unknown): string {
  const code = typeof error === 'object' && error !== null && 'code' in error ? error.code : undefined;
  return typeof code === 'string' && /^[A-Z0-9_]+$/.test(code) ? code : 'no code';
}

/** @param isSecret whether the statement held a secret: then nothing of the server's message is kept, since it may quote it */
export function cleanError(error: unknown, isSecret: boolean): ServerError | ConnectionError {
  if (!(error instanceof DatabaseError) || error.code === undefined)
    return new ConnectionError(`the connection failed (${systemCode(error)})`);
  // The server ends the session along with these: it shuts down, somebody ended us, or another process of it has crashed.
  if (/^57P0[125]$/.test(error.code)) return new ConnectionError(`the server ended the session (${error.code})`);
  return new ServerError(error.code, isSecret ? `error ${error.code}` : `error ${error.code}: ${error.message}`);
}

/** Only codes whose reader can do something about it. */
const MEANINGS: Readonly<Record<string, readonly [ProblemCode, string]>> = {
  '25006': ['not_ready', 'the database is read-only'],
  '28000': ['not_ready', 'the service account may not log in; the instance is not initialised'],
  '28P01': ['not_ready', 'the service account may not log in with this password; the instance is not initialised'],
  '2BP01': ['not_ready', 'it owns something that came to be meanwhile; ask again'],
  '42622': ['bad_request', 'a name is too long'],
  '53100': ['guest_failed', 'the disk is full; make the volume larger or delete data'],
  '53200': ['unavailable', 'it has no memory left; ask again'],
  '53300': ['unavailable', 'all connections are in use; close some or ask again'],
  '55006': ['not_ready', 'sessions of users are in the database; end them, or ask again'],
  '55P03': ['not_ready', 'a session of a user holds a lock on it; end that session, or ask again'],
  '57P03': ['not_ready', 'it is starting, recovering or shutting down; ask again'],
};

/** What leaves the driver. */
export function problemOf(error: unknown, title: string): unknown {
  if (error instanceof ConnectionError)
    return new Problem('unavailable', `${title} does not answer: ${error.message}; ask again.`, { cause: error });
  if (!(error instanceof ServerError)) return error;
  const meaning = MEANINGS[error.sqlState];
  if (meaning === undefined)
    return new Problem('guest_failed', `${title} refused: ${error.message}.`, { cause: error });
  return new Problem(meaning[0], `${title} refused: ${meaning[1]} (error ${error.sqlState}).`, { cause: error });
}

/** The code of the server's error behind what a session threw, if there is one. */
export function sqlStateOf(error: unknown): string | undefined {
  const cause = error instanceof Problem ? error.cause : error;
  return cause instanceof ServerError ? cause.sqlState : undefined;
}
