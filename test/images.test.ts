import { chmod, mkdtemp, readdir, rename, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { archiveName, ensureImage, saveImage } from '../scripts/images.mjs';
import { DATABASE_IMAGE } from './support/guest-parts.ts';
import { engine, type ImageContainers, imageContainers, until } from './support/image-containers.ts';

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

/** Until the account gets in over TCP: a server that is still being set up has no port. */
const serves = (container: string, login: Login): Promise<string> =>
  until(
    async () => {
      if (!(await engine.containers.inspect(container))?.State.Running) throw new Error(await log(container));
      const answer = await sql(container, { ...login, host: '127.0.0.1' }, 'SELECT 1');
      return answer === '1' ? answer : undefined;
    },
    { otherwise: () => log(container) },
  );

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
  }, 60_000);

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
  }, 60_000);

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
  }, 60_000);
});

describe('a first start of MySQL with scripts', () => {
  let name: string;
  let password: string;

  beforeAll(async () => {
    const scripts = await folder('initdb', {
      '10-sourced.sh': 'docker_process_sql -e "CREATE TABLE from_sourced (n INT)"; LEFT_BEHIND=yes\n',
      '20-run.sh':
        '#!/bin/bash\nset -eu; echo "left: ${LEFT_BEHIND:-nothing}"\nMYSQL_PWD=$MYSQL_ROOT_PASSWORD mysql -uroot shop -e "CREATE TABLE from_run (n INT)"\n',
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
        'for p in gzip bzip2 xz zstd; do echo "INSERT from_sql VALUES ($((++n)));" | $p -c >/to/40.sql.$p; done',
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
    await serves(name, { user: 'app', password: APP_PASSWORD });
    password = /GENERATED ROOT PASSWORD: (\S+)/.exec(await log(name))?.[1] ?? '';
  }, 90_000);

  it('runs each kind, in the order of their names, in the database that was asked for', async () => {
    const root = { user: 'root', password };
    expect(await sql(name, root, 'SHOW TABLES FROM shop')).toBe('from_run\nfrom_sourced\nfrom_sql');
    expect(await sql(name, root, 'SELECT n FROM shop.from_sql ORDER BY n')).toBe('1\n2\n3\n4');
    const said = await log(name);
    expect(said).toContain('left: nothing');
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
    const bare = await containers.start({
      Image: DATABASE_IMAGE,
      Env: ['MYSQL_ALLOW_EMPTY_PASSWORD=yes'],
      HostConfig: { Tmpfs: { '/usr/local/share/mysql-template': '' } },
    });
    await serves(bare, { user: 'root' });
    expect(await log(bare)).toMatch(/initialising/);
    expect(await sql(bare, { user: 'root' }, "SHOW DATABASES LIKE 'first%'")).toBe('');
  }, 90_000);

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
