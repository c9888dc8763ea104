import { cp, mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Problem } from '@coffer/core';

/** What the template calls its datastore. */
const SAMPLE = 'sampledb';

/**
 * Makes a folder for a new driver, which passes the contract at once.
 * @param template folder with the template's files
 * @throws Problem `bad_request` for a name that no datastore may have, `conflict` when the folder has something in it
 */
export async function scaffoldDriver(name: string, folder: string, template: string): Promise<void> {
  if (!/^[a-z][a-z0-9-]{0,62}$/.test(name))
    throw new Problem(
      'bad_request',
      `${JSON.stringify(name)} is no name of a datastore: lower-case letters, digits and hyphens.`,
    );
  const there = await readdir(folder).catch(() => []);
  if (there.length > 0) throw new Problem('conflict', `${folder} has something in it; name another folder with --out.`);
  await mkdir(folder, { recursive: true });
  await cp(template, folder, { recursive: true });
  const title = name.charAt(0).toUpperCase() + name.slice(1);
  for (const file of await readdir(folder, { recursive: true })) {
    const path = join(folder, file);
    if (!(await stat(path)).isFile()) continue;
    const text = await readFile(path, 'utf8');
    await writeFile(path, text.replaceAll(SAMPLE, name).replaceAll('SampleDB', title));
  }
}
