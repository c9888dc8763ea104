import { access } from 'node:fs/promises';
import { join } from 'node:path';
import { type ContainerRuntime, type Logger, Problem } from '@coffer/core';
import type { InstanceSpec } from '@coffer/core/rpc';

export interface ImageParts {
  runtime: ContainerRuntime;
  /** Folder of archives. */
  imagesDir: string;
  log: Logger;
}

/** File name of an image's archive: the reference with `/` and `:` as `_`. */
export function archiveName(reference: string): string {
  return `${reference.replaceAll(/[/:]/g, '_')}.tar`;
}

/**
 * Gets the image to where the engine has it: it is there already, or in the archives that the operator put into the guest, or
 * it is pulled. A digest pins what is pulled; archives are the operator's own.
 * @returns the reference to run.
 * @throws Problem `not_found` or `unavailable` as the runtime says, `guest_failed` for an archive that holds another image.
 */
export async function ensureImage(
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
  // A pinned reference makes the engine itself refuse other content.
  const source = image.registry ?? image.reference;
  const pinned = image.digest ? `${withoutTag(source)}@${image.digest}` : source;
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

function withoutTag(reference: string): string {
  const colon = reference.lastIndexOf(':');
  return colon > reference.lastIndexOf('/') ? reference.slice(0, colon) : reference;
}
