import { execFile } from 'node:child_process';
import { cp, mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { DriverReport } from '@coffer/core/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { baseImageName, buildBaseImage } from '../../scripts/base-image.mjs';
import { archiveName, saveImage } from '../../scripts/images.mjs';
import { coffer, type LocalCloud } from '../../scripts/local-cloud.ts';
import { engine } from '../support/image-containers.ts';
import { packed } from '../support/packed.ts';
import { addressOf, createInstance, deleteInstance, startStack, untilStatus } from '../support/stack.ts';

/*
 * A driver as somebody else writes it: `examples/driver-valkey` in a folder of its own, Coffer from tarballs, its image built by its
 * own script, its suite run by the published command, its bundle registered with a running Coffer that has never heard of it.
 */

const run = promisify(execFile);
const root = join(import.meta.dirname, '../..');
const IMAGE = 'coffer-example/valkey:8.1';

let folder: string;
let bundle: string;

/** A program of the stranger's folder; its whole output is the failure message. */
const inFolder = async (command: string, args: string[], env: Record<string, string> = {}): Promise<string> => {
  const outcome = await run(command, args, { cwd: folder, maxBuffer: 64 << 20, env: { ...process.env, ...env } }).catch(
    (error: { stdout: string; stderr: string }) => {
      throw new Error(`${command} ${args.join(' ')}: ${error.stdout}${error.stderr}`, { cause: error });
    },
  );
  return outcome.stdout;
};
const npx = (program: string, ...args: string[]) =>
  inFolder(process.execPath, [`node_modules/.bin/${program}`, ...args]);

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'coffer-stranger-'));
  bundle = join(folder, 'bundle');
  await cp(join(root, 'examples/driver-valkey'), folder, {
    recursive: true,
    filter: (path) => !path.includes('node_modules'),
  });
  const tarballs = await Promise.all([packed('core', folder), packed('agent', folder)]);
  await inFolder('npm', ['install', '--no-audit', '--no-fund', '--prefer-offline', ...tarballs]);
  if (!(await engine.images.inspect(baseImageName('trixie')))) await buildBaseImage('trixie');
  await inFolder('sh', ['image/build.sh'], { BASE: baseImageName('trixie') });
}, 400_000);

afterAll(() => rm(folder, { recursive: true, force: true }));

describe('a driver of somebody else', () => {
  it('is at most 300 lines', async () => {
    const texts = await Promise.all(['index.ts', 'session.ts'].map((file) => readFile(join(folder, file), 'utf8')));
    const lines = texts.flatMap((text) => text.split('\n')).filter((line) => !/^\s*(\/\/|\/?\*|$)/.test(line));
    expect(lines.length).toBeLessThanOrEqual(300);
  });

  it('compiles against the packages', () => npx('tsc'));

  it('passes the suite by the published command', async () => {
    const said = await npx('coffer-driver', 'test', '.', '--json', 'report.json');
    const report: DriverReport = JSON.parse(await readFile(join(folder, 'report.json'), 'utf8'));
    expect(report).toMatchObject({ datastore: 'valkey', version: '8.1', failed: 0 });
    expect(report.passed).toBeGreaterThanOrEqual(120);
    expect(said).toContain(`valkey 8.1: ${report.passed} passed, 0 failed`);
  }, 120_000);

  it('ends with 1 when a check fails, and says which', async () => {
    await expect(npx('coffer-driver', 'test', '.', '--only', 'in service', '--image', 'no/such:image')).rejects.toThrow(
      'no image no/such:image',
    );
    await expect(npx('coffer-driver', 'test', 'nowhere')).rejects.toThrow('manifest.json cannot be read');
  });

  it('begins as a scaffold that passes the contract, compiles and packs', async () => {
    await npx('coffer-driver', 'new', 'mydb');
    expect(await readdir(join(folder, 'mydb'))).toEqual(
      expect.arrayContaining(['README.md', 'index.ts', 'manifest.json', 'package.json', 'tsconfig.json']),
    );
    expect(await npx('coffer-driver', 'test', 'mydb')).toMatch(/mydb 1: \d+ passed, 0 failed/);
    await npx('tsc', '-p', 'mydb');
    expect(await npx('coffer-driver', 'pack', 'mydb', '--out', 'mydb/bundle')).toMatch(/^mydb: \d+ bytes, sha256 /);
    await expect(npx('coffer-driver', 'new', 'mydb')).rejects.toThrow('has something in it');
    await expect(npx('coffer-driver', 'new', 'My DB')).rejects.toThrow('is no name of a datastore');
  });

  describe('registered with a running Coffer', () => {
    let cloud: LocalCloud;
    let archives: string;
    const password = 'a-tenants-own-pw';

    beforeAll(async () => {
      await npx('coffer-driver', 'pack', '.', '--out', bundle);
      archives = await saveImage(IMAGE);
      cloud = await startStack();
    }, 180_000);
    afterAll(async () => {
      await cloud?.clear();
      if (archives) await rm(join(archives, archiveName(IMAGE)), { force: true });
    }, 120_000);

    it('serves an instance that is made, used and deleted by the API', async () => {
      const said = await coffer(['datastore', 'register', bundle, '--data-dir', cloud.dataDir]);
      expect(said).toMatch(/^valkey 8\.1: driver [0-9a-f]{64}\n$/);
      const client = await cloud.client();
      const { id } = await createInstance(client, {
        datastore: { type: 'valkey', version: '8.1' },
        users: [{ name: 'anna', password }],
      });
      const instance = await untilStatus(client, id, 'ACTIVE');
      expect(instance).toMatchObject({ operating_status: 'HEALTHY', datastore: { type: 'valkey', version: '8.1' } });
      // With the client library of the example, as its tenants would.
      const script = `import { Valkey } from 'iovalkey';
        const { HOST: host, PASSWORD: password } = process.env;
        const session = new Valkey({ host, username: 'anna', password, lazyConnect: true });
        await session.connect();
        console.log(await session.set('greeting', 'hello'), await session.get('greeting'));
        session.disconnect();`;
      const env = { HOST: addressOf(instance), PASSWORD: password };
      expect(await inFolder(process.execPath, ['--input-type=module', '--eval', script], env)).toBe('OK hello\n');

      const path = { params: { path: { instance_id: id } } };
      const users = '/v1.0/{project_id}/instances/{instance_id}/users';
      const made = await client.POST(users, { ...path, body: { users: [{ name: 'bert', password }] } });
      expect(made.response.status).toBe(202);
      const { data } = await client.GET(users, path);
      expect(data?.users.map(({ name }) => name)).toEqual(['anna', 'bert']);
      const refused = await client.POST('/v1.0/{project_id}/instances/{instance_id}/databases', {
        ...path,
        body: { databases: [{ name: 'none' }] },
      });
      expect(refused.response.status).toBe(501);
      await deleteInstance(client, id);
    }, 180_000);
  });
});
