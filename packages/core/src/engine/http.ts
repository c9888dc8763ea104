import { type ClientRequest, request as httpRequest, type IncomingMessage, type RequestOptions } from 'node:http';
import type { Duplex, Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { Problem, type ProblemCode } from '../problem.ts';

export interface EngineOptions {
  /** `unix:///path`, `tcp://host:port` or `http://host:port`. Default `unix:///var/run/docker.sock`. */
  endpoint?: string;
  /** How long a call that is no stream may take, ms. Default 120,000. */
  timeoutMs?: number;
}

/** A refusal by the engine: the problem, and the HTTP status that the engine gave. */
export class EngineProblem extends Problem {
  readonly engineStatus: number;

  constructor(code: ProblemCode, detail: string, engineStatus: number) {
    super(code, detail);
    this.engineStatus = engineStatus;
  }
}

export interface EngineRequest {
  method?: 'GET' | 'POST' | 'PUT' | 'DELETE' | 'HEAD';
  /** Path below the API version, already escaped, e.g. `/containers/json`. */
  path: string;
  /** Objects are sent as JSON, as the engine wants its filters; undefined is left out. */
  query?: Readonly<Record<string, string | number | boolean | object | undefined>>;
  /** Sent as JSON. */
  body?: unknown;
  /** Sent as it is, with back-pressure. */
  stream?: Readable;
  headers?: Readonly<Record<string, string>>;
  signal?: AbortSignal | undefined;
  /** Default: the client's. 0 waits for ever. */
  timeoutMs?: number;
}

/** The highest API version whose answers this client knows, and the lowest it gets along with. */
const HIGHEST = '1.47';
const LOWEST = '1.41';

const CODES: Readonly<Record<number, ProblemCode>> = {
  400: 'bad_request',
  401: 'unauthorized',
  403: 'forbidden',
  404: 'not_found',
  409: 'conflict',
  501: 'not_supported',
  503: 'unavailable',
};

/** Transport to one engine: negotiates the API version once, turns every failure into a Problem. Opens nothing until used. */
export interface EngineHttp {
  readonly endpoint: string;
  /** The parsed answer; undefined for an empty one. */
  json<T>(request: EngineRequest): Promise<T>;
  /** The status, for calls where 304 means something; the body is read and dropped. */
  status(request: EngineRequest): Promise<number>;
  /** The answer as it streams in; the caller reads it to its end or destroys it. */
  open(request: EngineRequest): Promise<IncomingMessage>;
  /** The connection itself, after the engine switched protocols. */
  upgrade(request: EngineRequest): Promise<Duplex>;
  apiVersion(): Promise<string>;
}

export function createEngineHttp(options: EngineOptions = {}): EngineHttp {
  const endpoint = options.endpoint ?? 'unix:///var/run/docker.sock';
  const target = targetOf(endpoint);
  const defaultTimeoutMs = options.timeoutMs ?? 120_000;
  let version: Promise<string> | undefined;

  function unreachable(error: unknown): Problem {
    const code = error instanceof Error && 'code' in error ? String(error.code) : String(error);
    return new Problem(
      'unavailable',
      `The container engine at ${endpoint} does not answer (${code}). Is it running, and may this user reach it?`,
      {
        cause: error,
      },
    );
  }

  /** Sends, and hands the answer (or the upgraded connection) to `receive`; the deadline covers all that `receive` awaits. */
  async function exchange<T>(
    request: EngineRequest & { prefix?: string; headers?: Readonly<Record<string, string>> },
    receive: (answer: { message: IncomingMessage; socket?: Duplex }) => Promise<T>,
  ): Promise<T> {
    const prefix = request.prefix ?? `/v${await apiVersion()}`;
    request.signal?.throwIfAborted();
    const json = request.body === undefined ? undefined : Buffer.from(JSON.stringify(request.body));
    const headers: Record<string, string> = { ...request.headers };
    if (json) Object.assign(headers, { 'content-type': 'application/json', 'content-length': String(json.length) });
    const method = request.method ?? 'GET';
    const sent: RequestOptions = {
      ...target,
      method,
      path: prefix + request.path + queryOf(request.query),
      headers,
      agent: false,
    };
    const outgoing: ClientRequest = httpRequest(sent);
    const timeoutMs = request.timeoutMs ?? defaultTimeoutMs;
    let timedOut = false;
    const abort = (): void => {
      outgoing.destroy();
    };
    request.signal?.addEventListener('abort', abort, { once: true });
    let timer: NodeJS.Timeout | undefined;
    if (timeoutMs > 0) {
      timer = setTimeout(() => {
        timedOut = true;
        outgoing.destroy();
      }, timeoutMs);
    }
    try {
      const answered = new Promise<{ message: IncomingMessage; socket?: Duplex }>((resolve, reject) => {
        outgoing.on('response', (message) => resolve({ message }));
        outgoing.on('upgrade', (message, socket, head) => {
          if (head.length > 0) socket.unshift(head);
          resolve({ message, socket });
        });
        outgoing.on('error', reject);
        outgoing.on('close', () => reject(new Error('connection closed')));
      });
      if (request.stream) {
        // An engine that refuses early closes the connection while we still send; its answer is then the truth, not EPIPE.
        const stream = request.stream;
        pipeline(stream, outgoing).catch((error: unknown) => {
          if (stream.errored) outgoing.destroy(error instanceof Error ? error : new Error(String(error)));
        });
      } else outgoing.end(json);
      const answer = await answered;
      const status = answer.message.statusCode ?? 0;
      if (status >= 400) throw await refusal(answer.message, method, request.path);
      return await receive(answer);
    } catch (error) {
      if (error instanceof Problem) throw error;
      request.signal?.throwIfAborted();
      if (timedOut)
        throw new Problem(
          'timeout',
          `The container engine at ${endpoint} did not answer ${method} ${request.path} within ${timeoutMs} ms.`,
        );
      throw unreachable(error);
    } finally {
      clearTimeout(timer);
      request.signal?.removeEventListener('abort', abort);
    }
  }

  function apiVersion(): Promise<string> {
    version ??= exchange({ path: '/_ping', prefix: '', timeoutMs: 10_000 }, async ({ message }) => {
      await textOf(message);
      const theirs = String(message.headers['api-version'] ?? '');
      if (!/^\d+\.\d+$/.test(theirs) || compareVersions(theirs, LOWEST) < 0) {
        throw new Problem(
          'not_supported',
          `The container engine at ${endpoint} speaks API ${theirs || 'unknown'}; at least ${LOWEST} is needed.`,
        );
      }
      return compareVersions(theirs, HIGHEST) < 0 ? theirs : HIGHEST;
    }).catch((error: unknown) => {
      version = undefined;
      throw error;
    });
    return version;
  }

  return {
    endpoint,
    apiVersion,
    json: <T>(request: EngineRequest) =>
      exchange(request, async ({ message }) => {
        const text = await textOf(message);
        return (text === '' ? undefined : parse(text)) as T;
      }),
    status: (request) =>
      exchange(request, async ({ message }) => {
        message.resume();
        return message.statusCode ?? 0;
      }),
    open: (request) =>
      exchange(request, async ({ message }) => {
        follow(message, request.signal);
        return message;
      }),
    upgrade: (request) =>
      exchange(
        { ...request, headers: { ...request.headers, connection: 'Upgrade', upgrade: 'tcp' } },
        async ({ message, socket }) => {
          if (!socket) {
            message.destroy();
            throw new Problem(
              'internal',
              `The container engine at ${endpoint} answered ${request.path} without switching protocols.`,
            );
          }
          follow(socket, request.signal);
          return socket;
        },
      ),
  };
}

/** Ends a stream that outlives its request when the signal fires. */
function follow(stream: Readable | Duplex, signal: AbortSignal | undefined): void {
  if (!signal) return;
  const abort = (): void => {
    stream.destroy(signal.reason instanceof Error ? signal.reason : new Error('aborted'));
  };
  if (signal.aborted) abort();
  signal.addEventListener('abort', abort, { once: true });
  stream.once('close', () => signal.removeEventListener('abort', abort));
}

function targetOf(endpoint: string): RequestOptions {
  if (endpoint.startsWith('unix://')) return { socketPath: endpoint.slice('unix://'.length) };
  const url = URL.parse(endpoint.replace(/^tcp:/, 'http:'));
  if (url?.protocol !== 'http:') {
    throw new Problem(
      'bad_request',
      `"${endpoint}" is no address of a container engine; write unix:///path or tcp://host:port.`,
    );
  }
  return { host: url.hostname, port: url.port || '2375' };
}

function queryOf(query: EngineRequest['query']): string {
  const parameters = new URLSearchParams();
  for (const [name, value] of Object.entries(query ?? {})) {
    if (value !== undefined) parameters.set(name, typeof value === 'object' ? JSON.stringify(value) : String(value));
  }
  return parameters.size > 0 ? `?${parameters}` : '';
}

async function textOf(message: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of message) chunks.push(chunk);
  return Buffer.concat(chunks).toString('utf8');
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new Problem('internal', `The container engine sent what is no JSON: ${text.slice(0, 200)}`, { cause: error });
  }
}

/** The engine's own sentence. Old engines put plain text before the JSON, proxies send no JSON at all. */
export function messageOf(text: string): string {
  const start = text.indexOf('{');
  if (start >= 0) {
    try {
      const parsed: unknown = JSON.parse(text.slice(start));
      if (typeof parsed === 'object' && parsed !== null && 'message' in parsed && typeof parsed.message === 'string')
        return parsed.message;
    } catch {
      // Not JSON after all: the text itself is what there is.
    }
  }
  return text.trim().slice(0, 500);
}

async function refusal(message: IncomingMessage, method: string, path: string): Promise<EngineProblem> {
  const status = message.statusCode ?? 0;
  const text = await textOf(message).catch(() => '');
  const said = messageOf(text) || message.statusMessage || 'no reason given';
  return new EngineProblem(
    CODES[status] ?? 'internal',
    `The container engine refused ${method} ${path}: ${said}`,
    status,
  );
}

function compareVersions(left: string, right: string): number {
  const [leftMajor = 0, leftMinor = 0] = left.split('.').map(Number);
  const [rightMajor = 0, rightMinor = 0] = right.split('.').map(Number);
  return leftMajor - rightMajor || leftMinor - rightMinor;
}

/** One value per line, as the engine tells of progress and events; a line that came in two pieces is put together. */
export async function* jsonLines(message: IncomingMessage): AsyncGenerator<unknown> {
  let rest = '';
  message.setEncoding('utf8');
  for await (const chunk of message) {
    rest += chunk;
    const lines = rest.split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) if (line.trim() !== '') yield parse(line);
  }
  if (rest.trim() !== '') yield parse(rest);
}

/** A reference in a path: its slashes stay, everything else is escaped. */
export function escapePath(name: string): string {
  return name.split('/').map(encodeURIComponent).join('/');
}
