import { type Caller, type Identity, type Logger, type OperationId, Problem } from '@coffer/core';
import { type Context, Hono } from 'hono';
import { createSayOnce } from '../say-once.ts';
import type { App, AppEnv } from './app-type.ts';
import { authenticate, checkProject } from './auth.ts';
import type { BaseUrlOf } from './base-url.ts';
import { readJson } from './body.ts';
import { contract, type Route, routesOf } from './contract.ts';
import { type FaultContext, isOurs, toFault, unknownRoute } from './fault.ts';
import { type Handlers, nobody } from './handlers.ts';
import { authorize } from './policy.ts';
import { hangable, rawPath } from './prefix.ts';
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

type Ctx = Context<AppEnv>;

/** The path as the document has it, without where the app hangs. */
const pathBelow = (url: string, prefix: string): string => rawPath(url).slice(prefix.length) || '/';

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

/** Values by name. */
function pathValues(route: Route, path: string): Record<string, string> {
  const names = rawPath(route.path).split('/');
  const segments = path.split('/');
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
  const sayOnce = createSayOnce(log);
  const validatorFor = createValidators();
  // Each entry takes its own operation's call; that the two go together is what `Handlers` proves to the compiler.
  const byId = new Map<string, (call: never) => Promise<Reply> | Reply>(Object.entries(handlers));
  const isOperation = (id: string): id is OperationId => byId.has(id);
  const routes = routesOf(contract, isOperation);
  const app: App = new Hono({ getPath: (request, at) => pathBelow(request.url, at?.env?.prefix ?? '') });

  const peerOf = (c: Ctx): string | undefined => {
    // Absent when a request does not come by a connection.
    return c.env.incoming?.socket?.remoteAddress;
  };
  const prefixOf = (c: Ctx): string => c.env.prefix ?? '';
  const pathOf = (c: Ctx): string => pathBelow(c.req.url, prefixOf(c));
  const contextOf = (path: string, requestId: string): FaultContext => ({
    family: /^\/identity(?:\/|$)/.test(path) ? 'identity' : 'trove',
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
    const { search, searchParams } = new URL(request.url);
    const { query, header } = validator.parameters({ query: searchParams, headers: request.headers });
    let body: unknown;
    if (route.body !== 'none') {
      body = await readJson(request, route.body === 'required');
      if (body !== undefined) validator.body(body);
    }
    authorize(route.id, caller);
    const call = {
      caller,
      base: `${options.baseUrlOf(request, peerOf(c))}${prefixOf(c)}`,
      url: new URL(`${pathOf(c)}${search}`, request.url).href,
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
    const raw = pathOf(c);
    const refuse = (error: unknown): Reply => {
      if (error instanceof Problem && error.mayRetry && isOurs(error)) {
        // A part that is away fails every request: one line for each operation until one of it is answered again.
        sayOnce(route.id, { fields: { operation: route.id, err: error }, message: 'requests fail' });
        log.debug({ ...entry, err: error }, 'a request failed');
      } else if (isOurs(error)) log.error({ ...entry, err: error }, 'a request failed');
      return toFault(error, contextOf(raw, requestId));
    };
    const validator = validatorFor(route);
    let reply: Reply;
    try {
      checkQuery(c.req.url);
      const path = pathValues(route, raw);
      reply = await answer(c, route, requestId, validator, path).then((answered) => {
        sayOnce(route.id, undefined);
        return answered;
      }, refuse);
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
    const unknown = unknownRoute(c.req.method, rawPath(c.req.url).slice(0, 200));
    return respond(toFault(unknown, contextOf(pathOf(c), requestId)), requestId);
  });
  app.onError((error, c) => {
    const requestId = `req-${newId()}`;
    log.error({ requestId, err: error }, 'a request failed outside its operation');
    return respond(toFault(error, contextOf(pathOf(c), requestId)), requestId);
  });
  return hangable(app);
}
