import { realpath, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { bundleAgent } from '../../packages/agent/bundle.mjs';
import { packDriver as pack } from '../../packages/agent/src/pack.ts';
import { buildGuestImage, ensureImage, saveImage } from '../../scripts/images.mjs';

const root = join(import.meta.dirname, '../..');

/** Of the newest MySQL; the one name by which tests know it. */
export const DATABASE_IMAGE = 'coffer/mysql:9.7';

/** A guest image with the agent of this checkout. @param folder where its bundle may lie. @returns the image's name. */
export async function guestImage(folder: string): Promise<string> {
  const agentFile = join(folder, 'agent.mjs');
  await bundleAgent(agentFile);
  return buildGuestImage({ node: await realpath(process.execPath), agentFile });
}

/** The database's image, saved for guests. @returns the folder of the archives. */
export async function imagesFolder(): Promise<string> {
  await ensureImage(DATABASE_IMAGE);
  return saveImage(DATABASE_IMAGE);
}

/** The driver of this checkout as it travels: one file. */
export async function packDriver(name: string, outFile: string): Promise<{ sha256: string }> {
  const { code, sha256 } = await pack(join(root, 'packages/drivers/src', name));
  await writeFile(outFile, code);
  return { sha256 };
}
