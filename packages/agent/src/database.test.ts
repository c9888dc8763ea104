import { mkdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createFakeRuntime } from '@coffer/core/testing';
import { describe, expect, it, onTestFinished } from 'vitest';
import { createDatabase, DATABASE, type DatabaseOrder } from './database.ts';
import { container, manifest, scratch, spec } from './testing.ts';

async function stage() {
  const folder = await scratch(onTestFinished);
  const runtime = createFakeRuntime({ images: ['fakedb:1'] });
  await runtime.create({ name: 'coffer-sandbox', image: 'fakedb:1', network: 'none' });
  await runtime.start('coffer-sandbox');
  const owners: Record<string, number> = {};
  const database = createDatabase({
    runtime,
    runDir: join(folder, 'run'),
    cgroupParent: '/docker/guest',
    setOwner: async (path, uid) => {
      owners[path] = uid;
    },
  });
  const order: DatabaseOrder = {
    spec,
    container,
    liveFiles: [{ path: '/run/secrets/live', content: 'first' }],
    liveFolders: ['/run/secrets', '/etc/fakedb'],
    dataFolder: join(folder, 'data'),
    secret: 'key',
  };
  return { folder, runtime, database, order, owners };
}

describe('the database container', () => {
  it('has the limits of the spec, the wishes of the driver, and no more than its init needs', async () => {
    const { database, order, runtime, folder } = await stage();
    await database.start(order);
    const created = runtime.created.get(DATABASE);
    expect(created).toMatchObject({
      network: 'container:coffer-sandbox',
      capabilities: ['CHOWN', 'KILL'],
      readOnlyRoot: true,
      init: true,
      restart: 'no',
      memoryBytes: 256 * 1024 * 1024,
      cpus: 1,
      cgroupParent: '/docker/guest',
      tmpfs: { '/tmp': 'rw,noexec,nosuid,nodev,size=1024,mode=1777' },
    });
    const binds = Object.fromEntries(
      (created?.binds ?? []).map(({ target, source, readOnly }) => [target, { source, readOnly }]),
    );
    expect(binds['/var/lib/fakedb']?.source).toBe(join(folder, 'data', 'db'));
    expect(binds['/run/secrets']?.readOnly).toBe(true);
    expect(runtime.visible()).not.toContain('hidden-password');
  });

  it('lays secrets with the mode and owner that are asked for', async () => {
    const { database, order, runtime, owners } = await stage();
    await database.start(order);
    const source = runtime.created.get(DATABASE)?.binds?.find(({ target }) => target === '/run/secrets')?.source ?? '';
    const path = join(source, 'password');
    expect(await readFile(path, 'utf8')).toBe('hidden-password');
    expect((await stat(path)).mode & 0o777).toBe(0o400);
    // Before it has its name: nobody sees it otherwise.
    expect(owners[join(source, '.password.part')]).toBe(999);
  });

  it('answers where its socket is mounted, and by the tenant address without a socket', async () => {
    const { database, order, runtime } = await stage();
    await database.start(order);
    const source = runtime.created.get(DATABASE)?.binds?.find(({ target }) => target === '/run/fakedb')?.source ?? '';
    expect(database.endpoint(manifest, spec)).toEqual({ socketPath: join(source, 'db.sock') });
    const { socket: _, ...without } = manifest;
    expect(database.endpoint(without, spec)).toEqual({ host: '10.9.0.5', port: 4000 });
  });

  it('takes the socket of a dead server away, and touches nothing of a living one', async () => {
    const { database, order, runtime } = await stage();
    const { socketPath } = database.endpoint(manifest, spec) as { socketPath: string };
    await mkdir(join(socketPath, '..'), { recursive: true });
    await writeFile(socketPath, '');
    await database.start(order);
    await expect(stat(socketPath)).rejects.toThrow(/ENOENT/);
    await writeFile(socketPath, '');
    await database.start(order);
    await stat(socketPath);
    runtime.die(DATABASE, 1);
    await database.start(order);
    await expect(stat(socketPath)).rejects.toThrow(/ENOENT/);
  });

  it('fits its own order, and no other', async () => {
    const { database, order } = await stage();
    await database.start(order);
    const state = await database.inspect();
    if (!state) throw new Error('no container');
    expect(database.fits(state, order)).toBe(true);
    expect(database.fits(state, { ...order, spec: { ...spec, revision: 2 } })).toBe(true);
    expect(database.fits(state, { ...order, spec: { ...spec, memoryMib: 300 } })).toBe(false);
    const file = { path: '/run/secrets/password', content: 'another' };
    expect(database.fits(state, { ...order, container: { ...container, files: [file] } })).toBe(false);
  });

  it('keeps a driver inside the volume', async () => {
    const { database, order } = await stage();
    const mounts = [{ kind: 'data', folder: '../../etc', target: '/x' }] as const;
    await expect(database.start({ ...order, container: { ...container, mounts } })).rejects.toThrow(
      /outside the data volume/,
    );
  });
});
