import { type RequestOptions, request as requestHttp } from 'node:http';
import { request as requestHttps } from 'node:https';
import { Problem } from '@coffer/core';

export interface ManagementOptions {
  /** Of RabbitMQ's management plugin, e.g. `https://rabbitmq.example:15671`. Beyond loopback and a network of its own it should be https. */
  url: string;
  /** A user with the tag `administrator`. */
  username: string;
  password: string;
  /** PEM of the authority that signed its certificate. Default: those that the machine trusts. */
  ca?: string;
}

/** What the broker answered: status, and the body where it is JSON. */
export interface ManagementAnswer {
  status: number;
  body: unknown;
}

const TIMEOUT_MS = 15_000;
/** The list of a thousand queues by name has 60 KB. */
const MAX_BODY_BYTES = 32 * 1024 * 1024;

/**
 * One request to RabbitMQ's management API. Answers with a status below 300, and 404, are returned.
 * @throws Problem `unavailable` when nobody answers, `forbidden` when the user may not, `internal` for any other refusal.
 */
export type Management = (method: string, path: string, body?: unknown) => Promise<ManagementAnswer>;

export function createManagement(options: ManagementOptions): Management {
  const base = new URL(options.url);
  const request = base.protocol === 'https:' ? requestHttps : requestHttp;
  return async (method, path, body) => {
    const where = `${method} ${path} at ${base.origin}`;
    const { status, text } = await exchange(path, method, body).catch((cause: unknown) => {
      const why = cause instanceof Error ? cause.message : String(cause);
      throw new Problem('unavailable', `RabbitMQ's management API at ${base.origin} does not answer (${why})`, {
        cause,
      });
    });
    if (status < 300 || status === 404) return { status, body: parse(text) };
    if (status === 401 || status === 403)
      throw new Problem(
        'forbidden',
        `RabbitMQ refused ${where}: the user ${options.username} needs the tag administrator and rights on the vhost`,
      );
    if (status >= 500) throw new Problem('unavailable', `RabbitMQ answered ${where} with ${status}`);
    throw new Problem('internal', `RabbitMQ refused ${where} with ${status}: ${text.slice(0, 300)}`);
  };

  function exchange(path: string, method: string, body: unknown): Promise<{ status: number; text: string }> {
    const payload = body === undefined ? undefined : Buffer.from(JSON.stringify(body));
    const settings: RequestOptions & { ca?: string } = {
      method,
      auth: `${options.username}:${options.password}`,
      signal: AbortSignal.timeout(TIMEOUT_MS),
      headers: payload ? { 'content-type': 'application/json', 'content-length': payload.length } : {},
      ...(options.ca === undefined ? {} : { ca: options.ca }),
    };
    return new Promise((resolve, reject) => {
      const sent = request(new URL(path, base), settings, (answer) => {
        const chunks: Buffer[] = [];
        let size = 0;
        answer.on('data', (chunk: Buffer) => {
          size += chunk.length;
          if (size > MAX_BODY_BYTES) answer.destroy(new Error(`an answer of more than ${MAX_BODY_BYTES} bytes`));
          else chunks.push(chunk);
        });
        answer.on('end', () =>
          resolve({ status: answer.statusCode ?? 0, text: Buffer.concat(chunks).toString('utf8') }),
        );
        answer.on('error', reject);
      });
      sent.on('error', reject);
      sent.end(payload);
    });
  }
}

function parse(text: string): unknown {
  try {
    return text === '' ? undefined : JSON.parse(text);
  } catch {
    return undefined;
  }
}
