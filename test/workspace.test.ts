import { execFile } from 'node:child_process';
import { globSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';

const run = promisify(execFile);
const root = join(import.meta.dirname, '..');
const bin = (path: string): string => join(root, 'node_modules', path);

/** Runs a program of the workspace under this Node; its whole output is the failure message. */
async function clean(program: string, args: string[], cwd = root): Promise<void> {
  const outcome = await run(process.execPath, [bin(program), ...args], { cwd, maxBuffer: 64 * 1024 * 1024 }).then(
    () => '',
    (error: { stdout?: string; stderr?: string; message: string }) =>
      `${error.stdout ?? ''}${error.stderr ?? ''}` || error.message,
  );
  expect(outcome).toBe('');
}

describe('the workspace', () => {
  it('is linted and formatted', () => clean('@biomejs/biome/bin/biome', ['check', '.']), 60_000);

  it('type-checks', () => clean('typescript/bin/tsc', ['--noEmit', '-p', 'tsconfig.json']), 180_000);

  for (const manifest of globSync('packages/*/package.json', { cwd: root }).sort()) {
    const folder = join(root, manifest, '..');
    it(`builds and packs ${manifest.split('/')[1]} without a complaint`, async () => {
      await clean('tsup/dist/cli-default.js', ['--silent'], folder);
      await clean('publint/src/cli.js', ['--strict'], folder);
      await clean('@arethetypeswrong/cli/dist/index.js', ['--pack', '--profile', 'esm-only', '--quiet'], folder);
    }, 240_000);
  }
});
