import { Problem, type ProblemCode, toProblem } from '@coffer/core';

/** The key of Trove's envelope for each status. */
const FAULTS: Readonly<Record<number, string>> = {
  400: 'badRequest',
  401: 'unauthorized',
  403: 'forbidden',
  404: 'itemNotFound',
  405: 'badMethod',
  406: 'notAcceptable',
  409: 'conflict',
  413: 'overLimit',
  415: 'badMediaType',
  422: 'unprocessableEntity',
  500: 'instanceFault',
  501: 'notImplemented',
  503: 'serviceUnavailable',
};

/** Keystone says the status in words. */
const TITLES: Readonly<Record<number, string>> = {
  400: 'Bad Request',
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'Not Found',
  409: 'Conflict',
  413: 'Request Entity Too Large',
  415: 'Unsupported Media Type',
  500: 'Internal Server Error',
  501: 'Not Implemented',
  503: 'Service Unavailable',
};

export interface Fault {
  status: number;
  headers: Record<string, string>;
  body: unknown;
}

export interface FaultContext {
  /** Whose clients read it: the database API, or the identity API with Keystone's shape. */
  family: 'trove' | 'identity';
  /** Named in what nobody foresaw, so that the log entry can be found. */
  requestId: string;
  /** Where tokens come from. */
  authUrl: string;
}

/**
 * What anything thrown looks like on the wire. A refused token has Keystone's shape in both families, because there it
 * comes from Keystone's middleware and clients know it so.
 */
export function toFault(error: unknown, { family, requestId, authUrl }: FaultContext): Fault {
  const problem = toProblem(error);
  const { status } = problem;
  const message = isOurs(problem) ? sayLittle(problem, requestId) : problem.detail;
  const headers: Record<string, string> = status === 401 ? { 'WWW-Authenticate': `Keystone uri="${authUrl}"` } : {};
  if (family === 'identity' || status === 401) {
    return { status, headers, body: { error: { code: status, title: TITLES[status] ?? 'Error', message } } };
  }
  return { status, headers, body: { [FAULTS[status] ?? 'instanceFault']: { code: status, message } } };
}

/** Not the caller's doing: its text names addresses and parts of ours, so it is for the log alone. */
const OURS: ReadonlySet<string> = new Set<ProblemCode>([
  'internal',
  'unavailable',
  'timeout',
  'cloud_refused',
  'cloud_unavailable',
]);

/** Whether the operator should see it, and nobody else. */
export const isOurs = (error: unknown): boolean => !(error instanceof Problem) || OURS.has(error.code);

const sayLittle = ({ mayRetry }: Problem, requestId: string): string =>
  mayRetry
    ? 'A part of the service does not answer; try again in a moment.'
    : `The server could not answer. The log has it under ${requestId}.`;

/** The answer to a path that nobody has, and to a wrong method. */
export function unknownRoute(method: string, path: string): Problem {
  return new Problem('not_found', `There is no ${method} ${path}; see the API reference for the operations.`);
}
