// Small Debian images from nothing but a package mirror: what the other images here are built from.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { docker } from './engine.mjs';
import { aptInstall, ensureHostPrograms } from './host.mjs';
import { debianMirror } from './mirror.mjs';
import { isRunning, processMark, run, which } from './run-command.mjs';
import { Stop, step } from './say.mjs';

const OPTIONS = [
  '--variant=minbase',
  '--components=main',
  '--dpkgopt=path-exclude=/usr/share/man/*',
  '--dpkgopt=path-exclude=/usr/share/doc/*',
  '--dpkgopt=path-exclude=/usr/share/locale/*',
  '--dpkgopt=path-include=/usr/share/locale/locale.alias',
  '--dpkgopt=force-unsafe-io',
  '--aptopt=Acquire::Languages "none"',
  // A mirror that lags has lists which are past their date; the signatures are checked all the same.
  '--aptopt=Acquire::Check-Valid-Until "false"',
  '--aptopt=APT::Install-Recommends "false"',
];

/** The name of the base image of a Debian suite; it changes with the recipe. */
export const baseImageName = (suite) =>
  `coffer/debian:${suite}-${createHash('sha256')
    .update(JSON.stringify([OPTIONS, process.arch]))
    .digest('hex')
    .slice(0, 12)}`;

/**
 * Builds the base image of a suite. The image has its name only once it is whole, so a build that was cut off
 * leaves nothing that could be taken for one.
 * @param {'bookworm' | 'trixie' | 'sid'} suite
 */
export async function buildBaseImage(suite) {
  await ensureHostPrograms();
  const keyring = '/usr/share/keyrings/debian-archive-keyring.gpg';
  // Only on other distributions than Debian itself.
  if (!existsSync(keyring)) await aptInstall(['debian-archive-keyring']);
  const mirror = debianMirror();
  await step(`base image ${suite} from ${new URL(mirror).host}`, async (note) => {
    const dir = buildDir();
    try {
      const tar = join(dir, 'root.tar');
      const source = `deb [signed-by=${keyring}] ${mirror} ${suite} main`;
      await run(which('mmdebstrap'), [...OPTIONS, suite, tar, source], { onLine: note, env: { TMPDIR: dir } }).catch(
        (error) => {
          throw new Stop(
            `The base image ${suite} could not be made from ${mirror} (${lastLine(error)}); see that the mirror answers (\`curl -I ${mirror}/dists/${suite}/InRelease\`), or name another in COFFER_DEBIAN_MIRROR.`,
          );
        },
      );
      await docker(['import', '--change', 'ENV DEBIAN_FRONTEND=noninteractive', tar, baseImageName(suite)]);
    } finally {
      removeBuildDir(dir);
    }
  });
}

const lastLine = (error) => String(error.message).trim().split('\n').at(-1);

/** A folder for one build. Folders of builds whose process is gone are removed on the way. */
export function buildDir() {
  const prefix = 'coffer-build-';
  for (const name of readdirSync(tmpdir())) {
    const [, pid, start] = /^coffer-build-(\d+)-(\d+)-/.exec(name) ?? [];
    if (pid && !isRunning(`${pid} ${start}`)) removeLeftover(join(tmpdir(), name));
  }
  return mkdtempSync(join(tmpdir(), `${prefix}${processMark().replace(' ', '-')}-`));
}

/**
 * Removes the folder of a build that was killed. The programs that it ran may live on in it: they are ended, known by the folder's
 * name, which no other process has. What cannot be removed yet stays for the next time.
 */
function removeLeftover(dir) {
  for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
    const reads = ['cmdline', 'environ'].map((file) => readOr(`/proc/${pid}/${file}`));
    if (Number(pid) !== process.pid && reads.some((text) => text.includes(dir))) {
      try {
        process.kill(Number(pid), 'SIGKILL');
      } catch {}
    }
  }
  removeBuildDir(dir);
}

/** Removes a build's folder, the mounts in it first: below a mount lies somebody else's tree, perhaps the host's devices. */
export function removeBuildDir(dir) {
  const mounts = () =>
    readOr('/proc/self/mounts')
      .split('\n')
      .map((line) => line.split(' ')[1] ?? '')
      .filter((path) => path.startsWith(`${dir}/`));
  for (const path of mounts().reverse()) spawnSync('umount', ['-l', path]);
  if (mounts().length > 0) return;
  try {
    rmSync(dir, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
  } catch {}
}

const readOr = (file) => {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
};
