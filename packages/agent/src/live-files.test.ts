import { mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { createLiveFiles } from './live-files.ts';
import { scratch } from './testing.ts';

const CONF = '/etc/db';

async function laid() {
  const path = await scratch(onTestFinished);
  const owners: [string, number][] = [];
  const files = createLiveFiles({ path, setOwner: async (at, uid) => void owners.push([at, uid]) });
  return { files, owners, at: (name: string) => join(files.source(CONF), name) };
}

it('lays files of many in one folder, with their modes and owners', async () => {
  const { files, owners, at } = await laid();
  await files.lay(
    [CONF],
    [
      { path: `${CONF}/a.cnf`, content: 'a' },
      { path: `${CONF}/key.pem`, content: 'k', mode: 0o400, uid: 999 },
    ],
  );
  expect((await readdir(files.source(CONF))).sort()).toEqual(['a.cnf', 'key.pem']);
  expect((await stat(at('key.pem'))).mode & 0o777).toBe(0o400);
  expect((await stat(at('a.cnf'))).mode & 0o777).toBe(0o444);
  expect(owners).toEqual([[at('.key.pem.part'), 999]]);
});

it('replaces a file as a whole: whoever has it open goes on with the old one', async () => {
  const { files, at } = await laid();
  await files.lay([CONF], [{ path: `${CONF}/a.cnf`, content: 'old' }]);
  const before = await stat(at('a.cnf'));
  await files.lay([CONF], [{ path: `${CONF}/a.cnf`, content: 'new' }]);
  expect(await readFile(at('a.cnf'), 'utf8')).toBe('new');
  expect((await stat(at('a.cnf'))).ino).not.toBe(before.ino);
});

it('leaves alone what is right, lays again what is gone, and takes away what is wanted no more', async () => {
  const { files, at } = await laid();
  const both = [
    { path: `${CONF}/a.cnf`, content: 'a' },
    { path: `${CONF}/tls.cnf`, content: 't' },
  ];
  await files.lay([CONF], both);
  const before = await stat(at('a.cnf'));
  await files.lay([CONF], both);
  expect((await stat(at('a.cnf'))).ino).toBe(before.ino);
  await files.lay([CONF], both.slice(0, 1));
  expect(await readdir(files.source(CONF))).toEqual(['a.cnf']);
  await files.lay([CONF], both);
  expect(await readFile(at('tls.cnf'), 'utf8')).toBe('t');
});

it('is not stopped by what a dead agent left half done', async () => {
  const { files, at } = await laid();
  await mkdir(files.source(CONF), { recursive: true });
  await writeFile(at('.a.cnf.part'), 'half', { mode: 0o400 });
  await files.lay([CONF], [{ path: `${CONF}/a.cnf`, content: 'a' }]);
  expect(await readdir(files.source(CONF))).toEqual(['a.cnf']);
});
