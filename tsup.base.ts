import { readFileSync } from 'node:fs';
import { defineConfig, type Options } from 'tsup';

interface Manifest {
  exports?: Record<string, string | Record<string, string>>;
  bin?: Record<string, string>;
}

/**
 * Entries come from `exports` and `bin` of the package's own package.json, so the two cannot drift: the source is the
 * condition `@coffer/source`, the built file the condition `default`.
 */
function entries(manifest: Manifest): Record<string, string> {
  const found: Record<string, string> = {};
  const name = (built: string): string => built.replace(/^\.\/dist\//, '').replace(/\.js$/, '');
  for (const target of Object.values(manifest.exports ?? {})) {
    if (typeof target === 'string') continue;
    const source = target['@coffer/source'];
    const built = target.default;
    if (source?.endsWith('.ts') && built) found[name(built)] = source;
  }
  for (const built of Object.values(manifest.bin ?? {})) found[name(built)] ??= `./src/${name(built)}.ts`;
  return found;
}

export function packageConfig(extra: Options = {}) {
  const manifest: Manifest = JSON.parse(readFileSync('package.json', 'utf8'));
  return defineConfig({
    entry: entries(manifest),
    format: ['esm'],
    target: 'node22',
    dts: true,
    clean: true,
    sourcemap: false,
    ...extra,
  });
}
