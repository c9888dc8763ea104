// Brings a machine to where the project runs: Node, pnpm, dependencies, container engine, images. Idempotent; the second run
// only looks. Plain JavaScript that an old Node runs before anything is installed.
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { delimiter, dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ensureEngine } from './engine.mjs';
import { buildGuestImage, ensureGuestBase, ensureImages } from './images.mjs';
import { ensureNode, pinnedPnpm } from './node.mjs';
import { imagesFor } from './recipes.mjs';
import { allOrFirstFailure, cacheDir, run, withLock } from './run-command.mjs';
import { isMain, mainOf, Stop, step } from './say.mjs';
import { checkSpace } from './space.mjs';

const root = resolve(dirname(fileURLToPath(import.meta.url)), '..');

/** Written last into node_modules: what it was installed from. */
const stampFile = join(root, 'node_modules/.coffer-installed');

function wantedStamp() {
  const hash = createHash('sha256').update(process.platform + process.arch);
  for (const file of ['pnpm-lock.yaml', 'pnpm-workspace.yaml', 'package.json'])
    hash.update(readFileSync(join(root, file)));
  for (const name of readdirSync(join(root, 'packages')).sort()) {
    const file = join(root, 'packages', name, 'package.json');
    if (existsSync(file)) hash.update(readFileSync(file));
  }
  return hash.digest('hex');
}

function isInstalled(stamp) {
  if (!existsSync(stampFile) || readFileSync(stampFile, 'utf8') !== stamp) return false;
  // A package whose folder somebody removed is as good as not installed.
  return readdirSync(join(root, 'packages')).every(
    (name) =>
      !existsSync(join(root, 'packages', name, 'package.json')) ||
      existsSync(join(root, 'packages', name, 'node_modules')),
  );
}

/** What they take in the checkout and in pnpm's own store, bytes. */
const DEPENDENCIES_NEED = 800 * 2 ** 20;

/** The workspace's dependencies as the lockfile has them. */
async function ensureDependencies({ node, pnpm }) {
  const stamp = wantedStamp();
  if (isInstalled(stamp)) return;
  await withLock('dependencies', async () => {
    if (isInstalled(stamp)) return;
    await step('dependencies', async (onLine) => {
      checkSpace(root, DEPENDENCIES_NEED, 'the dependencies', '(`df -h` says what is full)');
      rmSync(stampFile, { force: true });
      const env = {
        PATH: `${dirname(node)}${delimiter}${process.env.PATH ?? ''}`,
        CI: 'true',
        // The pnpm that runs is the pinned one already; else it wants to find itself in the lockfile.
        pnpm_config_pm_on_fail: 'ignore',
        // A machine without a network is told so soon, not after many minutes.
        pnpm_config_fetch_retries: '2',
        pnpm_config_fetch_retry_mintimeout: '1000',
        pnpm_config_fetch_retry_maxtimeout: '5000',
      };
      await run(node, [pnpm, 'install', '--frozen-lockfile', '--reporter=append-only'], {
        cwd: root,
        env,
        onLine,
      }).catch((error) => {
        const why =
          String(error.message)
            .split('\n')
            .find((line) => /ERR|error/i.test(line) && !/ended with/.test(line)) ?? error.message;
        if (/OUTDATED_LOCKFILE/.test(why))
          throw new Stop(
            `pnpm-lock.yaml does not fit the packages' own files; run \`npx pnpm@${pinnedPnpm(root)} install\` and keep what it changes.`,
          );
        throw new Stop(
          `The dependencies could not be installed (${why.trim().slice(0, 200)}); see that \`npm view vitest version\` answers, then run this again.`,
        );
      });
      writeFileSync(stampFile, stamp);
    });
  });
}

/** The agent of this checkout as one file, in the guest image. */
async function guestImageOf(node) {
  const agentFile = join(cacheDir('agent'), `agent-${process.pid}.mjs`);
  try {
    await run(node, [join(root, 'packages/agent/bundle.mjs'), agentFile], { cwd: root });
    return await buildGuestImage({ node, agentFile });
  } finally {
    rmSync(agentFile, { force: true });
  }
}

/**
 * Sees to it that the machine has what `need` asks for, and says by `process.env` where it is, so that a child knows too:
 * `COFFER_GUEST_IMAGE` and `COFFER_IMAGES_DIR`, the folder of image archives for guests.
 * @param {{ need?: 'start' | 'test' | 'full' }} [options] which images are wanted: see `imagesFor`
 * @returns {Promise<{ node: string, pnpm: string, guestImage: string, imagesDir: string }>}
 * @throws {Stop} with one sentence that names the command which mends it
 */
export async function bootstrap({ need = 'start' } = {}) {
  const tools = await ensureNode(root);
  const engine = ensureEngine();
  const images = engine.then(async () => {
    const [imagesDir] = await allOrFirstFailure([ensureImages(imagesFor(need)), ensureGuestBase(tools.node)]);
    return imagesDir;
  });
  const [, imagesDir] = await allOrFirstFailure([ensureDependencies(tools), images]);
  const guestImage = await guestImageOf(tools.node);
  process.env.COFFER_GUEST_IMAGE = guestImage;
  process.env.COFFER_IMAGES_DIR = imagesDir;
  return { ...tools, guestImage, imagesDir };
}

if (isMain(import.meta.url)) {
  await mainOf(async () => {
    const { node, guestImage, imagesDir } = await bootstrap({
      need: ['test', 'full'].find((need) => need === process.argv[2]) ?? 'start',
    });
    console.log(`node    ${node}\nguest   ${guestImage}\nimages  ${imagesDir}`);
  });
}
