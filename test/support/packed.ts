import { execFile } from 'node:child_process';
import { globSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);
const root = join(import.meta.dirname, '../..');

const newest = (files: readonly string[]): number => Math.max(...files.map((file) => statSync(file).mtimeMs));

/** What a build before this one made of the same sources is as good. */
function isBuilt(folder: string): boolean {
  const built = globSync(`${folder}/dist/**/*.js`);
  const sources = [...globSync(`${folder}/{src/**/*.{ts,json},*.json,tsup.config.ts}`), join(root, 'tsup.base.ts')];
  return built.length > 0 && Math.min(...built.map((file) => statSync(file).mtimeMs)) > newest(sources);
}

/** A package of this checkout as it would be published: built, and packed. @returns the tarball. */
export async function packed(name: string, intoFolder: string): Promise<string> {
  const folder = join(root, 'packages', name);
  if (!isBuilt(folder))
    await run(process.execPath, [join(root, 'node_modules/tsup/dist/cli-default.js'), '--silent'], { cwd: folder });
  const { stdout } = await run('pnpm', ['pack', '--json', '--pack-destination', intoFolder], { cwd: folder });
  const { filename }: { filename: string } = JSON.parse(stdout);
  return filename;
}
