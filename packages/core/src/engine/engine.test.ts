import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Problem } from '../problem.ts';
import { collect, createEngine, demux, type Engine, type OutputChunk, splitReference } from './index.ts';

const frame = (stream: 1 | 2, text: string): Buffer => {
  const header = Buffer.alloc(8);
  header[0] = stream;
  header.writeUInt32BE(Buffer.byteLength(text), 4);
  return Buffer.concat([header, Buffer.from(text)]);
};

async function problemOf(promise: Promise<unknown>): Promise<Problem> {
  const error = await promise.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  if (!(error instanceof Problem)) throw new Error(`no problem: ${String(error)}`);
  return error;
}

/** An engine on a socket whose answers each test writes. */
describe('the engine client', () => {
  let folder: string;
  let engine: Engine;
  let answer: (request: IncomingMessage, response: ServerResponse) => void;
  let seen: { method: string; url: string; body: string; headers: IncomingMessage['headers'] }[];
  let apiVersion: string;
  let server: ReturnType<typeof createServer>;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'engine-'));
    seen = [];
    apiVersion = '1.41';
    server = createServer((request, response) => {
      if (request.url === '/_ping') {
        response.setHeader('Api-Version', apiVersion).end('OK');
        return;
      }
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        seen.push({
          method: request.method ?? '',
          url: request.url ?? '',
          body: Buffer.concat(chunks).toString(),
          headers: request.headers,
        });
        answer(request, response);
      });
    });
    const path = join(folder, 'engine.sock');
    await new Promise<void>((resolve) => server.listen(path, resolve));
    engine = createEngine({ endpoint: `unix://${path}` });
  });

  afterEach(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
    await rm(folder, { recursive: true });
  });

  const reply = (status: number, body = '') => {
    answer = (_request, response) => {
      response.statusCode = status;
      response.end(body);
    };
  };

  it('speaks the smaller of both maxima', async () => {
    reply(200, '{}');
    await engine.info();
    expect(seen[0]?.url).toBe('/v1.41/info');
    apiVersion = '9.99';
    const newer = createEngine({ endpoint: engine.endpoint });
    await newer.info();
    expect(seen[1]?.url).toBe('/v1.47/info');
  });

  it('refuses an engine that is too old', async () => {
    apiVersion = '1.24';
    expect(await problemOf(engine.info())).toMatchObject({
      code: 'not_supported',
      detail: expect.stringContaining('1.24'),
    });
  });

  it('finds the sentence behind plain text, in JSON, and without JSON', async () => {
    reply(400, 'client is too old\n{"message":"minimum is 1.24"}');
    expect((await problemOf(engine.info())).detail).toBe('The container engine refused GET /info: minimum is 1.24');
    reply(500, '{"message":"no space left"}');
    expect(await problemOf(engine.info())).toMatchObject({
      code: 'internal',
      engineStatus: 500,
      detail: expect.stringContaining('no space left'),
    });
    reply(502, 'Bad gateway {');
    expect((await problemOf(engine.info())).detail).toContain('Bad gateway {');
  });

  it('takes 304 and missing containers for what they are', async () => {
    reply(304);
    await engine.containers.start('a');
    await engine.containers.stop('a');
    reply(404, '{"message":"No such container: a"}');
    await engine.containers.stop('a');
    await engine.containers.remove('a');
    expect(await engine.containers.inspect('a')).toBeUndefined();
    expect(await problemOf(engine.containers.start('a'))).toMatchObject({ code: 'not_found' });
    reply(409, '{"message":"name in use by container 1234"}');
    expect(await problemOf(engine.containers.create('a', { Image: 'b' }))).toMatchObject({
      code: 'conflict',
      detail: expect.stringContaining('1234'),
    });
  });

  it('waits for a removal that is under way', async () => {
    answer = (request, response) => {
      if (request.method === 'DELETE')
        response.writeHead(409).end('{"message":"removal of container a is already in progress"}');
      else response.writeHead(200).end('{"StatusCode":0}');
    };
    await engine.containers.remove('a');
    expect(seen.map(({ method, url }) => `${method} ${url}`)).toEqual([
      'DELETE /v1.41/containers/a?force=true&v=true',
      'POST /v1.41/containers/a/wait?condition=removed',
    ]);
  });

  it('is unavailable, by name, when nobody listens', async () => {
    const nobody = createEngine({ endpoint: `unix://${folder}/none.sock` });
    expect(await problemOf(nobody.info())).toMatchObject({
      code: 'unavailable',
      detail: expect.stringContaining('none.sock'),
    });
    expect(() => createEngine({ endpoint: 'ftp://x' })).toThrow(/ftp:\/\/x/);
  });

  it('is unavailable when the connection breaks in the middle, and a timeout when nothing comes', async () => {
    answer = (request) => {
      request.socket.destroy();
    };
    expect(await problemOf(engine.info())).toMatchObject({ code: 'unavailable' });
    answer = () => {};
    const hasty = createEngine({ endpoint: engine.endpoint, timeoutMs: 50 });
    expect(await problemOf(hasty.info())).toMatchObject({
      code: 'timeout',
      detail: expect.stringContaining('GET /info'),
    });
  });

  it("rejects with the caller's reason when aborted", async () => {
    const reason = new Error('enough');
    const abort = new AbortController();
    answer = () => abort.abort(reason);
    await expect(engine.ping(abort.signal)).rejects.toBe(reason);
  });

  it('reads the late error of a pull out of a 200, and sends credentials', async () => {
    reply(200, '{"status":"Pulling"}\n{"errorDetail":{},"error":"manifest unknown"}\n');
    const credentials = { username: 'u', password: 'p' };
    expect(await problemOf(engine.images.pull('h:5000/a/b:1', { credentials }))).toMatchObject({ code: 'not_found' });
    expect(seen[0]?.url).toBe('/v1.41/images/create?fromImage=h%3A5000%2Fa%2Fb&tag=1');
    expect(JSON.parse(Buffer.from(String(seen[0]?.headers['x-registry-auth']), 'base64url').toString())).toEqual(
      credentials,
    );
    reply(500, '{"message":"Get \\"https://h/v2/\\": dial tcp: lookup h: no such host"}');
    expect(await problemOf(engine.images.pull('h/a'))).toMatchObject({ code: 'unavailable' });
  });

  it('streams an archive in, and one out that appears only when whole', async () => {
    const archive = join(folder, 'in.tar');
    await writeFile(archive, Buffer.alloc(300_000, 7));
    answer = (_request, response) =>
      response.end('{"stream":"Loaded image: a:1\\n"}\n{"stream":"Loaded image ID: sha256:beef\\n"}');
    expect(await engine.images.load(archive)).toEqual(['a:1', 'sha256:beef']);
    expect(seen[0]?.body.length).toBe(300_000);
    reply(200, 'tar');
    await engine.images.save(['a:1', 'b:2'], join(folder, 'out.tar'));
    expect(await readFile(join(folder, 'out.tar'), 'utf8')).toBe('tar');
    expect(seen[1]?.url).toBe('/v1.41/images/get?names=a%3A1&names=b%3A2');
    answer = (_request, response) => {
      response.writeHead(200, { 'content-length': '100' }).write('ta');
      response.socket?.destroySoon();
    };
    await expect(engine.images.save(['a:1'], join(folder, 'cut.tar'))).rejects.toThrow();
    await expect(readFile(join(folder, 'cut.tar'))).rejects.toThrow(/ENOENT/);
    await expect(readFile(join(folder, 'cut.tar.part'))).rejects.toThrow(/ENOENT/);
  });

  it('runs a program over an upgraded connection, input half-closed', async () => {
    answer = (request, response) => response.end(request.url?.endsWith('/json') ? '{"ExitCode":3}' : '{"Id":"e1"}');
    server.on('upgrade', (_request, socket) => {
      // What follows the headers at once arrives as the upgrade's head: it must not be lost.
      socket.write(
        Buffer.concat([
          Buffer.from('HTTP/1.1 101 UPGRADED\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\n'),
          frame(1, 'early '),
        ]),
      );
      let input = '';
      let bodySkipped = false;
      socket.on('data', (data: Buffer) => {
        const text = data.toString();
        input += bodySkipped ? text : text.replace(/^\{"Detach":false,"Tty":false\}/, '');
        bodySkipped = true;
      });
      socket.on('end', () => socket.end(Buffer.concat([frame(1, `got ${input}`), frame(2, 'oops')])));
    });
    expect(await engine.containers.exec('c', { command: ['cat'], stdin: 'secret' })).toEqual({
      exitCode: 3,
      stdout: 'early got secret',
      stderr: 'oops',
    });
    expect(seen[0]?.body).not.toContain('secret');
  });

  it('passes events line by line and ends with the signal', async () => {
    const abort = new AbortController();
    answer = (_request, response) => {
      response.write('{"Type":"container","Action":"die",');
      setImmediate(() => response.write('"Actor":{"ID":"x","Attributes":{}},"time":1,"timeNano":1}\n'));
    };
    const actions: string[] = [];
    for await (const event of engine.events({ signal: abort.signal, filters: { type: ['container'] } })) {
      actions.push(event.Action);
      abort.abort();
    }
    expect(actions).toEqual(['die']);
  });
});

describe('demux', () => {
  it('finds the frames wherever the pieces are cut', async () => {
    const bytes = Buffer.concat([frame(1, 'hello '), frame(2, 'err'), frame(1, ''), frame(1, 'world')]);
    for (let size = 1; size <= bytes.length; size++) {
      const pieces: Buffer[] = [];
      for (let at = 0; at < bytes.length; at += size) pieces.push(bytes.subarray(at, at + size));
      expect(await collect(demux(Readable.from(pieces)))).toEqual({ stdout: 'hello world', stderr: 'err' });
    }
  });

  it('holds back its source while nobody reads', async () => {
    let produced = 0;
    const source = new Readable({
      highWaterMark: 64 * 1024,
      read() {
        produced += 1;
        this.push(produced > 1000 ? null : frame(1, 'x'.repeat(64 * 1024)));
      },
    });
    const output: AsyncGenerator<OutputChunk> = demux(source);
    await output.next();
    await new Promise((resolve) => setImmediate(resolve));
    expect(produced).toBeLessThan(10);
    await output.return(undefined);
    expect(source.destroyed).toBe(true);
  });

  it('keeps no more than asked for, and reads on', async () => {
    expect(await collect(demux(Readable.from([frame(1, 'abcdef'), frame(1, 'ghi'), frame(2, 'e')])), 4)).toEqual({
      stdout: 'abcd',
      stderr: 'e',
    });
  });
});

it('takes references apart', () => {
  expect(splitReference('h:5000/a')).toEqual({ name: 'h:5000/a', tag: 'latest' });
  expect(splitReference('h:5000/a:9.7')).toEqual({ name: 'h:5000/a', tag: '9.7' });
  expect(splitReference('a@sha256:00')).toEqual({ name: 'a', tag: 'sha256:00' });
});
