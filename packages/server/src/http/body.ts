import { Problem } from '@coffer/core';

/** More than any honest request needs: 1 MiB. */
export const MAX_BODY_BYTES = 1024 * 1024;

const tooLarge = () =>
  new Problem('too_large', `The request body is larger than ${MAX_BODY_BYTES} bytes; send less in one request.`);

async function readAtMost(request: Request): Promise<Uint8Array> {
  if (Number(request.headers.get('content-length') ?? 0) > MAX_BODY_BYTES) throw tooLarge();
  const chunks: Uint8Array[] = [];
  let size = 0;
  if (!request.body) return new Uint8Array();
  try {
    for await (const chunk of request.body) {
      size += chunk.byteLength;
      if (size > MAX_BODY_BYTES) throw tooLarge();
      chunks.push(chunk);
    }
  } catch (error) {
    if (error instanceof Problem) throw error;
    throw new Problem('bad_request', 'The request body ended early; send it again.', { cause: error });
  }
  return Buffer.concat(chunks);
}

function parse(bytes: Uint8Array): unknown {
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (error) {
    throw new Problem('bad_request', 'The request body is not UTF-8; encode it as UTF-8.', { cause: error });
  }
  try {
    return JSON.parse(text);
  } catch (error) {
    // The parser's own words quote the body, which may hold a password.
    const at = error instanceof Error ? /position \d+/.exec(error.message)?.[0] : undefined;
    throw new Problem('bad_request', `The request body is not valid JSON${at ? ` (at ${at})` : ''}.`);
  }
}

/**
 * The JSON of a request; undefined when it has no body.
 * @throws Problem `too_large`, `unsupported_media_type`, `bad_request`.
 */
export async function readJson(request: Request, isRequired: boolean): Promise<unknown> {
  const bytes = await readAtMost(request);
  if (bytes.byteLength === 0) {
    if (isRequired) throw new Problem('bad_request', 'A request body is needed; send one as application/json.');
    return undefined;
  }
  const type = request.headers.get('content-type');
  if (type === null) throw new Problem('bad_request', 'The Content-Type header is missing; send application/json.');
  if (!/^application\/json\s*(?:;|$)/i.test(type)) {
    throw new Problem(
      'unsupported_media_type',
      `Content-Type ${JSON.stringify(type.slice(0, 80))} is not supported; send application/json.`,
    );
  }
  return parse(bytes);
}
