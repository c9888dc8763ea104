// Node 24 and pnpm, from the npm registry, in the cache folder: the machine's own are not touched.
import { existsSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { cacheDir, run, which, withLock } from './run-command.mjs';
import { Stop, step } from './say.mjs';
import { checkSpace } from './space.mjs';

const NODE = '24';
/** What the two take while they are unpacked, bytes. */
const SPACE_NEEDED = 400 * 2 ** 20;

/** @returns {string} the version of pnpm that package.json pins */
export const pinnedPnpm = (root) => {
  const { packageManager } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  return packageManager.replace(/^pnpm@/, '');
};

/**
 * Node and pnpm as the project wants them. A second run looks at two files.
 * @param {string} root the project's folder
 * @returns {Promise<{ node: string, pnpm: string }>} paths of the Node binary and of pnpm's script
 */
export async function ensureNode(root) {
  const pnpmVersion = pinnedPnpm(root);
  const dir = join(cacheDir(), `tools-${NODE}-${pnpmVersion}`);
  const tools = {
    node: join(dir, 'node_modules', `node-${process.platform}-${process.arch}`, 'bin/node'),
    pnpm: join(dir, 'node_modules/pnpm/bin/pnpm.mjs'),
  };
  const isThere = () => existsSync(tools.node) && existsSync(tools.pnpm) && existsSync(join(dir, 'complete'));
  if (isThere()) return tools;
  await withLock('tools', async () => {
    if (isThere()) return;
    await step(`Node ${NODE} and pnpm ${pnpmVersion} from the npm registry`, async (onLine) => {
      const next = `${dir}.new`;
      checkSpace(cacheDir(), SPACE_NEEDED, `Node ${NODE} and pnpm`, '(`df -h` says what is full)');
      rmSync(next, { recursive: true, force: true });
      const npm = which('npm');
      if (!npm)
        throw new Stop(
          'There is no npm on this machine; install it beside Node (on Debian: `apt-get install npm`), then run this again.',
        );
      // The package of the binary itself: the one called `node` only puts it in place, by an install script.
      const binary = `node-${process.platform}-${process.arch}`;
      await run(
        npm,
        [
          'install',
          '--prefix',
          next,
          '--no-audit',
          '--no-fund',
          '--no-save',
          '--ignore-scripts',
          '--loglevel=error',
          // A machine without a network is told so soon, not after many minutes.
          '--fetch-retries=1',
          '--fetch-retry-mintimeout=1000',
          '--fetch-retry-maxtimeout=5000',
          `${binary}@${NODE}`,
          `pnpm@${pnpmVersion}`,
        ],
        { onLine },
      ).catch((error) => {
        const why =
          String(error.message)
            .split('\n')
            .find((line) => /error/.test(line) && !/A complete log/.test(line)) ?? 'no reason given';
        throw new Stop(
          `npm could not fetch ${binary}@${NODE} and pnpm@${pnpmVersion} (${why.trim()}); see that \`npm view pnpm version\` answers, then run this again.`,
        );
      });
      await run(join(next, 'node_modules', `node-${process.platform}-${process.arch}`, 'bin/node'), ['--version']);
      rmSync(dir, { recursive: true, force: true });
      renameSync(next, dir);
      writeFileSync(join(dir, 'complete'), '');
    });
  });
  return tools;
}
