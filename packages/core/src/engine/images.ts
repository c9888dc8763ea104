import { createReadStream, createWriteStream } from 'node:fs';
import { rename, rm } from 'node:fs/promises';
import { pipeline } from 'node:stream/promises';
import { Problem } from '../problem.ts';
import { absentIsFine, absentIsUndefined } from './containers.ts';
import { type EngineHttp, EngineProblem, escapePath, jsonLines } from './http.ts';
import type { Filters, ImageInfo } from './types.ts';

export interface PullOptions {
  credentials?: { username: string; password: string } | undefined;
  signal?: AbortSignal | undefined;
  /** Told of each step in the engine's words. */
  onProgress?: (line: string) => void;
}

export interface EngineImages {
  inspect(image: string): Promise<ImageInfo | undefined>;
  list(
    filters?: Filters,
  ): Promise<{ Id: string; RepoTags: string[] | null; Labels: Record<string, string> | null; Size: number }[]>;
  /** Loads an archive as `docker save` wrote it, plain or compressed. @returns the references (or ids) that it held. */
  load(archivePath: string, options?: { signal?: AbortSignal | undefined }): Promise<string[]>;
  /** @throws Problem `not_found` (no such image, no access) or `unavailable` (the registry does not answer). */
  pull(image: string, options?: PullOptions): Promise<void>;
  /** Writes an archive; the file appears under its name only when it is whole. */
  save(images: readonly string[], archivePath: string, options?: { signal?: AbortSignal | undefined }): Promise<void>;
  /** Repeatable. @param reference e.g. `registry:5000/name:tag`. */
  tag(image: string, reference: string): Promise<void>;
  /** Repeatable: nothing there is success. */
  remove(image: string, options?: { force?: boolean }): Promise<void>;
}

/** Takes a reference apart: `tag` is a tag, or the digest of a pinned reference; `latest` when it names neither. */
export function splitReference(image: string): { name: string; tag: string } {
  const at = image.indexOf('@');
  if (at >= 0) return { name: image.slice(0, at), tag: image.slice(at + 1) };
  const colon = image.lastIndexOf(':');
  // A colon before a slash belongs to the registry's port.
  return colon > image.lastIndexOf('/')
    ? { name: image.slice(0, colon), tag: image.slice(colon + 1) }
    : { name: image, tag: 'latest' };
}

export function createImages(http: EngineHttp): EngineImages {
  /** Errors that come after the engine said 200 come as a line among the others. */
  function lineError(line: unknown): string | undefined {
    return typeof line === 'object' && line !== null && 'error' in line ? String(line.error) : undefined;
  }

  return {
    inspect: (image) => absentIsUndefined(http.json<ImageInfo>({ path: `/images/${escapePath(image)}/json` })),
    list: (filters) => http.json({ path: '/images/json', query: { filters } }),

    async load(archivePath, options) {
      const message = await http.open({
        method: 'POST',
        path: '/images/load',
        query: { quiet: true },
        headers: { 'content-type': 'application/x-tar' },
        // Large pieces: an archive has hundreds of megabytes, and each piece costs a turn of the event loop.
        stream: createReadStream(archivePath, { highWaterMark: 2 ** 20 }),
        signal: options?.signal,
        timeoutMs: 0,
      });
      const loaded: string[] = [];
      for await (const line of jsonLines(message)) {
        const error = lineError(line);
        if (error !== undefined)
          throw new Problem('bad_request', `The container engine could not load ${archivePath}: ${error}`);
        const said = typeof line === 'object' && line !== null && 'stream' in line ? String(line.stream) : '';
        const match = /Loaded image(?: ID)?: (\S+)/.exec(said);
        if (match?.[1]) loaded.push(match[1]);
      }
      return loaded;
    },

    async pull(image, options = {}) {
      const { name, tag } = splitReference(image);
      const headers: Record<string, string> = {};
      if (options.credentials)
        headers['x-registry-auth'] = Buffer.from(JSON.stringify(options.credentials)).toString('base64url');
      try {
        const message = await http.open({
          method: 'POST',
          path: '/images/create',
          query: { fromImage: name, tag },
          headers,
          signal: options.signal,
          timeoutMs: 0,
        });
        for await (const line of jsonLines(message)) {
          const error = lineError(line);
          if (error !== undefined) throw pullProblem(image, error);
          if (options.onProgress && typeof line === 'object' && line !== null && 'status' in line)
            options.onProgress(String(line.status));
        }
      } catch (error) {
        if (error instanceof EngineProblem) throw pullProblem(image, error.detail);
        throw error;
      }
    },

    async save(images, archivePath, options) {
      const part = `${archivePath}.part`;
      // `names` is repeated, which a record cannot say.
      const names = images.map((image) => `names=${encodeURIComponent(image)}`).join('&');
      try {
        const message = await http.open({ path: `/images/get?${names}`, signal: options?.signal, timeoutMs: 0 });
        await pipeline(message, createWriteStream(part));
        await rename(part, archivePath);
      } catch (error) {
        await rm(part, { force: true });
        throw error;
      }
    },

    async tag(image, reference) {
      const { name, tag } = splitReference(reference);
      await http.status({ method: 'POST', path: `/images/${escapePath(image)}/tag`, query: { repo: name, tag } });
    },

    remove: (image, options) =>
      absentIsFine(
        http.json({ method: 'DELETE', path: `/images/${escapePath(image)}`, query: { force: options?.force } }),
      ),
  };
}

/** Registries answer alike for "not there" and "not yours", so the sentence names both. */
function pullProblem(image: string, said: string): Problem {
  const missing = /manifest unknown|not found|denied|no basic auth|unauthorized|does not exist|invalid reference/i.test(
    said,
  );
  return missing
    ? new Problem(
        'not_found',
        `Image ${image} cannot be pulled: no such image, or the credentials do not reach it (${said}).`,
      )
    : new Problem('unavailable', `Image ${image} cannot be pulled now: ${said}`);
}
