import { globSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { describe, expect, it } from 'vitest';

const root = join(import.meta.dirname, '..');

interface Room {
  /** Folder below the project, or a file. */
  at: string;
  /** Folders inside `at` that are rooms of their own. */
  except?: readonly string[];
  /** Bare imports that are allowed: exact names, or a prefix that ends in `*`. */
  imports: readonly string[];
  /** Folders of the same package whose files may be imported by path, besides its own. */
  reaches?: readonly string[];
}

const nodeBuiltins = 'node:*';

/** Which way the doors open: AGENTS.md has the table for people. */
const rooms: readonly Room[] = [
  {
    at: 'packages/core/src',
    except: ['rpc', 'amqp', 'testing', 'engine', 'driver'],
    imports: ['openapi-fetch'],
    reaches: ['packages/core/src/driver', 'packages/core/src/rpc'],
  },
  { at: 'packages/core/src/driver', imports: [], reaches: ['packages/core/src'] },
  { at: 'packages/core/src/rpc', imports: ['tweetnacl', 'node:crypto', 'node:buffer'], reaches: ['packages/core/src'] },
  { at: 'packages/core/src/amqp', imports: ['rhea', nodeBuiltins], reaches: ['packages/core/src'] },
  { at: 'packages/core/src/engine', imports: [nodeBuiltins], reaches: ['packages/core/src'] },
  {
    at: 'packages/core/src/testing',
    imports: ['vitest', 'rhea', 'fast-check', nodeBuiltins],
    reaches: ['packages/core/src'],
  },
  {
    at: 'packages/drivers/src/mariadb',
    imports: ['@coffer/core*', 'node:crypto'],
    reaches: ['packages/drivers/src/_shared'],
  },
  {
    at: 'packages/drivers/src/mysql',
    imports: ['@coffer/core*', 'mysql2*', 'node:timers/promises', 'node:crypto'],
    reaches: ['packages/drivers/src/_shared'],
  },
  { at: 'packages/drivers/src/postgresql', imports: ['@coffer/core*'], reaches: ['packages/drivers/src/_shared'] },
  {
    at: 'packages/drivers/src/_shared',
    imports: [
      '@coffer/core*',
      'mysql2*',
      'pg',
      '@mongodb-js/saslprep',
      ...['node:crypto', 'node:net', 'node:timers/promises', 'node:tls', 'node:util'],
    ],
  },
  {
    at: 'packages/agent/src',
    imports: ['@coffer/core*', 'rhea', 'commander', 'esbuild', '@peculiar/x509', 'reflect-metadata', nodeBuiltins],
  },
  {
    at: 'packages/server/src',
    imports: [
      '@coffer/core*',
      '@hono/node-server*',
      'hono*',
      'kysely*',
      'pg',
      'ajv*',
      'ajv-formats',
      'pino',
      'commander',
      'rhea',
      'tweetnacl',
      'reflect-metadata',
      '@node-rs/argon2',
      '@peculiar/x509',
      nodeBuiltins,
    ],
  },
];

/** Without comments. */
const codeOf = (source: string): string => source.replace(/^\s*(\/\/|\/?\*).*$/gm, '');

function specifiers(source: string): string[] {
  return [...codeOf(source).matchAll(/(?:\bfrom\s*|\bimport\s*\(?\s*|\brequire\s*\(\s*)(['"])([^'"\n]+)\1/g)].map(
    (match) => match[2] ?? '',
  );
}

/** Sources behind every entry of every package, drivers in their folders included. */
function exportedSources(): string[] {
  const manifests = globSync('packages/*/package.json', { cwd: root });
  return manifests.flatMap((manifest) => {
    const { exports = {} }: { exports?: Record<string, string | Record<string, string>> } = JSON.parse(
      readFileSync(join(root, manifest), 'utf8'),
    );
    const sources = Object.values(exports).flatMap((entry) =>
      typeof entry === 'string' ? [] : [entry['@coffer/source']],
    );
    return sources.flatMap((source) => (source?.endsWith('.ts') ? [join(dirname(manifest), source)] : []));
  });
}

/** Files, and whatever they import by path, and so on. */
function reachedFrom(files: readonly string[]): string[] {
  const reached = new Set(files);
  for (const file of reached) {
    const imports = specifiers(readFileSync(join(root, file), 'utf8'));
    for (const path of imports) if (/^\..*\.ts$/.test(path)) reached.add(join(dirname(file), path));
  }
  return [...reached];
}

function isAllowed(specifier: string, allowed: readonly string[]): boolean {
  return allowed.some((rule) => (rule.endsWith('*') ? specifier.startsWith(rule.slice(0, -1)) : rule === specifier));
}

describe('which way the doors open', () => {
  for (const room of rooms) {
    it(`${room.at} imports only what it may`, () => {
      const files = globSync(`${room.at}/**/*.ts`, { cwd: root }).filter(
        (file) =>
          !file.endsWith('.test.ts') && !(room.except ?? []).some((inner) => file.startsWith(`${room.at}/${inner}/`)),
      );
      expect(files.length).toBeGreaterThan(0);
      const wrong: string[] = [];
      for (const file of files) {
        for (const specifier of specifiers(readFileSync(join(root, file), 'utf8'))) {
          if (specifier.startsWith('.')) {
            const target = relative(root, join(root, dirname(file), specifier));
            const inside =
              target.startsWith(`${room.at}/`) || (room.reaches ?? []).some((other) => target.startsWith(`${other}/`));
            if (!inside) wrong.push(`${file} reaches ${target}`);
          } else if (!isAllowed(specifier, room.imports)) wrong.push(`${file} imports ${specifier}`);
        }
      }
      expect(wrong).toEqual([]);
    });
  }

  it('reads an import however it is written', () => {
    const source = [
      "import a from 'one';",
      'export * from "two";',
      "await import('three');",
      "import type { B } from './four.ts';",
      "import 'five';",
    ].join('\n');
    expect(specifiers(source)).toEqual(['one', 'two', 'three', './four.ts', 'five']);
  });

  // What any package exports may be in somebody else's process; what only programs reach may do as programs do.
  const library = reachedFrom(exportedSources());
  const UNFIT: Readonly<Record<string, RegExp>> = {
    'reads the environment': /process\.env\b/,
    'ends the process': /process\.(exit|abort|exitCode)\b/,
    'listens to the process': /process\.(on|once|addListener|prependListener)\b/,
    'writes to its output': /process\.(stdout|stderr)\b|\bconsole\./,
    'changes its folder or name': /process\.(chdir|umask|title|setuid|setgid)\b/,
    'keeps a global': /\b(globalThis|global)\b[.[]/,
    'keeps state in a module': /^(export )?(let|var) |^(export )?const \w+ = new (Map|Set|WeakMap)(<[^>]*>)?\(\)/m,
  };
  for (const [what, pattern] of Object.entries(UNFIT)) {
    it(`no library ${what}`, () => {
      expect(library).toContain('packages/server/src/worker/worker.ts');
      const found = library.filter((file) => pattern.test(codeOf(readFileSync(join(root, file), 'utf8'))));
      expect(found).toEqual([]);
    });
  }

  it('branches on a datastore only in its own folder', () => {
    const named = globSync('packages/{core,agent,server}/src/**/*.ts', { cwd: root }).filter(
      (file) =>
        !file.endsWith('.test.ts') &&
        !file.endsWith('.gen.ts') &&
        /['"`](mysql|mariadb|postgresql)['"`]/.test(readFileSync(join(root, file), 'utf8')),
    );
    expect(named).toEqual([]);
  });
});
