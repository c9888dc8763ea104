import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { createManagement } from './management-http.ts';

let server: Server | undefined;
afterEach(() => void server?.close());

async function management(listener: RequestListener) {
  const listening = createServer(listener);
  server = listening;
  await new Promise<void>((resolve) => listening.listen(0, '127.0.0.1', resolve));
  const { port } = listening.address() as AddressInfo;
  return createManagement({ url: `http://127.0.0.1:${port}`, username: 'admin', password: 's3cret' });
}

describe('RabbitMQ’s management API', () => {
  it('is spoken to in JSON, with the account in a header alone', async () => {
    const seen: unknown[] = [];
    const manage = await management((request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        seen.push(request.method, request.url, request.headers.authorization, Buffer.concat(chunks).toString());
        response.end('{"ok":true}');
      });
    });
    expect(await manage('PUT', '/api/queues/%2F/a%20b', { durable: true })).toEqual({
      status: 200,
      body: { ok: true },
    });
    const account = `Basic ${Buffer.from('admin:s3cret').toString('base64')}`;
    expect(seen).toEqual(['PUT', '/api/queues/%2F/a%20b', account, '{"durable":true}']);
  });

  it.each([
    [401, 'forbidden'],
    [403, 'forbidden'],
    [400, 'internal'],
    [503, 'unavailable'],
  ])('an answer of %i is the problem %s, without the password in it', async (status, code) => {
    const manage = await management((_request, response) => response.writeHead(status).end('{"reason":"why"}'));
    const problem: unknown = await manage('GET', '/api/users').catch((error: unknown) => error);
    expect(problem).toMatchObject({ code });
    expect(JSON.stringify(problem)).not.toContain('s3cret');
  });

  it('takes what is not there, and an empty answer, as they are', async () => {
    const manage = await management((request, response) => response.writeHead(request.url === '/a' ? 404 : 204).end());
    expect(await manage('DELETE', '/a')).toEqual({ status: 404, body: undefined });
    expect(await manage('DELETE', '/b')).toEqual({ status: 204, body: undefined });
  });

  it('that nobody answers is unavailable, and says where', async () => {
    const manage = await management(() => undefined);
    server?.close();
    await expect(manage('GET', '/api/users')).rejects.toMatchObject({ code: 'unavailable' });
    await expect(manage('GET', '/api/users')).rejects.toThrow(/127\.0\.0\.1:\d+ does not answer/);
  });
});
