import { join } from 'node:path';
import type { Examination } from '../examination.ts';

export interface ImagesDeps {
  guestImage: string | undefined;
  hasImage(reference: string): Promise<boolean>;
  imagesDir: string | undefined;
  /** Images of the datastore versions on offer; undefined when the store could not be asked. */
  wanted: readonly { reference: string; isPulled: boolean }[] | undefined;
  /** The references that an archive holds. @throws Problem when it is not whole; undefined when there is none. */
  readArchive(file: string): Promise<readonly string[] | undefined>;
}

const BUILD = 'run `node scripts/bootstrap.mjs`, which builds and saves it and prints where, or put your own there';

/** File name of an image's archive, as the agent looks for it. */
const archiveName = (reference: string): string => `${reference.replaceAll(/[/:]/g, '_')}.tar`;

/** Whether guests can be made, and find their databases' images: the guest image on the engine, the archives whole. */
export async function checkImages(deps: ImagesDeps): Promise<Examination> {
  const { guestImage, imagesDir, wanted } = deps;
  const faults: string[] = [];
  if (guestImage === undefined)
    faults.push(`No guest image is named; ${BUILD}, and give it by --guest-image or COFFER_GUEST_IMAGE.`);
  else if (!(await deps.hasImage(guestImage)))
    faults.push(`The guest image ${guestImage} is not on the engine; ${BUILD}.`);
  let whole = 0;
  for (const { reference, isPulled } of wanted ?? []) {
    if (imagesDir === undefined) {
      if (!isPulled)
        faults.push(
          `Image ${reference} has no registry, and no folder of archives is named; ${BUILD}, and give it by --images-dir or COFFER_IMAGES_DIR.`,
        );
      continue;
    }
    const file = join(imagesDir, archiveName(reference));
    const saveAgain = `save it again: \`docker save -o ${file} ${reference}\``;
    try {
      const holds = await deps.readArchive(file);
      if (holds?.includes(reference)) whole += 1;
      else if (holds) faults.push(`Archive ${file} holds ${holds.join(', ')} and not ${reference}; ${saveAgain}.`);
      else if (!isPulled) faults.push(`There is no archive ${file}, and ${reference} has no registry; ${BUILD}.`);
    } catch (error) {
      faults.push(`${error instanceof Error ? error.message : String(error)}; ${saveAgain}.`);
    }
  }
  const archives =
    wanted === undefined
      ? 'archives not looked at, as the store does not answer'
      : `${whole} of ${wanted.length} images in ${imagesDir ?? 'no folder'}`;
  return { facts: `guest ${guestImage ?? 'unnamed'}, ${archives}`, faults };
}
