// What the host must have besides Node: programs from the distribution's own packages.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { run, which } from './run-command.mjs';
import { Stop, step } from './say.mjs';

/** Program → Debian package. Looked up as files, never by asking apt, so that a second run costs nothing. */
const PROGRAMS = {
  mmdebstrap: 'mmdebstrap', // base images from a mirror
  'mkfs.xfs': 'xfsprogs', // data volumes
  nft: 'nftables', // access rules
  ip: 'iproute2',
  losetup: 'mount',
  nsenter: 'util-linux',
};

export const isRoot = () => process.getuid?.() === 0;

/** True on Debian, Ubuntu and what calls itself like them. */
export function hasApt() {
  const release = existsSync('/etc/os-release') ? readFileSync('/etc/os-release', 'utf8') : '';
  return /^ID(_LIKE)?=.*(debian|ubuntu)/m.test(release) && which('apt-get') !== undefined;
}

/** The packages of which a program is missing on this machine. */
export const missingPackages = () => [
  ...new Set(Object.entries(PROGRAMS).flatMap(([program, name]) => (which(program) ? [] : [name]))),
];

/**
 * Installs packages with apt-get as root, without recommended ones. The lists are fetched when there are none,
 * and once more when apt finds them out of date.
 * @param {string[]} packages
 */
export async function aptInstall(packages) {
  const env = { DEBIAN_FRONTEND: 'noninteractive', APT_LISTCHANGES_FRONTEND: 'none', NEEDRESTART_MODE: 'l' };
  const common = [
    '-o',
    'DPkg::Lock::Timeout=300',
    '-o',
    'Acquire::Check-Valid-Until=false',
    '-o',
    'Acquire::Retries=2',
  ];
  const update = () =>
    step('package lists', (onLine) => run('apt-get', [...common, 'update'], { env, onLine })).catch((error) => {
      throw new Stop(
        `The package mirror of this machine does not answer (${lastLine(error)}); see that \`apt-get update\` works, then run this again.`,
      );
    });
  const install = (onLine) =>
    run(
      'apt-get',
      [...common, '-y', '--no-install-recommends', '-o', 'Dpkg::Options::=--force-confold', 'install', ...packages],
      {
        env,
        onLine,
        allowFail: true,
      },
    );
  if (!haveLists()) await update();
  await step(`packages ${packages.join(' ')}`, async (note) => {
    if ((await install(note)).code === 0) return;
    // A dpkg that was cut off refuses everything until its half-done packages are configured; lists may be out of date.
    await run('dpkg', ['--force-confold', '--configure', '-a'], { env, allowFail: true });
    await update();
    const again = await install(note);
    if (again.code !== 0) {
      throw new Stop(
        `apt-get could not install ${packages.join(' ')} (${lastLine(again.stderr)}); run \`apt-get install ${packages.join(' ')}\` to see why.`,
      );
    }
  });
}

const haveLists = () => {
  try {
    return readdirSync('/var/lib/apt/lists').some((name) => /_Packages(\.\w+)?$/.test(name));
  } catch {
    return false;
  }
};

const lastLine = (what) =>
  String(what?.message ?? what)
    .trim()
    .split('\n')
    .at(-1);

/** Sees to it that every program of the list above is there; a sentence when it may not install them. */
export async function ensureHostPrograms() {
  const missing = missingPackages();
  if (missing.length === 0) return;
  if (!hasApt())
    throw new Stop(
      `This machine lacks programs of the packages ${missing.join(', ')}; install them with its package manager, then run this again.`,
    );
  if (!isRoot())
    throw new Stop(
      `This machine lacks ${missing.join(', ')}; run \`sudo apt-get install ${missing.join(' ')}\`, then run this again.`,
    );
  await aptInstall(missing);
}
