// Which images are built here and who needs them. The folders say it themselves: each has a Dockerfile and a versions.json,
// `{ "<version>": { "suite": "<Debian's>", "args"?: { "<build argument>": "<value>" } } }`.
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = resolve(dirname(fileURLToPath(import.meta.url)), '..');
const DATASTORES = join(root, 'packages/drivers/image');
/** What the datastores' folders share; no image of its own. */
const SHARED = '_shared';
/** The datastores that `npm start` shows. */
const SHOWN = ['mysql'];

/** The files of a folder that an image is made from. */
export const filesOf = (folder) =>
  readdirSync(folder)
    .sort()
    .filter((name) => !name.endsWith('.md') && name !== 'versions.json')
    .map((name) => join(folder, name));

function recipesOf(name, folder, context, shared = []) {
  const versions = JSON.parse(readFileSync(join(folder, 'versions.json'), 'utf8'));
  return Object.keys(versions)
    .sort((a, b) => b.localeCompare(a, 'en', { numeric: true }))
    .map((version) => ({
      name,
      image: `coffer/${name}:${version}`,
      suite: versions[version].suite,
      args: { VERSION: version, ...versions[version].args },
      context,
      dockerfile: join(folder, 'Dockerfile'),
      files: [...filesOf(folder), ...shared],
    }));
}

const datastores = readdirSync(DATASTORES, { withFileTypes: true })
  .filter((entry) => entry.isDirectory() && entry.name !== SHARED)
  .map(({ name }) => recipesOf(name, join(DATASTORES, name), DATASTORES, filesOf(join(DATASTORES, SHARED))));
const rabbitmq = join(root, 'test/support/rabbitmq-image');
/** One list for each name, the newest version first. */
const all = [...datastores, recipesOf('rabbitmq', rabbitmq, rabbitmq)];

/** Every image that is built here, by its name with its tag. */
export const RECIPES = Object.fromEntries(all.flat().map((recipe) => [recipe.image, recipe]));

/** The images of a datastore, the newest version first. */
export const imagesOf = (datastore) =>
  datastores
    .flat()
    .filter(({ name }) => name === datastore)
    .map(({ image }) => image);

/**
 * What must be there: for `start` what it shows, for `test` the newest version of everything, for `full` all.
 * @param {'start' | 'test' | 'full'} need
 */
export const imagesFor = (need) =>
  all
    .filter(([{ name }]) => need !== 'start' || SHOWN.includes(name))
    .flatMap((recipes) => (need === 'full' ? recipes : recipes.slice(0, 1)))
    .map(({ image }) => image);

/** True for an image that guests load. */
export const isDatabase = (image) => datastores.flat().some((recipe) => recipe.image === image);
