import { type Caller, type Identity, type Logger, type OperationId, Problem } from '@coffer/core';
import { type Context, Hono } from 'hono';
import { authenticate, checkProject } from './auth.ts';
import type { BaseUrlOf } from './base-url.ts';
import { readJson } from './body.ts';
import { contract, type Route, routesOf } from './contract.ts';
import { type FaultContext, isOurs, toFault, unknownRoute } from './fault.ts';
import { type Handlers, nobody } from './handlers.ts';
import { authorize } from './policy.ts';
import { createValidators, type OperationValidator } from './validate.ts';

export interface MountOptions {
  identity: Identity;
  baseUrlOf: BaseUrlOf;
  log: Logger;
  newId: () => string;
  /** Also checks every answer; one that breaks the document becomes a 500. */
  validateResponses: boolean;
}

/** What any operation answers, once its types are behind us. */
interface Reply {
  status: number;
  body?: unknown;
  headers?: Record<string, string>;
}

/** Where @hono/node-server keeps the connection. */
export interface NodeBindings {
  incoming?: { socket?: { remoteAddress?: string } };
}

export type App = Hono<{ Bindings: NodeBindings }>;
type Ctx = Context<{ Bindings: NodeBindings }>;

/** As the document has it, undecoded: slashes collapsed, none at the end. */
export function rawPath(url: string): string {
  const path = url.replace(/^[a-z]+:\/\/[^/?#]*/i, '').replace(/[?#].*$/s, '');
  return `/${path.split('/').filter(Boolean).join('/')}`;
}

function decodeSegment(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch (error) {
    throw new Problem(
      'bad_request',
      `${JSON.stringify(segment.slice(0, 80))} in the path is not percent-encoded UTF-8.`,
      { cause: error },
    );
  }
}

/** URLSearchParams would put U+FFFD for what it cannot decode. */
function checkQuery(url: string): void {
  const query = new URL(url).search;
  try {
    decodeURIComponent(query);
  } catch (error) {
    throw new Problem('bad_request', 'The query is not percent-encoded UTF-8.', { cause: error });
  }
}

/** Values by name. Counted from the end, so that the app may hang below any path of another. */
function pathValues(route: Route, path: string): Record<string, string> {
  const names = rawPath(route.path).split('/').reverse();
  const segments = path.split('/').reverse();
  return Object.fromEntries(
    names.flatMap((name, index) =>
      name.startsWith('{') ? [[name.slice(1, -1), decodeSegment(segments[index] ?? '')]] : [],
    ),
  );
}

function respond(reply: Reply, requestId: string): Response {
  const headers = new Headers({
    'Content-Type': 'application/json',
    'x-openstack-request-id': requestId,
    ...reply.headers,
  });
  const text =
    reply.body === undefined ? null : typeof reply.body === 'string' ? reply.body : JSON.stringify(reply.body);
  if (typeof reply.body === 'string') headers.set('Content-Type', 'text/plain');
  if (reply.status === 204) headers.delete('Content-Type');
  return new Response(text, { status: reply.status, headers });
}

/** All operations of the document on one Hono app. No I/O. @throws Error when an operation has no handler. */
export function mount(handlers: Handlers, options: MountOptions): App {
  const { identity, log, newId } = options;
  const validatorFor = createValidators();
  // Each entry takes its own operation's call; that the two go together is what `Handlers` proves to the compiler.
  const byId = new Map<string, (call: never) => Promise<Reply> | Reply>(Object.entries(handlers));
  const isOperation = (id: string): id is OperationId => byId.has(id);
  const routes = routesOf(contract, isOperation);
  const app: App = new Hono({ getPath: (request) => rawPath(request.url) });

  const peerOf = (c: Ctx): string | undefined => {
    // Absent when a request does not come by a connection.
    const env: NodeBindings | undefined = c.env;
    return env?.incoming?.socket?.remoteAddress;
  };
  const contextOf = (path: string, requestId: string): FaultContext => ({
    family: /(?:^|\/)identity(?:\/|$)/.test(path) && !path.includes('/v1.0') ? 'identity' : 'trove',
    requestId,
    authUrl: identity.authUrl,
  });

  async function answer(
    c: Ctx,
    route: Route,
    requestId: string,
    validator: OperationValidator,
    path: Record<string, string>,
  ): Promise<Reply> {
    const request = c.req.raw;
    let caller: Caller = nobody;
    if (!route.isPublic) {
      caller = await authenticate(identity, request.headers);
      checkProject(caller, path.project_id);
    }
    const { searchParams } = new URL(request.url);
    const { query, header } = validator.parameters({ query: searchParams, headers: request.headers });
    let body: unknown;
    if (route.body !== 'none') {
      body = await readJson(request, route.body === 'required');
      if (body !== undefined) validator.body(body);
    }
    authorize(route.id, caller);
    const call = {
      caller,
      base: options.baseUrlOf(request, peerOf(c)),
      url: request.url,
      peer: peerOf(c),
      requestId,
      path,
      query,
      header,
      body,
    };
    const handler = byId.get(route.id);
    if (!handler) throw new Error(`no handler for ${route.id}`);
    // Everything in it was just checked against the schemas that its type was made from.
    return handler(call as never);
  }

  async function serve(c: Ctx, route: Route): Promise<Response> {
    const requestId = `req-${newId()}`;
    const entry = { requestId, operation: route.id };
    const raw = rawPath(c.req.url);
    const refuse = (error: unknown): Reply => {
      const level = error instanceof Problem && error.mayRetry ? 'warn' : 'error';
      if (isOurs(error)) log[level]({ ...entry, err: error }, 'a request failed');
      return toFault(error, contextOf(raw, requestId));
    };
    const validator = validatorFor(route);
    let reply: Reply;
    try {
      checkQuery(c.req.url);
      const path = pathValues(route, raw);
      reply = await answer(c, route, requestId, validator, path).catch(refuse);
      // A HEAD has no body, also where its refusals are made as everybody's.
      if (route.method === 'head') delete reply.body;
      if (options.validateResponses) validator.reply(reply.status, reply.body);
    } catch (error) {
      reply = refuse(error);
    }
    log.debug({ ...entry, status: reply.status }, 'answered');
    return respond(reply, requestId);
  }

  const heads = new Map(routes.filter(({ method }) => method === 'head').map((route) => [route.path, route]));
  for (const route of routes) {
    if (route.method === 'head') continue;
    const pattern = rawPath(route.path).replaceAll(/\{(\w+)\}/g, ':$1');
    // Hono asks the GET route about a HEAD and drops the body of the answer.
    app.on(route.method.toUpperCase(), pattern, (c) =>
      serve(c, c.req.raw.method === 'HEAD' ? (heads.get(route.path) ?? route) : route),
    );
  }
  app.notFound((c) => {
    const requestId = `req-${newId()}`;
    const path = rawPath(c.req.url);
    return respond(toFault(unknownRoute(c.req.method, path.slice(0, 200)), contextOf(path, requestId)), requestId);
  });
  app.onError((error, c) => {
    const requestId = `req-${newId()}`;
    log.error({ requestId, err: error }, 'a request failed outside its operation');
    return respond(toFault(error, contextOf(rawPath(c.req.url), requestId)), requestId);
  });
  return app;
}
