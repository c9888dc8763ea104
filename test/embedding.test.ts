import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { cp, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';
import { createClient } from '@coffer/core';
import { testCloud } from '@coffer/core/testing';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { createOwnCloud } from '../examples/own-cloud/cloud.ts';
import { packDriver, writePacked } from '../packages/agent/src/pack.ts';
import { packed } from './support/packed.ts';
import { asAdmin, type TestDatabase, testDatabase } from './support/postgres.ts';

/*
 * Coffer inside somebody else's cloud, as a stranger would have it: `examples/own-cloud` in a folder of its own, the packages from
 * tarballs, everything else from the registry, types checked by its own compiler, run by its own `npm start`.
 */

const run = promisify(execFile);
const root = join(import.meta.dirname, '..');
const example = join(root, 'examples/own-cloud');
const TOKEN = 'a token of theirs';

let folder: string;
let database: TestDatabase;

/** A program of the stranger's folder; its whole output is the failure message. */
const inFolder = (command: string, ...args: string[]) =>
  run(command, args, { cwd: folder, maxBuffer: 16 * 1024 * 1024 }).catch(
    (error: { stdout: string; stderr: string }) => {
      throw new Error(`${command} ${args[0]}: ${error.stdout}${error.stderr}`, { cause: error });
    },
  );

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'coffer-stranger-'));
  await cp(example, folder, { recursive: true, filter: (path) => !path.includes('node_modules') });
  const tarballs = await Promise.all([packed('core', folder), packed('server', folder)]);
  await inFolder('npm', 'install', '--no-audit', '--no-fund', '--prefer-offline', ...tarballs);
  database = await testDatabase();
  await asAdmin(database.url, (admin) => admin.query('drop schema public cascade; create schema public'));
}, 180_000);

afterAll(async () => {
  await database?.drop();
  await rm(folder, { recursive: true, force: true });
});

/** Its program, until it says where it listens. */
async function start() {
  const env = { ...process.env, DATABASE_URL: database.url, TOKEN };
  const program = spawn(process.execPath, ['main.ts'], { cwd: folder, env, stdio: ['ignore', 'pipe', 'pipe'] });
  let errors = '';
  program.stderr.on('data', (chunk: Buffer) => {
    errors += chunk;
  });
  const line = once(createInterface(program.stdout), 'line').then(([said]) => String(said));
  const ended = once(program, 'exit').then(([code]) => code as number | null);
  const url = await Promise.race([
    line.then((said) => said.replace('listening ', '')),
    ended.then((code) => Promise.reject(new Error(`it ended with ${code}: ${errors}`))),
  ]);
  return {
    url,
    errors: () => errors,
    stop: () => {
      program.kill('SIGTERM');
      return ended;
    },
  };
}

testCloud(async () => ({ cloud: createOwnCloud(() => async () => {}) }), { name: 'of the example' });

describe.concurrent('the example, as a stranger has it', () => {
  it('has a page that quotes it as it is', async () => {
    const page = await readFile(join(root, 'docs/embedding.md'), 'utf8');
    const quotes = [...page.matchAll(/^```ts\n\/\/ ([\w-]+\.ts)\n(.*?)^```$/gms)];
    expect(quotes.map(([, file]) => file)).toContain('databases.ts');
    for (const [, file = '', code = ''] of quotes)
      for (const part of code.split('// …\n')) expect(await readFile(join(example, file), 'utf8')).toContain(part);
  });

  it('mounts Coffer in thirty lines beside its cloud', async () => {
    const lines = (await readFile(join(example, 'databases.ts'), 'utf8')).split('\n');
    expect(lines.length).toBeLessThanOrEqual(30);
  });

  it('compiles against the packages', () => inFolder(process.execPath, 'node_modules/typescript/bin/tsc'));

  it('serves databases below its prefix, from an order to the end', async () => {
    const { url, errors, stop } = await start();
    const base = `${url}/database`;
    const bundle = join(folder, 'driver');
    await writePacked(await packDriver(join(root, 'packages/drivers/src/mysql')), bundle);
    const store = `${database.url}&options=${encodeURIComponent('-c search_path=coffer')}`;
    await inFolder(
      process.execPath,
      'node_modules/.bin/coffer',
      'datastore',
      'register',
      bundle,
      '--store',
      store,
      '--data-dir',
      join(folder, 'data'),
    );

    expect(await (await fetch(url)).text()).toBe('our cloud');
    expect((await fetch(`${base}/healthz`)).status).toBe(200);
    for (const path of ['', '/', '/v1.0', '/v1.0/'])
      expect(await (await fetch(`${base}${path}`)).text(), path).toContain(`"href":"${base}/v1.0/"`);
    const stranger = await fetch(`${base}/v1.0/shop/instances`);
    expect([stranger.status, stranger.headers.get('www-authenticate')]).toEqual([
      401,
      'Keystone uri="http://127.0.0.1/login"',
    ]);
    expect(await (await fetch(`${base}/nothing`)).json()).toMatchObject({ itemNotFound: { code: 404 } });

    const client = createClient({ baseUrl: base, token: TOKEN, project: 'shop' });
    const { data: made } = await client.POST('/v1.0/{project_id}/instances', {
      body: {
        instance: {
          name: 'orders',
          flavorRef: '1',
          volume: { size: 1 },
          datastore: { type: 'mysql' },
          databases: [{ name: 'first' }],
        },
      },
    });
    const id = made?.instance.id ?? '';
    const path = { params: { path: { instance_id: id } } };
    expect(made?.instance.links[0]?.href).toBe(`${base}/v1.0/shop/instances/${id}`);
    await vi.waitFor(
      async () => {
        const { data } = await client.GET('/v1.0/{project_id}/instances/{instance_id}', path);
        expect(data?.instance.status, errors()).toBe('ACTIVE');
      },
      { timeout: 20_000, interval: 50 },
    );
    const databases = [{ name: 'second' }, { name: 'third' }];
    const created = await client.POST('/v1.0/{project_id}/instances/{instance_id}/databases', {
      ...path,
      body: { databases },
    });
    expect(created.response.status).toBe(202);
    const page = await fetch(`${base}/v1.0/shop/instances/${id}/databases?limit=2`, {
      headers: { 'X-Auth-Token': TOKEN },
    });
    const first = (await page.json()) as { databases: unknown[]; databases_links: { href: string }[] };
    expect(first.databases).toEqual([{ name: 'first' }, { name: 'second' }]);
    const next = first.databases_links[0]?.href ?? '';
    expect(next).toBe(`${base}/v1.0/shop/instances/${id}/databases?limit=2&marker=second`);
    const rest = await fetch(next, { headers: { 'X-Auth-Token': TOKEN } });
    expect(await rest.json()).toMatchObject({ databases: [{ name: 'third' }] });

    await client.DELETE('/v1.0/{project_id}/instances/{instance_id}', path);
    await vi.waitFor(
      async () => {
        const { response } = await client.GET('/v1.0/{project_id}/instances/{instance_id}', path);
        expect(response.status).toBe(404);
      },
      { timeout: 20_000, interval: 50 },
    );
    expect(await stop(), errors()).toBe(0);
    expect(errors()).toBe('');
    const { rows } = await asAdmin(database.url, (admin) =>
      admin.query(
        "select distinct schemaname from pg_tables where schemaname not in ('pg_catalog', 'information_schema')",
      ),
    );
    expect(rows).toEqual([{ schemaname: 'coffer' }]);
  });
});
