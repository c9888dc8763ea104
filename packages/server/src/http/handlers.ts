import type { Caller, OperationId, Operations } from '@coffer/core';

type In<Op, Place extends 'path' | 'query' | 'header'> = Op extends { parameters: { [K in Place]?: infer Values } }
  ? [NonNullable<Values>] extends [never]
    ? Record<never, never>
    : NonNullable<Values>
  : Record<never, never>;

type ContentBody<Request> = Request extends { content: { 'application/json': infer Body } } ? Body : undefined;

/** Of an operation whose body may be left out, undefined too. */
type BodyOf<Op> = Op extends { requestBody: infer Request }
  ? ContentBody<Request>
  : Op extends { requestBody?: infer Request }
    ? ContentBody<NonNullable<Request>> | undefined
    : undefined;

type ContentOf<Response> = Response extends { content: infer Content } ? Content[keyof Content] : undefined;

/** Every documented answer of an operation, as a union. Refusals are thrown as Problems. */
export type Answer<Id extends OperationId> = Operations[Id]['responses'] extends infer Responses
  ? {
      [Status in keyof Responses & number]: ContentOf<Responses[Status]> extends undefined
        ? { status: Status; body?: undefined; headers?: Record<string, string> }
        : { status: Status; body: ContentOf<Responses[Status]>; headers?: Record<string, string> };
    }[keyof Responses & number]
  : never;

/** What every operation gets to know besides its own input. */
export interface CallContext {
  /** Of operations that need no token: {@link nobody}. */
  caller: Caller;
  /** Scheme, host and the path where the app hangs, as the client sees them, without a slash at the end: for links. */
  base: string;
  /** The request's URL, its path as the document has it: without where the app hangs. */
  url: string;
  /** Address of who connected, where there is a connection. */
  peer: string | undefined;
  requestId: string;
}

export interface Call<Id extends OperationId> extends CallContext {
  path: In<Operations[Id], 'path'>;
  query: In<Operations[Id], 'query'>;
  header: In<Operations[Id], 'header'>;
  body: BodyOf<Operations[Id]>;
}

/** One function for each operation of the document; a missing one, a wrong status or a wrong body does not compile. */
export type Handlers<Ids extends OperationId = OperationId> = {
  [Id in Ids]: (call: Call<Id>) => Promise<Answer<Id>> | Answer<Id>;
};

/** Who asks where nobody has to say. */
export const nobody: Caller = {
  projectId: '',
  projectName: '',
  userId: '',
  userName: '',
  roles: [],
  expiresAt: new Date(0),
};
