import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { readdir, readFile, realpath, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { archiveName, buildGuestImage, ensureImage, saveImage } from '../../scripts/images.mjs';
import { imagesFor, imagesOf, RECIPES } from '../../scripts/recipes.mjs';
import { engine, type ImageContainers, imageContainers, until } from '../support/image-containers.ts';

const root = join(import.meta.dirname, '../..');

let containers: ImageContainers;
beforeAll(async () => {
  containers = await imageContainers();
});
afterAll(() => containers.dispose());

describe('the list of images', () => {
  it('gives a start what it shows, a test run the newest of each, a long one all', () => {
    const { start, test, full } = { start: imagesFor('start'), test: imagesFor('test'), full: imagesFor('full') };
    expect(start).toEqual(imagesOf('mysql').slice(0, 1));
    expect(test).toEqual(expect.arrayContaining(start));
    expect(test.map((image) => image.split(':')[0]).sort()).toEqual([
      'coffer/mariadb',
      'coffer/mysql',
      'coffer/postgresql',
      'coffer/rabbitmq',
    ]);
    expect(test).toContain('coffer/mariadb:11.8');
    expect(imagesOf('postgresql')).toEqual(['coffer/postgresql:18', 'coffer/postgresql:17', 'coffer/postgresql:15']);
    expect(full.sort()).toEqual(Object.keys(RECIPES).sort());
  });

  it('has no database that no driver knows, and the newest is the default of its driver', async () => {
    for (const datastore of new Set(Object.values(RECIPES).map(({ name }) => name))) {
      const file = join(root, 'packages/drivers/src', datastore, 'manifest.json');
      if (!existsSync(file)) continue;
      const { versions }: { versions: { image: string; default?: boolean }[] } = JSON.parse(
        await readFile(file, 'utf8'),
      );
      expect(versions.map(({ image }) => image)).toEqual(expect.arrayContaining(imagesOf(datastore)));
      expect(versions.find((version) => version.default)?.image).toBe(imagesOf(datastore)[0]);
    }
  });

  it('says which images it has to whoever asks for another', async () => {
    await expect(ensureImage('coffer/none:1')).rejects.toThrow(/no recipe for coffer\/none:1; .*coffer\/mysql:9\.7/);
  });
});

describe('a build', () => {
  it('that is cut off starts again cleanly', async () => {
    const agentFile = join(containers.folder, 'cut-off.mjs');
    await writeFile(agentFile, `// ${containers.folder}\n`);
    const node = await realpath(process.execPath);
    const script = `import { buildGuestImage } from ${JSON.stringify(new URL('../../scripts/images.mjs', import.meta.url).href)};
await buildGuestImage(${JSON.stringify({ node, agentFile })});`;
    const child = spawn(node, ['--input-type=module', '-e', script], { stdio: 'ignore' });
    const ended = once(child, 'exit');
    const leftBehind = async () =>
      (await readdir(tmpdir())).filter((name) => name.startsWith(`coffer-build-${child.pid}-`));
    // It holds the lock and has laid out what it builds from.
    await until(async () => (await leftBehind()).length > 0 || undefined);
    child.kill('SIGKILL');
    expect(await ended).toEqual([null, 'SIGKILL']);
    expect(await leftBehind()).toHaveLength(1);
    const name = await buildGuestImage({ node, agentFile });
    try {
      const made = await containers.run({ Image: name, Entrypoint: ['cat', '/opt/coffer/agent.mjs'] });
      expect(made.log.trim()).toBe(`// ${containers.folder}`);
      expect(await leftBehind()).toEqual([]);
    } finally {
      await engine.images.remove(name, { force: true });
    }
  }, 200_000);
});

describe('archives of images', () => {
  it('are named by the image, whole, and made once', async () => {
    const [base = expect.unreachable('no base image')] = (
      await engine.images.list({ reference: ['coffer/debian'] })
    ).flatMap((image) => image.RepoTags ?? []);
    const target = join(containers.folder, 'archives');
    expect(await saveImage(base, target)).toBe(target);
    const file = join(target, archiveName(base));
    expect(file).toBe(join(target, `${base.replace(/[/:]/g, '_')}.tar`));
    const first = await stat(file);
    await saveImage(base, target);
    expect((await stat(file)).ino).toBe(first.ino);
    expect(await engine.images.load(file)).toEqual([base]);
    expect((await readdir(target)).filter((name) => name.includes('.new'))).toEqual([]);
    await expect(saveImage('coffer/none:1', target)).rejects.toThrow(/npm start/);
  }, 200_000);
});
