import { access } from 'node:fs/promises';
import { join } from 'node:path';
import { type ContainerRuntime, type Logger, Problem } from '@coffer/core';
import type { InstanceSpec } from '@coffer/core/rpc';
import { createBackOff } from './back-off.ts';
import { sleep } from './sleep.ts';

export interface ImageParts {
  runtime: ContainerRuntime;
  /** Folder of archives. */
  imagesDir: string;
  log: Logger;
  /** How long a registry that does not answer is tried, ms; a pull under way is never cut. Default 20,000. */
  patienceMs?: number;
  /** First wait before it is tried again, ms; doubled up to 5 s. Default 500. */
  retryMs?: number;
}

/** File name of an image's archive: the reference with `/` and `:` as `_`. */
export function archiveName(reference: string): string {
  return `${reference.replaceAll(/[/:]/g, '_')}.tar`;
}

/**
 * Gets the image to where the engine has it: it is there already, or in the archives that the operator put into the guest, or
 * it is pulled. A digest pins what is pulled; archives are the operator's own.
 * Each is looked at again while no registry answers, until the patience ends.
 * @returns the reference to run.
 * @throws Problem `not_found` when it is in none of them, `unavailable` when the engine does not answer, `guest_failed` for an
 * archive that holds another image.
 */
export async function ensureImage(
  parts: ImageParts,
  image: InstanceSpec['image'],
  signal: AbortSignal,
): Promise<string> {
  const { runtime, imagesDir, log, patienceMs = 20_000, retryMs = 500 } = parts;
  const backOff = createBackOff(retryMs, 5000);
  const endsAt = performance.now() + patienceMs;
  for (;;) {
    try {
      return await findImage(parts, image, signal);
    } catch (error) {
      if (signal.aborted || !(error instanceof Problem) || error.code !== 'unavailable') throw error;
      // An engine that is away says nothing about the image.
      await runtime.ping(signal);
      const waitMs = backOff.next();
      if (performance.now() + waitMs > endsAt) {
        throw new Problem(
          'not_found',
          `Image ${image.reference} is not in the engine, has no archive ${join(imagesDir, archiveName(image.reference))}, and could not be pulled as ${pullReference(image)} (${error.detail}); put the archive there, or let the guest reach the registry.`,
          { cause: error },
        );
      }
      log.warn({ error, waitMs }, 'the image cannot be had now; trying again');
      await sleep(waitMs, signal);
      if (signal.aborted) throw error;
    }
  }
}

/** One look at each place in turn. */
async function findImage(
  { runtime, imagesDir, log }: ImageParts,
  image: InstanceSpec['image'],
  signal: AbortSignal,
): Promise<string> {
  if (await runtime.hasImage(image.reference)) return image.reference;
  const archive = join(imagesDir, archiveName(image.reference));
  const isThere = await access(archive).then(
    () => true,
    () => false,
  );
  if (isThere) {
    log.info({ archive }, 'loading the image from its archive');
    await runtime.loadImage(archive, signal);
    if (await runtime.hasImage(image.reference)) return image.reference;
    throw new Problem(
      'guest_failed',
      `Archive ${archive} does not hold image ${image.reference}; save it again under this name.`,
    );
  }
  const pinned = pullReference(image);
  if (await runtime.hasImage(pinned)) return pinned;
  log.info({ image: pinned }, 'pulling the image');
  await runtime.pullImage(pinned, { signal, ...(image.credentials && { credentials: image.credentials }) });
  if (!(await runtime.hasImage(pinned))) {
    throw new Problem(
      'guest_failed',
      `The registry answered, but image ${pinned} is not what it sent; check the digest in the manifest.`,
    );
  }
  return pinned;
}

/** What is pulled. A pinned reference makes the engine itself refuse other content. */
function pullReference({ reference, registry, digest }: InstanceSpec['image']): string {
  const source = registry ?? reference;
  return digest ? `${withoutTag(source)}@${digest}` : source;
}

function withoutTag(reference: string): string {
  const colon = reference.lastIndexOf(':');
  return colon > reference.lastIndexOf('/') ? reference.slice(0, colon) : reference;
}
