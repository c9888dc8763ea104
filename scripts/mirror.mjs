// Debian images made from the mirror that this machine itself uses.
import { readdirSync, readFileSync } from 'node:fs';

const DEFAULT_MIRROR = 'http://deb.debian.org/debian';
const SUITES = /^(oldstable|stable|testing|unstable|sid|bullseye|bookworm|trixie|forky|duke)$/;

/** Lines of one-line-style and stanzas of deb822-style sources, as { uri, suite, components }. */
export function parseSources(text, isDeb822) {
  if (!isDeb822) {
    return text.split('\n').flatMap((line) => {
      const [, uri, suite, components] = /^\s*deb\s+(?:\[[^\]]*\]\s+)?(\S+)\s+(\S+)\s+(.*)$/.exec(line) ?? [];
      return uri ? [{ uri, suite, components: components.split(/\s+/) }] : [];
    });
  }
  return text.split(/\n\s*\n/).flatMap((stanza) => {
    const field = (name) =>
      (new RegExp(`^${name}:\\s*(.*(?:\\n\\s+.*)*)`, 'im').exec(stanza)?.[1] ?? '').split(/\s+/).filter(Boolean);
    if (!field('Types').includes('deb') || /^Enabled:\s*no/im.test(stanza)) return [];
    return field('URIs').flatMap((uri) =>
      field('Suites').map((suite) => ({ uri, suite, components: field('Components') })),
    );
  });
}

/**
 * The Debian mirror in the apt sources of this machine, else Debian's own. `COFFER_DEBIAN_MIRROR` goes before both.
 * @returns {string} without a slash at its end
 */
export function debianMirror() {
  const files = ['/etc/apt/sources.list'];
  try {
    files.push(
      ...readdirSync('/etc/apt/sources.list.d')
        .sort()
        .map((name) => `/etc/apt/sources.list.d/${name}`),
    );
  } catch {}
  const sources = files.flatMap((file) => {
    try {
      return parseSources(readFileSync(file, 'utf8'), file.endsWith('.sources'));
    } catch {
      return [];
    }
  });
  // Point releases and security live elsewhere; the suites wanted here are plain ones, in `main`.
  const found = sources.find(
    ({ uri, suite, components }) =>
      /^https?:/.test(uri) && SUITES.test(suite) && components.includes('main') && /debian\/*$/.test(uri),
  );
  return (process.env.COFFER_DEBIAN_MIRROR || found?.uri || DEFAULT_MIRROR).replace(/\/+$/, '');
}
