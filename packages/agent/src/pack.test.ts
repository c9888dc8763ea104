import { execFile } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { builtinModules } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { packDriver, writePacked } from './pack.ts';

const run = promisify(execFile);
const drivers = join(import.meta.dirname, '../../drivers');
const mysql = join(drivers, 'src/mysql');

describe('packDriver', () => {
  let folder: string;

  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'coffer-pack-'));
  });

  afterAll(() => {
    rmSync(folder, { recursive: true, force: true });
  });

  it('makes one file that runs by itself, far from any package, and says the same as its manifest', async () => {
    const packed = await packDriver(mysql);
    const out = join(folder, 'alone');
    await writePacked(packed, out);
    const script = `const { default: driver } = await import('./driver.mjs');
      const made = driver.create({ version: { name: '9.7' }, settings: {}, serviceAccount: { user: 'a', password: 'b' }, serverId: 1, image: 'i', endpoint: () => ({ socketPath: '/nonexistent' }) });
      const health = await made.probe({ id: 'x', signal: AbortSignal.timeout(5000) });
      console.log(JSON.stringify({ manifest: driver.manifest, health: health.state, image: made.container().image }));`;
    const { stdout } = await run(process.execPath, ['--input-type=module', '--eval', script], { cwd: out });
    expect(JSON.parse(stdout)).toEqual({ manifest: packed.manifest, health: 'down', image: 'i' });
    expect(JSON.parse(readFileSync(join(out, 'manifest.json'), 'utf8'))).toEqual(packed.manifest);
    expect(readFileSync(join(out, 'driver.sha256'), 'utf8')).toBe(`${packed.sha256}  driver.mjs\n`);
    const imports = [...packed.code.toString().matchAll(/\bfrom\s*"([^"]+)"/g)].map((match) => match[1] ?? '');
    expect(imports.filter((name) => !builtinModules.includes(name.replace(/^node:/, '')))).toEqual([]);
  });

  it('gives the same bytes for the same sources, wherever they lie and whoever calls', async () => {
    const packed = await packDriver(mysql);
    const copy = join(folder, 'deep/er/checkout');
    mkdirSync(copy, { recursive: true });
    cpSync(join(drivers, 'src'), join(copy, 'src'), { recursive: true });
    cpSync(join(drivers, 'package.json'), join(copy, 'package.json'));
    symlinkSync(join(drivers, 'node_modules'), join(copy, 'node_modules'));
    expect((await packDriver(join(copy, 'src/mysql'))).sha256).toBe(packed.sha256);
  });

  it('says what is missing or does not build', async () => {
    const bad = join(folder, 'bad');
    mkdirSync(bad);
    await expect(packDriver(bad)).rejects.toMatchObject({
      code: 'bad_request',
      detail: expect.stringContaining('manifest.json cannot be read (ENOENT)'),
    });
    writeFileSync(join(bad, 'manifest.json'), '{');
    await expect(packDriver(bad)).rejects.toMatchObject({
      code: 'bad_request',
      detail: expect.stringContaining('is not JSON'),
    });
    writeFileSync(join(bad, 'manifest.json'), '{"api": 1}');
    await expect(packDriver(bad)).rejects.toMatchObject({
      code: 'bad_request',
      detail: expect.stringContaining('datastore must be'),
    });
    cpSync(join(mysql, 'manifest.json'), join(bad, 'manifest.json'));
    await expect(packDriver(bad)).rejects.toMatchObject({
      detail: expect.stringContaining('parameters must be a list'),
    });
    cpSync(join(mysql, 'parameters'), join(bad, 'parameters'), { recursive: true });
    await expect(packDriver(bad)).rejects.toMatchObject({ detail: expect.stringContaining('has none of index.ts') });
    writeFileSync(join(bad, 'index.ts'), "import x from 'a-package-nobody-has';\nexport default x;\n");
    await expect(packDriver(bad)).rejects.toMatchObject({ detail: expect.stringContaining('a-package-nobody-has') });
  });

  it('is what the command does', async () => {
    const out = join(folder, 'command');
    const command = join(import.meta.dirname, 'coffer-driver.ts');
    const { stdout } = await run(process.execPath, [
      '--conditions=@coffer/source',
      command,
      'pack',
      mysql,
      '--out',
      out,
    ]);
    expect(stdout).toBe(
      `mysql: ${readFileSync(join(out, 'driver.mjs')).length} bytes, sha256 ${(await packDriver(mysql)).sha256}\n`,
    );
    await expect(
      run(process.execPath, ['--conditions=@coffer/source', command, 'pack', folder, '--out', out]),
    ).rejects.toMatchObject({
      code: 1,
      stderr: expect.stringContaining('coffer-driver: '),
    });
  });
});
