// Images: pulled where a registry answers, else built from the machine's own Debian mirror.
import { createHash } from 'node:crypto';
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import https from 'node:https';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { baseImageName, buildBaseImage, buildDir, removeBuildDir } from './base-image.mjs';
import { docker, ensureEngine } from './engine.mjs';
import { filesOf, isDatabase, RECIPES } from './recipes.mjs';
import { allOrFirstFailure, cacheDir, isRunning, processMark, run, withLock } from './run-command.mjs';
import { isMain, mainOf, Stop, step } from './say.mjs';
import { checkSpace } from './space.mjs';

const root = resolve(dirname(fileURLToPath(import.meta.url)), '..');

/** Bytes that all images together need while they are built. */
const SPACE_NEEDED = 5 * 2 ** 30;
const ARCHIVE_NEEDS = 500 * 2 ** 20;

/** Builds at a time: they wait for the mirror, the disk and a processor in turns. Three take half the time of one after the other. */
const SIDE_BY_SIDE = 3;

/** Carried by every image built here: a changed recipe has another value, so an unchanged image is recognised. */
const LABEL = 'org.coffer.recipe';

function recipeHash(suite, files, ...more) {
  const hash = createHash('sha256').update(baseImageName(suite));
  for (const file of files)
    hash
      .update(`${file.slice(root.length)}\0`)
      .update(readFileSync(file))
      .update('\0');
  for (const text of more) hash.update(text);
  return hash.digest('hex').slice(0, 16);
}

const idOf = async (image) => {
  const { code, stdout } = await docker(['image', 'inspect', '--format', '{{.Id}} {{json .Config.Labels}}', image], {
    allowFail: true,
  });
  if (code !== 0) return undefined;
  const [, id, labels] = /^(\S+) (.*)$/.exec(stdout.trim()) ?? [];
  return { id, recipe: JSON.parse(labels || 'null')?.[LABEL] };
};

async function checkEngineSpace() {
  const { stdout } = await docker(['info', '--format', '{{.DockerRootDir}}']);
  const dir = stdout.trim();
  if (!existsSync(dir)) return; // an engine on another machine
  checkSpace(dir, SPACE_NEEDED, 'the images', '(`docker system df` says what the engine holds)');
}

async function ensureBase(suite) {
  const name = baseImageName(suite);
  if (await idOf(name)) return name;
  // Several images of one suite are built side by side.
  await withLock(`base-${suite}`, async () => {
    if (await idOf(name)) return;
    await checkEngineSpace();
    await buildBaseImage(suite);
  });
  return name;
}

/**
 * Builds from a folder under a name of its own and gives the image its tag last: a build that is cut off leaves no half image. What
 * builds left behind whose process is gone, and the image that had the tag before, go away unless something uses them.
 */
async function build(tag, recipe, args, { context, dockerfile = join(context, 'Dockerfile') }, onLine) {
  const { stdout } = await docker(['image', 'ls', '--format', '{{.Tag}}', 'coffer/build'], { allowFail: true });
  for (const left of stdout.split('\n')) {
    const [, pid, start] = /-(\d+)-(\d+)$/.exec(left) ?? [];
    if (pid && !isRunning(`${pid} ${start}`)) await docker(['rmi', `coffer/build:${left}`], { allowFail: true });
  }
  const temporary = `coffer/build:${recipe}-${processMark().replace(' ', '-')}`;
  const before = await idOf(tag);
  const buildArgs = Object.entries(args).flatMap(([name, value]) => ['--build-arg', `${name}=${value}`]);
  await docker(
    ['build', '--force-rm', '-f', dockerfile, ...buildArgs, '--label', `${LABEL}=${recipe}`, '-t', temporary, context],
    { onLine },
  );
  await docker(['tag', temporary, tag]);
  await docker(['rmi', temporary], { allowFail: true });
  if (before) await docker(['rmi', before.id], { allowFail: true });
}

/** Where the manifests say that an image is published; undefined for one that only this project makes. */
function registryOf(name) {
  const drivers = join(root, 'packages/drivers/src');
  const manifests = readdirSync(drivers)
    .map((datastore) => join(drivers, datastore, 'manifest.json'))
    .filter((file) => existsSync(file));
  const versions = manifests.flatMap((file) => JSON.parse(readFileSync(file, 'utf8')).versions ?? []);
  return versions.find((version) => version.image === name)?.registry;
}

/** Pulls an image that is published, where its registry answers at once; a machine without one builds and does not wait. */
async function pull(name) {
  const source = registryOf(name);
  if (!source) return false;
  const host = source.split('/')[0].replace(/^docker\.io$/, 'registry-1.docker.io');
  const answers = await new Promise((resolve) => {
    const request = https.get(
      { host: host.split(':')[0], port: host.split(':')[1] ?? 443, path: '/v2/', timeout: 1500 },
      (answer) => {
        answer.resume();
        // 401 is how a registry greets whoever has not logged in.
        resolve(answer.statusCode === 200 || answer.statusCode === 401);
      },
    );
    request.on('timeout', () => request.destroy());
    request.on('error', () => resolve(false));
    setTimeout(() => request.destroy(new Error('late')), 2000).unref();
  });
  if (!answers) return false;
  return step(`image ${name} from ${source}`, async (onLine) => {
    if ((await docker(['pull', source], { onLine, allowFail: true, timeoutMs: 600_000 })).code !== 0) return false;
    await docker(['tag', source, name]);
    return true;
  });
}

/**
 * An image by its recipe (recipes.mjs): there with it, or pulled from a registry that answers, or built.
 * @param {string} name
 */
export async function ensureImage(name) {
  const { suite, args, files, context, dockerfile } = recipeOf(name);
  const recipe = recipeHash(suite, files, JSON.stringify(args));
  // One without a recipe was pulled, or loaded by whoever runs this machine: it is meant.
  const isThere = async () => {
    const found = await idOf(name);
    return found !== undefined && (!found.recipe || found.recipe === recipe);
  };
  if (await isThere()) return;
  await withLock(`image-${name.replace(/\W/g, '-')}`, async () => {
    if (await isThere()) return;
    if (await pull(name)) return;
    const base = await ensureBase(suite);
    await step(`image ${name}`, (onLine) =>
      build(name, recipe, { ...args, BASE: base }, { context, dockerfile }, onLine),
    );
  });
}

function recipeOf(name) {
  if (name in RECIPES) return RECIPES[name];
  throw new Stop(
    `There is no recipe for ${name}; run \`node scripts/images.mjs ${Object.keys(RECIPES).join(' ')}\`, or a part of it.`,
  );
}

/**
 * Images by their recipes, some of them side by side. Those of databases are saved for guests as well.
 * @param {string[]} names
 * @returns {Promise<string>} the folder that they are saved in
 */
export async function ensureImages(names) {
  const left = [...names];
  const work = async () => {
    for (let name = left.shift(); name !== undefined; name = left.shift()) {
      try {
        await ensureImage(name);
        if (isDatabase(name)) await saveImage(name);
      } catch (error) {
        left.length = 0;
        throw error;
      }
    }
  };
  await allOrFirstFailure(Array.from({ length: SIDE_BY_SIDE }, work));
  return cacheDir('images');
}

/**
 * The guest's base: engine, tools and Node, everything but the agent.
 * @param {string} node path of the Node binary that goes in
 * @returns {Promise<string>} its name
 */
export async function ensureGuestBase(node) {
  const dir = join(root, 'packages/agent/image');
  const { stdout: version } = await run(node, ['--version']);
  const recipe = recipeHash('trixie', filesOf(dir), version);
  const name = `coffer/guest-base:${recipe}`;
  if (await idOf(name)) return name;
  await withLock('image-guest-base', async () => {
    if (await idOf(name)) return;
    const base = await ensureBase('trixie');
    await step('image coffer/guest-base', async (onLine) => {
      const context = buildDir();
      try {
        for (const file of filesOf(dir)) copyFileSync(file, join(context, file.slice(dir.length + 1)));
        copyFileSync(node, join(context, 'node'));
        // A layer of its own for another mode would hold Node a second time.
        for (const file of ['node', 'guest-init']) chmodSync(join(context, file), 0o755);
        await build(name, recipe, { BASE: base }, { context }, onLine);
      } finally {
        removeBuildDir(context);
      }
    });
  });
  return name;
}

/**
 * The guest image with its agent: one layer over the base, a second's work.
 * @param {{ node: string, agentFile: string }} options agentFile: the bundle of the agent, one file
 * @returns {Promise<string>} its name, `coffer/guest:<hash>`
 */
export async function buildGuestImage({ node, agentFile }) {
  const base = await ensureGuestBase(node);
  const recipe = createHash('sha256').update(base).update(readFileSync(agentFile)).digest('hex').slice(0, 16);
  const name = `coffer/guest:${recipe}`;
  if (await idOf(name)) return name;
  await withLock('image-guest', async () => {
    if (await idOf(name)) return;
    await step('image coffer/guest', async (onLine) => {
      const context = buildDir();
      try {
        copyFileSync(agentFile, join(context, 'agent.mjs'));
        writeFileSync(join(context, 'Dockerfile'), `FROM ${base}\nCOPY agent.mjs /opt/coffer/agent.mjs\n`);
        await build(name, recipe, { BASE: base }, { context }, onLine);
      } finally {
        removeBuildDir(context);
      }
    });
  });
  return name;
}

/** What a guest looks for in its folder of images: the reference with `/` and `:` as `_`, and `.tar`. */
export const archiveName = (reference) => `${reference.replace(/[/:]/g, '_')}.tar`;

/**
 * Saves a database image once on the host, for guests to load. The file is there whole or not at all.
 * @returns {Promise<string>} the folder that it lies in
 */
export async function saveImage(reference, dir = cacheDir('images')) {
  const found = await idOf(reference);
  if (!found) throw new Stop(`There is no image ${reference} on this machine; run \`npm start\` to have it built.`);
  mkdirSync(dir, { recursive: true });
  const file = join(dir, archiveName(reference));
  const stamp = `${file}.${found.id.replace('sha256:', '').slice(0, 16)}`;
  if (existsSync(file) && existsSync(stamp)) return dir;
  await withLock('save-images', async () => {
    if (existsSync(file) && existsSync(stamp)) return;
    await step(`archive of ${reference}`, async () => {
      checkSpace(dir, ARCHIVE_NEEDS, 'the archives of images', '(`df -h` says what is full)');
      const temporary = `${file}.${process.pid}.new`;
      for (const name of readdirSync(dir))
        if (join(dir, name).startsWith(`${file}.`)) rmSync(join(dir, name), { force: true });
      await docker(['save', '-o', temporary, reference]);
      renameSync(temporary, file);
      writeFileSync(stamp, processMark());
    });
  });
  return dir;
}

if (isMain(import.meta.url)) {
  await mainOf(async () => {
    const names = process.argv.length > 2 ? process.argv.slice(2) : Object.keys(RECIPES);
    names.forEach(recipeOf);
    await ensureEngine();
    await ensureImages(names);
  });
}
