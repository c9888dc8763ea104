import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdtemp, readdir, readFile, realpath, rename, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { archiveName, buildGuestImage, ensureImage, saveImage } from '../scripts/images.mjs';
import { DATABASE_IMAGE, guestImage } from './support/guest-parts.ts';
import { engine, greets, type ImageContainers, imageContainers, until } from './support/image-containers.ts';

// Every character here once was the end of somebody's quoting.
const ROOT_PASSWORD = 'it\'s "root" \\n `$(id)` %_;--é';
const APP_PASSWORD = "app\\'; DROP USER root; --";

let containers: ImageContainers;
beforeAll(async () => {
  await ensureImage(DATABASE_IMAGE);
  containers = await imageContainers();
}, 600_000);
afterAll(() => containers.dispose());

interface Login {
  user: string;
  password?: string;
  /** By TCP; by the socket when left out. */
  host?: string;
}

/** Asks by the client in the container; its option file arrives by standard input. */
async function sql(container: string, { user, password = '', host }: Login, statement: string) {
  const quoted = password.replace(/[\\"]/g, '\\$&');
  const { exitCode, stdout, stderr } = await engine.containers.exec(container, {
    command: ['mysql', '--defaults-extra-file=/dev/stdin', '--default-character-set=utf8mb4', '-N', '-e', statement],
    stdin: `[client]\nuser=${user}\npassword="${quoted}"\n${host ? `host=${host}\nprotocol=tcp\n` : ''}`,
  });
  return exitCode === 0 ? stdout.trim() : `refused: ${stderr.trim()}`;
}

/** Until the server greets and lets the account in over TCP: one that is still being set up has no port. */
async function serves(container: string, login: Login): Promise<void> {
  await until(
    async () => {
      const info = await engine.containers.inspect(container);
      if (!info?.State.Running) throw new Error(await log(container));
      const [network] = Object.values(info.NetworkSettings.Networks);
      return (await greets(network?.IPAddress ?? '', 3306)) || undefined;
    },
    { otherwise: () => log(container) },
  );
  expect(await sql(container, { ...login, host: '127.0.0.1' }, 'SELECT 1')).toBe('1');
}

const log = (container: string): Promise<string> => engine.containers.logText(container);
const inside = async (container: string, ...command: string[]): Promise<string> =>
  (await engine.containers.exec(container, { command })).stdout.trim();

/** A folder on the host for a mount. */
async function folder(name: string, files: Record<string, string> = {}, mode = 0o644): Promise<string> {
  const path = await mkdtemp(join(containers.folder, `${name}-`));
  await chmod(path, 0o755);
  for (const [file, text] of Object.entries(files)) {
    await writeFile(join(path, file), text);
    await chmod(join(path, file), mode);
  }
  return path;
}

describe('the MySQL image', () => {
  it('declares what the official one does', async () => {
    const { Config } = (await engine.images.inspect(DATABASE_IMAGE)) ?? expect.unreachable('no image');
    expect(Config.Volumes).toEqual({ '/var/lib/mysql': {} });
    expect(['SIGTERM', 'TERM', undefined]).toContain(Config.StopSignal);
    expect(Config.Cmd).toEqual(['mysqld']);
    expect(Config.User ?? '').toBe('');
  });

  it('runs other programs, and the server for arguments that begin with a dash', async () => {
    const run = (...Cmd: string[]) => containers.run({ Image: DATABASE_IMAGE, Cmd });
    const [id, version, named] = await Promise.all([run('id', 'mysql'), run('--version'), run('mysqld', '--version')]);
    expect(id.log).toMatch(/^uid=999\(mysql\) gid=999\(mysql\)/);
    expect(version.log).toMatch(/Ver 9\.7\./);
    expect(named.log).toBe(version.log);
  });

  it('refuses settings that contradict each other, in a sentence that names them', async () => {
    const run = (...Env: string[]) => containers.run({ Image: DATABASE_IMAGE, Env });
    const runs = await Promise.all([
      run(),
      run('MYSQL_ROOT_PASSWORD=a', 'MYSQL_ROOT_PASSWORD_FILE=/etc/hostname'),
      run('MYSQL_ROOT_PASSWORD_FILE=/no/such/file'),
      run('MYSQL_ALLOW_EMPTY_PASSWORD=1', 'MYSQL_USER=root', 'MYSQL_PASSWORD=a'),
      run('MYSQL_ALLOW_EMPTY_PASSWORD=1', 'MYSQL_USER=app'),
      run('MYSQL_ALLOW_EMPTY_PASSWORD=1', 'MYSQL_PASSWORD=a'),
    ]);
    expect(runs.map(({ exitCode }) => exitCode)).toEqual([1, 1, 1, 1, 1, 1]);
    const logs = runs.map((run) => run.log);
    expect(logs[0]).toMatch(/MYSQL_ROOT_PASSWORD, MYSQL_RANDOM_ROOT_PASSWORD, MYSQL_ALLOW_EMPTY_PASSWORD/);
    expect(logs[1]).toMatch(/both MYSQL_ROOT_PASSWORD and MYSQL_ROOT_PASSWORD_FILE/);
    expect(logs[2]).toMatch(/MYSQL_ROOT_PASSWORD_FILE.*\/no\/such\/file/);
    expect(logs[3]).toMatch(/MYSQL_USER is root/);
    expect(logs[4]).toMatch(/MYSQL_USER .*without MYSQL_PASSWORD/);
    expect(logs[5]).toMatch(/MYSQL_PASSWORD .*without MYSQL_USER/);
  });
});

describe('a first start of MySQL, with as little as its guest gives it', () => {
  let data: string;
  let name: string;

  /** What the agent gives: see packages/agent/src/database.ts. */
  const boxed = async (Env: string[], files: Record<string, string>, Cmd: string[] = []) => ({
    Image: DATABASE_IMAGE,
    Cmd,
    Env,
    HostConfig: {
      Init: true,
      ReadonlyRootfs: true,
      CapDrop: ['ALL'],
      // KILL is for the init, which ends a server that has another account.
      CapAdd: ['CHOWN', 'SETUID', 'SETGID', 'DAC_OVERRIDE', 'FOWNER', 'KILL'],
      SecurityOpt: ['no-new-privileges'],
      Tmpfs: { '/tmp': 'mode=1777', '/run/mysqld': 'mode=1777' },
      Binds: [
        `${data}:/var/lib/mysql`,
        `${await folder('secrets', files, 0o400)}:/run/secrets:ro`,
        `${await folder('conf', { 'own.cnf': '[mysqld]\nmax_connections = 55\n' })}:/etc/mysql/conf.d:ro`,
      ],
    },
  });

  beforeAll(async () => {
    data = await folder('data');
    const env = ['MYSQL_ROOT_PASSWORD_FILE=/run/secrets/root', 'MYSQL_DATABASE=my_shop', 'MYSQL_USER=app'];
    const files = { root: ROOT_PASSWORD, app: APP_PASSWORD };
    name = await containers.start(
      await boxed([...env, 'MYSQL_PASSWORD_FILE=/run/secrets/app'], files, ['--table-open-cache=333']),
    );
    await serves(name, { user: 'app', password: APP_PASSWORD });
  }, 200_000);

  it('makes the accounts and the database', async () => {
    const root = { user: 'root', password: ROOT_PASSWORD };
    expect(await sql(name, root, 'SELECT CURRENT_USER()')).toBe('root@localhost');
    expect(await sql(name, { ...root, host: '127.0.0.1' }, 'SELECT CURRENT_USER()')).toBe('root@%');
    expect(await sql(name, { user: 'root' }, 'SELECT 1')).toMatch(/^refused: .*1045/s);
    const app = { user: 'app', password: APP_PASSWORD, host: '127.0.0.1' };
    expect(
      await sql(name, app, 'CREATE TABLE my_shop.t (n INT); INSERT my_shop.t VALUES (7); SELECT * FROM my_shop.t'),
    ).toBe('7');
    // The underscore of the name is itself and not any character.
    expect(await sql(name, app, 'CREATE DATABASE myxshop')).toMatch(/^refused: .*1044/s);
    expect(await sql(name, root, 'SHOW DATABASES')).toBe('information_schema\nmy_shop\nmysql\nperformance_schema\nsys');
    expect(await sql(name, root, 'SELECT user, host FROM mysql.user WHERE user NOT LIKE "mysql.%"')).toBe(
      'app\t%\nroot\t%\nroot\tlocalhost',
    );
  });

  it('reads conf.d and the arguments, has its files where clients look, and knows time zones', async () => {
    const ask = (what: string) => sql(name, { user: 'root', password: ROOT_PASSWORD }, `SELECT ${what}`);
    expect(await ask('@@max_connections, @@table_open_cache')).toBe('55\t333');
    expect(await ask('@@datadir, @@socket')).toBe('/var/lib/mysql/\t/var/run/mysqld/mysqld.sock');
    expect(await ask("CONVERT_TZ('2026-07-01 12:00:00', 'UTC', 'Europe/Berlin')")).toBe('2026-07-01 14:00:00');
    expect(await ask('@@innodb_redo_log_capacity')).toBe(String(100 * 2 ** 20));
    expect(await inside(name, 'find', '/var/lib/mysql', '!', '-user', '999')).toBe('');
  });

  it('is the server itself below the init, as uid 999, without a capability and without a secret', async () => {
    const [pid = ''] = (await inside(name, 'bash', '-c', 'grep -lx mysqld /proc/[0-9]*/comm')).match(/\d+/) ?? [];
    const status = await inside(name, 'cat', `/proc/${pid}/status`);
    expect(status).toMatch(/^PPid:\s+1$/m);
    expect(status).toMatch(/^Uid:\s+999\s+999\s+999\s+999$/m);
    expect(status).toMatch(/^Cap(Prm|Eff):\s+0+$/m);
    const seen = await inside(name, 'bash', '-c', 'cat /proc/[0-9]*/{environ,cmdline} | tr "\\0" "\\n"');
    const said = seen + (await log(name)) + JSON.stringify(await engine.containers.inspect(name));
    expect(said).toContain('mysqld');
    for (const secret of [ROOT_PASSWORD, APP_PASSWORD, 'DROP USER']) expect(said).not.toContain(secret);
  });

  it('stops cleanly, and ignores the settings of a server that has its data', async () => {
    const uuid = await sql(name, { user: 'root', password: ROOT_PASSWORD }, 'SELECT @@server_uuid');
    await engine.containers.stop(name, { timeoutMs: 60_000 });
    expect((await engine.containers.inspect(name))?.State.ExitCode).toBe(0);
    await engine.containers.remove(name);
    name = await containers.start(await boxed(['MYSQL_ROOT_PASSWORD=other', 'MYSQL_DATABASE=other'], {}));
    await serves(name, { user: 'root', password: ROOT_PASSWORD });
    expect(await sql(name, { user: 'root', password: 'other' }, 'SELECT 1')).toMatch(/1045/);
    expect(await sql(name, { user: 'root', password: ROOT_PASSWORD }, 'SELECT @@server_uuid, n FROM my_shop.t')).toBe(
      `${uuid}\t7`,
    );
    expect(await sql(name, { user: 'root', password: ROOT_PASSWORD }, "SHOW DATABASES LIKE 'other'")).toBe('');
  }, 200_000);

  it('makes no two servers alike, and goes on after a first start that was cut off', async () => {
    data = await folder('data');
    const config = await boxed(['MYSQL_ROOT_PASSWORD_FILE=/run/secrets/root'], { root: ROOT_PASSWORD });
    const first = await containers.start(config);
    await until(async () => (await readdir(data)).includes('mysql') || undefined);
    await engine.containers.kill(first, 'SIGKILL');
    await engine.containers.wait(first);
    const second = await containers.start(config);
    await serves(second, { user: 'root', password: ROOT_PASSWORD });
    const ask = async (server: string) =>
      sql(server, { user: 'root', password: ROOT_PASSWORD }, 'SELECT @@server_uuid');
    expect(await ask(second)).toMatch(/^[0-9a-f-]{36}$/);
    expect(await ask(second)).not.toBe(await ask(name));
    const key = (server: string) => inside(server, 'bash', '-c', 'sha256sum </var/lib/mysql/server-key.pem');
    expect(await key(second)).toMatch(/^[0-9a-f]{64}/);
    expect(await key(second)).not.toBe(await key(name));
  }, 200_000);
});

describe('a first start of MySQL with scripts', () => {
  let name: string;
  let bare: string;
  let password: string;

  beforeAll(async () => {
    const scripts = await folder('initdb', {
      '10-sourced.sh': 'docker_process_sql -e "CREATE TABLE from_sourced (n INT)"; LEFT_BEHIND=yes\n',
      '20-run.sh':
        '#!/bin/bash\nset -e; echo "left: ($LEFT_BEHIND)"\nMYSQL_PWD=$MYSQL_ROOT_PASSWORD mysql -uroot shop -e "CREATE TABLE from_run (n INT)"\n',
      '30-plain.sql': 'CREATE TABLE from_sql (n INT);\n',
      'readme.txt': 'not for the server\n',
    });
    await chmod(join(scripts, '20-run.sh'), 0o755);
    await chmod(scripts, 0o777);
    const packed = await containers.run({
      Image: DATABASE_IMAGE,
      Cmd: [
        'bash',
        '-ec',
        'for p in gzip bzip2 xz zstd; do n=$((n + 1)); echo "INSERT from_sql VALUES ($n);" | $p -c >/to/40.sql.$p; done',
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
    name = await containers.start({
      Image: DATABASE_IMAGE,
      Env: [
        'MYSQL_RANDOM_ROOT_PASSWORD=yes',
        'MYSQL_ROOT_HOST=localhost',
        'MYSQL_DATABASE=shop',
        'MYSQL_USER=app',
        `MYSQL_PASSWORD=${APP_PASSWORD}`,
      ],
      HostConfig: { Binds: [`${scripts}:/docker-entrypoint-initdb.d:ro`] },
    });
    bare = await containers.start({
      Image: DATABASE_IMAGE,
      Env: ['MYSQL_ALLOW_EMPTY_PASSWORD=yes'],
      HostConfig: { Tmpfs: { '/usr/local/share/mysql-template': '' } },
    });
    await serves(name, { user: 'app', password: APP_PASSWORD });
    password = /GENERATED ROOT PASSWORD: (\S+)/.exec(await log(name))?.[1] ?? '';
  }, 200_000);

  it('runs each kind, in the order of their names, in the database that was asked for', async () => {
    const root = { user: 'root', password };
    expect(await sql(name, root, 'SHOW TABLES FROM shop')).toBe('from_run\nfrom_sourced\nfrom_sql');
    expect(await sql(name, root, 'SELECT n FROM shop.from_sql ORDER BY n')).toBe('1\n2\n3\n4');
    const said = await log(name);
    expect(said).toContain('left: ()');
    expect(said).toMatch(/ignoring .*readme\.txt/);
  });

  it('makes a password for root, for its host alone, and is the first process', async () => {
    expect(password).not.toBe('');
    expect(await sql(name, { user: 'root', password: '' }, 'SELECT 1')).toMatch(/1045/);
    expect(
      await sql(name, { user: 'root', password }, 'SELECT GROUP_CONCAT(host) FROM mysql.user WHERE user = "root"'),
    ).toBe('localhost');
    expect(
      await sql(name, { user: 'root', password }, "SELECT CONVERT_TZ('2026-07-01 12:00:00', 'UTC', 'Europe/Berlin')"),
    ).toBe('2026-07-01 14:00:00');
    expect(await inside(name, 'cat', '/proc/1/comm')).toBe('mysqld');
    expect(await inside(name, 'cat', '/proc/1/environ')).not.toContain(APP_PASSWORD);
    await engine.containers.stop(name, { timeoutMs: 60_000 });
    expect((await engine.containers.inspect(name))?.State.ExitCode).toBe(0);
  });

  it('works in an image without the prepared data directory, with an empty password if told so', async () => {
    await serves(bare, { user: 'root' });
    expect(await log(bare)).toMatch(/initialising/);
    expect(await sql(bare, { user: 'root' }, "SHOW DATABASES LIKE 'first%'")).toBe('');
  }, 200_000);

  it('does not touch a folder that holds something else', async () => {
    const data = await folder('data', { 'letter.txt': 'dear' });
    const { exitCode, log: said } = await containers.run({
      Image: DATABASE_IMAGE,
      Env: ['MYSQL_ALLOW_EMPTY_PASSWORD=yes'],
      HostConfig: { Binds: [`${data}:/var/lib/mysql`] },
    });
    expect(exitCode).toBe(1);
    expect(said).toContain('/var/lib/mysql holds files');
    expect(await readdir(data)).toEqual(['letter.txt']);
  });
});

describe('the guest image', () => {
  let image: string;
  beforeAll(async () => {
    image = await guestImage(containers.folder);
  }, 300_000);

  const find = async (...conditions: string[]) => {
    const { exitCode, log: found } = await containers.run({
      Image: image,
      Entrypoint: ['find', '/', '-xdev', ...conditions],
    });
    expect(exitCode).toBe(0);
    return found.trim();
  };

  it('has what an agent calls', async () => {
    const programs =
      'dockerd containerd runc docker-init ip nft nsenter mount umount blkid wipefs blockdev mkfs.xfs xfs_growfs node';
    const { log: missing } = await containers.run({
      Image: image,
      Entrypoint: ['bash', '-c', `for p in ${programs}; do command -v $p >/dev/null || echo $p; done; node --version`],
    });
    expect(missing.trim()).toMatch(/^v24\.\d+\.\d+$/);
  });

  it('holds no database, no backup tool and no driver', async () => {
    const names =
      'mysqld* mysql mariadb* postgres* psql pg_* xtrabackup* mariabackup* wal-g* driver.mjs manifest.json mysql2';
    const conditions = names
      .split(' ')
      .flatMap((name) => ['-o', '-name', name])
      .slice(1);
    // An empty answer means something only if the search finds what is there.
    expect(await find('-name', 'dockerd')).toBe('/usr/sbin/dockerd');
    expect(await find('!', '-path', '/proc/*', '(', ...conditions, ')')).toBe('');
    expect((await find('-path', '/opt/coffer/*')).split('\n')).toEqual(['/opt/coffer/agent.mjs']);
    const agent = await readFile(join(containers.folder, 'agent.mjs'), 'utf8');
    expect(agent).not.toMatch(/caching_sha2_password|CREATE USER|GRANT ALL/);
  });

  it('starts its engine, runs the agent again, survives a kill and ends in order', async () => {
    const work = await folder('guest', {
      'agent.mjs': `import { appendFileSync, existsSync } from 'node:fs'; import http from 'node:http';
const say = (what) => appendFileSync('/var/lib/coffer/said', what + '\\n');
const ping = (done) => http.get({ socketPath: '/var/run/docker.sock', path: '/_ping' }, (answer) => done(answer.statusCode)).on('error', ({ code }) => done(code));
say('start');
if (!existsSync('/var/lib/coffer/once')) { appendFileSync('/var/lib/coffer/once', ''); process.exit(3); }
process.on('SIGTERM', () => ping((answer) => { say('ends ' + answer); process.exit(0); }));
(function ask() { ping((answer) => (answer === 200 ? say('engine') : setTimeout(ask, 50))); })();
setInterval(() => {}, 1000);`,
    });
    await chmod(work, 0o777);
    const name = await containers.start({
      Image: image,
      HostConfig: {
        CapAdd: ['ALL'],
        CapDrop: ['SYS_RESOURCE'],
        SecurityOpt: ['seccomp=unconfined', 'apparmor=unconfined'],
        CgroupnsMode: 'host',
        Binds: [
          '/sys/fs/cgroup:/sys/fs/cgroup:rw',
          `${work}/agent.mjs:/opt/coffer/agent.mjs:ro`,
          `${work}:/var/lib/coffer`,
        ],
      },
    });
    const said = async () => (await readFile(join(work, 'said'), 'utf8').catch(() => '')).trim().split('\n');
    const comes = (count: number) =>
      until(async () => (await said()).filter((line) => line === 'engine').length === count || undefined, {
        otherwise: () => log(name),
      });
    await comes(1);
    expect(await said()).toEqual(['start', 'start', 'engine']);
    expect(await log(name)).toContain('the agent ended with 3');
    await engine.containers.kill(name, 'SIGKILL');
    await engine.containers.wait(name);
    await engine.containers.start(name);
    await comes(2);
    await engine.containers.stop(name, { timeoutMs: 60_000 });
    expect((await said()).slice(3)).toEqual(['start', 'engine', 'ends 200']);
    expect((await engine.containers.inspect(name))?.State.ExitCode).toBe(0);
  }, 200_000);
});

describe('a build', () => {
  it('that is cut off starts again cleanly', async () => {
    const agentFile = join(containers.folder, 'cut-off.mjs');
    await writeFile(agentFile, `// ${containers.folder}\n`);
    const node = await realpath(process.execPath);
    const script = `import { buildGuestImage } from ${JSON.stringify(new URL('../scripts/images.mjs', import.meta.url).href)};
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
