/**
 * Every way in which Coffer says no: the code, the HTTP status it becomes, a title, and whether asking again can help.
 * The union of codes is the keys of this table; `Problem` crosses AMQP as JSON and is revived from the same table.
 */
export const PROBLEMS = {
  bad_request: { status: 400, title: 'The request is not valid', retry: false },
  unauthorized: { status: 401, title: 'Authentication is needed', retry: false },
  forbidden: { status: 403, title: 'Not allowed', retry: false },
  not_found: { status: 404, title: 'Not found', retry: false },
  conflict: { status: 409, title: 'In conflict with what is there', retry: false },
  too_large: { status: 413, title: 'Too large', retry: false },
  over_quota: { status: 413, title: 'Quota exceeded', retry: false },
  unsupported_media_type: { status: 415, title: 'Media type not supported', retry: false },
  not_ready: { status: 422, title: 'Not possible in this state', retry: true },
  /** Said of each value, with what is allowed. */
  invalid_value: { status: 422, title: 'A value is not allowed', retry: false },
  instance_busy: { status: 422, title: 'Another operation is running', retry: true },
  internal: { status: 500, title: 'Internal error', retry: false },
  not_supported: { status: 501, title: 'Not supported', retry: false },
  unavailable: { status: 503, title: 'A part that is needed does not answer', retry: true },
  timeout: { status: 503, title: 'No answer within the deadline', retry: true },
  /** A foreign service refused for good: no quota there, no such image, no valid host. */
  cloud_refused: { status: 500, title: 'The cloud refused', retry: false },
  cloud_unavailable: { status: 503, title: 'The cloud does not answer', retry: true },
  database_exists: { status: 400, title: 'The database exists', retry: false },
  database_missing: { status: 404, title: 'The database does not exist', retry: false },
  user_exists: { status: 400, title: 'The user exists', retry: false },
  user_missing: { status: 404, title: 'The user does not exist', retry: false },
  guest_failed: { status: 400, title: 'The guest could not do it', retry: false },
  /** A message was sealed for an earlier life of its receiver; the sender seals it again under the same operation id. */
  stale_session: { status: 503, title: 'The receiver has restarted', retry: true },
  envelope_refused: { status: 400, title: 'The message was refused', retry: false },
} as const satisfies Record<string, { status: number; title: string; retry: boolean }>;

export type ProblemCode = keyof typeof PROBLEMS;

/** The JSON form of a {@link Problem}; the shape follows RFC 9457, with our code as its type. */
export interface ProblemJson {
  code: ProblemCode;
  detail: string;
}

/** The same in every copy of this class. */
const MARK = Symbol.for('coffer.problem');

/** By the mark for {@link Problem} itself; by the prototype, as usual, for its subclasses. */
function isInstance(asked: { prototype: object }, value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  return asked === Problem ? MARK in value : Object.prototype.isPrototypeOf.call(asked.prototype, value);
}

/** A refusal or failure that its reader can act on: `detail` names the thing, the value and the next step. */
export class Problem extends Error {
  readonly code: ProblemCode;
  readonly detail: string;

  constructor(code: ProblemCode, detail: string, options?: { cause?: unknown }) {
    super(detail, options);
    this.name = 'Problem';
    this.code = code;
    this.detail = detail;
  }

  /** A driver's bundle brings a copy of this class along; a Problem of that one is a Problem here too. */
  static override [Symbol.hasInstance](value: unknown): boolean {
    // biome-ignore lint/complexity/noThisInStatic: subclasses inherit this, and are not meant by it
    return isInstance(this, value);
  }

  get [MARK](): true {
    return true;
  }

  get status(): number {
    return PROBLEMS[this.code].status;
  }

  /** Whether the same request may succeed later without a change. */
  get mayRetry(): boolean {
    return PROBLEMS[this.code].retry;
  }

  toJSON(): ProblemJson {
    return { code: this.code, detail: this.detail };
  }
}

export function isProblemCode(value: unknown): value is ProblemCode {
  return typeof value === 'string' && Object.hasOwn(PROBLEMS, value);
}

/** Revives a problem that crossed a wire; a code that this build does not know becomes `internal`, its text kept. */
export function reviveProblem(json: { code?: unknown; detail?: unknown }): Problem {
  const detail = typeof json.detail === 'string' ? json.detail : 'no detail was given';
  return isProblemCode(json.code)
    ? new Problem(json.code, detail)
    : new Problem('internal', `${String(json.code)}: ${detail}`);
}

/**
 * What anything thrown becomes when it leaves us. Problems pass; whatever nobody foresaw becomes `internal` with a fixed
 * sentence, and its cause is for the log alone.
 */
export function toProblem(error: unknown): Problem {
  return error instanceof Problem
    ? error
    : new Problem('internal', 'An unexpected error occurred; the log has its cause.', { cause: error });
}
