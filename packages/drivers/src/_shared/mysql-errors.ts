import { Problem, type ProblemCode } from '@coffer/core';

/** What the server answered to a statement. Holds neither the statement nor a value of it; mysql2's own errors carry both. */
export class ServerError extends Error {
  /** Number of the error; mysql2's `code` is missing for numbers newer than itself. */
  readonly errno: number;

  constructor(errno: number, message: string) {
    super(message);
    this.name = 'ServerError';
    this.errno = errno;
  }
}

/** The session ended, or never came to be. */
export class ConnectionError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'ConnectionError';
  }
}

interface DriverError {
  errno: number;
  message: string;
}

/** Errors of the server have a positive number and a message from it; those of the system and of mysql2 have not. */
function isServerAnswer(error: unknown): error is DriverError {
  return (
    typeof error === 'object' &&
    error !== null &&
    'errno' in error &&
    typeof error.errno === 'number' &&
    error.errno > 0 &&
    'sqlState' in error &&
    'message' in error &&
    typeof error.message === 'string'
  );
}

function systemCode(error: unknown): string {
  const code = typeof error === 'object' && error !== null && 'code' in error ? error.code : undefined;
  return typeof code === 'string' && /^[A-Z0-9_]+$/.test(code) ? code : 'no code';
}

/** @param isSecret whether the statement held a secret: then nothing of the server's message is kept, since it may quote it */
export function cleanError(error: unknown, isSecret: boolean): ServerError | ConnectionError {
  if (!isServerAnswer(error)) return new ConnectionError(`the connection failed (${systemCode(error)})`);
  return new ServerError(error.errno, isSecret ? `error ${error.errno}` : `error ${error.errno}: ${error.message}`);
}

/** Numbers that are the same in MySQL and MariaDB; only those whose reader can do something about it. */
const MEANINGS: Readonly<Record<number, readonly [ProblemCode, string]>> = {
  // As a file's name a character that is no letter or digit takes five: 64 of them are too many.
  13: ['bad_request', 'the name is too long for the file system'],
  1021: ['guest_failed', 'the disk is full; make the volume larger or delete data'],
  1040: ['unavailable', 'all connections are in use; close some or ask again'],
  1045: ['not_ready', 'the service account may not log in yet; the instance is not initialised'],
  1053: ['unavailable', 'the database is shutting down; ask again when it is up'],
  1059: ['bad_request', 'a name is too long'],
  1102: ['bad_request', 'the database name is not allowed'],
  1115: ['bad_request', 'the character set is unknown'],
  1205: ['not_ready', 'a session of a user holds a lock on it; end that session, or ask again'],
  1253: ['bad_request', 'the collation does not go with the character set'],
  1273: ['bad_request', 'the collation is unknown'],
  1290: ['not_ready', 'the database is read-only'],
  1470: ['bad_request', 'a user or host name is too long'],
  1819: ['bad_request', 'the password does not satisfy the policy of the database'],
  1836: ['not_ready', 'the database is read-only'],
};

/** What leaves the driver. */
export function problemOf(error: unknown, title: string): unknown {
  if (error instanceof ConnectionError)
    return new Problem('unavailable', `${title} does not answer: ${error.message}; ask again.`, { cause: error });
  if (!(error instanceof ServerError)) return error;
  const meaning = MEANINGS[error.errno];
  if (meaning === undefined)
    return new Problem('guest_failed', `${title} refused: ${error.message}.`, { cause: error });
  return new Problem(meaning[0], `${title} refused: ${meaning[1]} (error ${error.errno}).`, { cause: error });
}

/** The number of the server's error behind what a session threw, if there is one. */
export function errnoOf(error: unknown): number | undefined {
  const cause = error instanceof Problem ? error.cause : error;
  return cause instanceof ServerError ? cause.errno : undefined;
}

export function isConnectionLoss(error: unknown): boolean {
  return error instanceof ConnectionError || (error instanceof Problem && error.cause instanceof ConnectionError);
}
