import { chmod, mkdir, readdir, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ensureImage } from '../../scripts/images.mjs';
import {
  ADMIN_PASSWORD,
  APP_PASSWORD,
  boxed,
  type DatabaseImage,
  type Folder,
  folderIn,
  inside,
  logOf,
  seenOf,
  serves,
} from './database-image.ts';
import { engine, type ImageContainers, imageContainers, until } from './image-containers.ts';

/** What the checks share: containers that go with the file, folders for mounts. */
export interface Stage {
  readonly containers: ImageContainers;
  readonly folder: Folder;
}

/** Gets the image, and a stage for its file. */
export function stageFor(db: DatabaseImage): Stage {
  let containers: ImageContainers | undefined;
  const there = (): ImageContainers => containers ?? expect.unreachable('not before the tests');
  beforeAll(async () => {
    await ensureImage(db.image);
    containers = await imageContainers();
  }, 900_000);
  afterAll(() => containers?.dispose());
  return {
    get containers() {
      return there();
    },
    get folder() {
      return folderIn(there());
    },
  };
}

/** What is the same for the images of all datastores: the contract of the official ones, point by point. */
export function testContract(db: DatabaseImage, stage: Stage): void {
  const run = (...Cmd: string[]) => stage.containers.run({ Image: db.image, Cmd });

  describe('the image', () => {
    it('declares what the official one does, and is lean', async () => {
      const { Config, Size } = (await engine.images.inspect(db.image)) ?? expect.unreachable('no image');
      expect(Config).toMatchObject({ Cmd: [db.server], Entrypoint: ['docker-entrypoint.sh'] });
      expect(Config.Volumes).toEqual({ [db.volume]: {} });
      expect(Config.StopSignal).toBe(db.stopSignal);
      expect(Config.User ?? '').toBe('');
      expect(Size / 1e6).toBeLessThan(db.maxMb);
    });

    it('holds no key, nothing that makes somebody root, and no program without its libraries', async () => {
      const { exitCode, log } = await run(
        'bash',
        '-ec',
        `find / -xdev \\( -name '*.key' -o -name '*.pem' -o -perm /6000 -type f \\)
         for file in $(find /usr -type f \\( -perm -1 -o -name '*.so*' \\)); do
           LD_TRACE_LOADED_OBJECTS=1 /lib*/ld-linux*.so.* "$file" 2>/dev/null | grep 'not found' | sed "s#^#$file#" || true
         done`,
      );
      expect({ exitCode, log: log.trim() }).toEqual({ exitCode: 0, log: '' });
    });

    it('runs other programs, and the server for arguments that begin with a dash', async () => {
      const [id, version, named] = await Promise.all([
        run('id', db.account),
        run('--version'),
        run(db.server, '--version'),
      ]);
      expect(id.log).toMatch(new RegExp(`^uid=999\\(${db.account}\\) gid=999\\(${db.account}\\)`));
      expect(version.log).toMatch(db.saysVersion);
      expect(named.log).toBe(version.log);
    });

    it('refuses settings that contradict each other, in a sentence that names them', async () => {
      const runs = await Promise.all(
        db.refusals.map(({ env }) => stage.containers.run({ Image: db.image, Env: [...env] })),
      );
      expect(runs.map(({ exitCode }) => exitCode)).toEqual(db.refusals.map(() => 1));
      for (const [index, { says }] of db.refusals.entries()) expect(runs[index]?.log).toMatch(says);
    });

    it('does not touch a folder that holds something else', async () => {
      const data = await stage.folder('data', { 'letter.txt': 'dear' });
      const { exitCode, log } = await stage.containers.run({
        Image: db.image,
        Env: db.otherStart,
        HostConfig: { Binds: [`${data}:${db.data}`] },
      });
      expect(exitCode).toBe(1);
      expect(log).toContain(`${db.data} holds files`);
      expect(await readdir(data)).toEqual(['letter.txt']);
    });
  });

  describe('a first start, with as little as its guest gives it', () => {
    let data: string;
    let name: string;
    const secrets = { admin: ADMIN_PASSWORD, app: APP_PASSWORD };
    const login = { user: db.admin, password: ADMIN_PASSWORD, host: '127.0.0.1', database: 'my_shop' };
    const ask = (statement: string, container = name) => db.sql(container, login, statement);

    async function start(env: readonly string[], folder: string): Promise<string> {
      const { binds, args } = await db.settings(stage.folder);
      const mounts = [`${folder}:${db.data}`, `${await stage.folder('secrets', secrets, 0o400)}:/run/secrets:ro`];
      const container = await stage.containers.start(boxed(db, env, { binds: [...mounts, ...binds], args }));
      await serves(db, container);
      return container;
    }

    beforeAll(async () => {
      data = await stage.folder('data');
      name = await start(db.firstStart, data);
    }, 300_000);

    it('makes the database, and lets nobody in without the password', async () => {
      expect(await ask('CREATE TABLE t (n INT)')).not.toContain('refused');
      expect(await ask('INSERT INTO t VALUES (7)')).not.toContain('refused');
      expect(await ask('SELECT n FROM t')).toBe('7');
      for (const password of ['', 'other'])
        expect(await db.sql(name, { ...login, password }, 'SELECT 1')).toMatch(/^refused: /);
    });

    it('gives every file to its account', async () => {
      expect(await inside(name, 'find', db.data, '!', '-user', '999')).toBe('');
      expect(await inside(name, 'find', db.data, '-maxdepth', '1', '-name', '*first*')).toBe('');
    });

    it('is the server itself below the init, as uid 999, without a capability and without a secret', async () => {
      const servers = await inside(name, 'bash', '-c', `grep -lx '${db.server}' /proc/[0-9]*/comm`);
      const parents = await Promise.all(
        servers.split('\n').map((file) => inside(name, 'cat', file.replace('comm', 'status'))),
      );
      const status = parents.filter((text) => /^PPid:\s+1$/m.test(text));
      expect(status).toHaveLength(1);
      expect(status[0]).toMatch(/^Uid:\s+999\s+999\s+999\s+999$/m);
      expect(status[0]).toMatch(/^Cap(Prm|Eff):\s+0+$/m);
      const said =
        (await seenOf(db, name)) + (await logOf(name)) + JSON.stringify(await engine.containers.inspect(name));
      expect(said).toContain('PATH=');
      expect(said).toContain(db.server);
      for (const secret of [ADMIN_PASSWORD, APP_PASSWORD, 'DROP USER']) expect(said).not.toContain(secret);
    });

    it('stops cleanly, and ignores the settings of a server that has its data', async () => {
      const identity = db.identity && (await ask(db.identity));
      await engine.containers.stop(name, { timeoutMs: 60_000 });
      expect((await engine.containers.inspect(name))?.State.ExitCode).toBe(0);
      await engine.containers.remove(name);
      name = await start(db.otherStart, data);
      expect(await db.sql(name, { ...login, password: 'other' }, 'SELECT 1')).toMatch(/^refused: /);
      expect(await db.sql(name, { ...login, database: 'other' }, 'SELECT 1')).toMatch(/^refused: /);
      expect(await ask('SELECT n FROM t')).toBe('7');
      if (db.identity) expect(await ask(db.identity)).toBe(identity);
      const seen = await seenOf(db, name);
      expect(seen).toContain('PATH=');
      expect(seen).not.toContain('PASSWORD=');
    }, 200_000);

    it('goes on after a first start that was cut off at any time, and makes no two servers alike', async () => {
      const other = await stage.folder('data');
      const halves = ['#first_start_new', db.lastEntry];
      for (const half of halves) {
        const mounts = [`${other}:${db.data}`, `${await stage.folder('secrets', secrets, 0o400)}:/run/secrets:ro`];
        const first = await stage.containers.start(boxed(db, db.firstStart, { binds: mounts }));
        await until(
          async () => {
            const there = await readdir(other);
            return there.includes(half) || there.includes(db.lastEntry) || undefined;
          },
          { otherwise: () => logOf(first) },
        );
        await engine.containers.kill(first, 'SIGKILL');
        await engine.containers.wait(first);
      }
      const second = await start(db.firstStart, other);
      expect(await ask('SELECT 1', second)).toBe('1');
      if (db.identity) {
        expect(await ask(db.identity, second)).toMatch(/^[0-9a-f-]{15,}$/);
        expect(await ask(db.identity, second)).not.toBe(await ask(db.identity));
      }
    }, 300_000);

    it('clears away the half of one that was cut off while its files took their place', async () => {
      const other = await stage.folder('data', { half: 'made' });
      await chmod(other, 0o777);
      for (const name of ['#first_start_new', 'base', 'sys']) {
        await mkdir(join(other, name));
        await writeFile(join(other, name, 'half'), 'made');
      }
      const second = await start(db.firstStart, other);
      expect(await ask('SELECT 1', second)).toBe('1');
      expect(await inside(second, 'find', db.data, '-name', 'half')).toBe('');
    }, 200_000);
  });

  describe('a first start with scripts', () => {
    let name: string;
    const login = async () => db.scriptLogin(await logOf(name));
    const ask = async (statement: string) => db.sql(name, { ...(await login()), database: 'shop' }, statement);

    beforeAll(async () => {
      const scripts = await stage.folder('initdb', {
        '10-sourced.sh': `docker_process_sql ${db.statementFlag} "CREATE TABLE from_sourced (n INT)"; LEFT_BEHIND=yes\n`,
        '20-run.sh': `#!/bin/bash\nset -e; echo "left: ($LEFT_BEHIND)"\n${db.runLine}\n`,
        '30-plain.sql': 'CREATE TABLE from_sql (n INT);\n',
        'readme.txt': 'not for the server\n',
      });
      await chmod(join(scripts, '20-run.sh'), 0o755);
      await chmod(scripts, 0o777);
      // By the image's own programs, so that it is known to have them.
      const packed = await stage.containers.run({
        Image: db.image,
        Cmd: [
          'bash',
          '-ec',
          'for p in gzip bzip2 xz zstd; do n=$((n + 1)); echo "INSERT INTO from_sql VALUES ($n);" | $p -c >/to/40.sql.$p; done',
        ],
        HostConfig: { Binds: [`${scripts}:/to`] },
      });
      expect(packed).toMatchObject({ exitCode: 0 });
      for (const [from, to] of [
        ['gzip', 'gz'],
        ['bzip2', 'bz2'],
        ['zstd', 'zst'],
      ])
        await rename(join(scripts, `40.sql.${from}`), join(scripts, `40.sql.${to}`));
      name = await stage.containers.start({
        Image: db.image,
        Env: db.scriptStart,
        HostConfig: { Binds: [`${scripts}:/docker-entrypoint-initdb.d:ro`] },
      });
      await serves(db, name);
    }, 300_000);

    it('runs each kind, in the order of their names, in the database that was asked for', async () => {
      expect(await ask(db.tables)).toBe('from_run\nfrom_sourced\nfrom_sql');
      expect(await ask('SELECT n FROM from_sql ORDER BY n')).toBe('1\n2\n3\n4');
      const said = await logOf(name);
      expect(said).toContain('left: ()');
      expect(said).toMatch(/ignoring .*readme\.txt/);
    });

    it('is the first process where there is no init, and stops cleanly there too', async () => {
      expect(await inside(name, 'cat', '/proc/1/comm')).toBe(db.server);
      expect(await seenOf(db, name)).not.toContain('PASSWORD=');
      await engine.containers.stop(name, { timeoutMs: 60_000 });
      expect((await engine.containers.inspect(name))?.State.ExitCode).toBe(0);
    });
  });
}
