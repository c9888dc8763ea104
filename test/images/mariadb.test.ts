import { beforeAll, describe, expect, it } from 'vitest';
import {
  ADMIN_PASSWORD,
  APP_PASSWORD,
  boxed,
  type DatabaseImage,
  imagesUnderTest,
  inside,
  logOf,
  serves,
  versionOf,
} from '../support/database-image.ts';
import { stageFor, testContract } from '../support/image-contract.ts';
import { mysqlLike } from '../support/mysql-images.ts';

describe.each(imagesUnderTest('mariadb'))('%s', (image) => {
  const isEleven = versionOf(image).startsWith('11.');
  const db: DatabaseImage = {
    ...mysqlLike(image, 'mariadb', 'MARIADB'),
    server: 'mariadbd',
    saysVersion: new RegExp(`Ver ${versionOf(image).replace('.', '\\.')}\\.\\d+-MariaDB`),
    maxMb: 115,
    runLine: 'MYSQL_PWD=$MARIADB_ROOT_PASSWORD mariadb -uroot shop -e "CREATE TABLE from_run (n INT)"',
    refusals: [
      {
        env: [],
        says: /MARIADB_ROOT_PASSWORD, MARIADB_ROOT_PASSWORD_HASH, MARIADB_RANDOM_ROOT_PASSWORD, MARIADB_ALLOW_EMPTY_ROOT_PASSWORD/,
      },
      {
        env: ['MYSQL_ROOT_PASSWORD=a', 'MYSQL_ROOT_PASSWORD_FILE=/etc/hostname'],
        says: /both MYSQL_ROOT_PASSWORD and MYSQL_ROOT_PASSWORD_FILE/,
      },
      { env: ['MARIADB_ROOT_PASSWORD_FILE=/no/such/file'], says: /MARIADB_ROOT_PASSWORD_FILE.*\/no\/such\/file/ },
      {
        env: ['MARIADB_ROOT_PASSWORD=a', 'MARIADB_ROOT_PASSWORD_HASH=*b'],
        says: /both MARIADB_ROOT_PASSWORD and MARIADB_ROOT_PASSWORD_HASH/,
      },
      {
        env: ['MARIADB_ALLOW_EMPTY_ROOT_PASSWORD=1', 'MARIADB_USER=root', 'MARIADB_PASSWORD=a'],
        says: /MARIADB_USER is root/,
      },
      {
        env: ['MYSQL_ALLOW_EMPTY_PASSWORD=1', 'MARIADB_USER=app'],
        says: /MARIADB_USER .*without MARIADB_PASSWORD/,
      },
      {
        env: ['MARIADB_ALLOW_EMPTY_ROOT_PASSWORD=1', 'MARIADB_PASSWORD_HASH=*b'],
        says: /MARIADB_PASSWORD .*without MARIADB_USER/,
      },
    ],
  };
  const stage = stageFor(db);
  testContract(db, stage);

  describe('what a first start makes', () => {
    let name: string;
    const root = { user: 'root', password: ADMIN_PASSWORD };
    const ask = (what: string) => db.sql(name, root, `SELECT ${what}`);

    beforeAll(async () => {
      const secrets = await stage.folder('secrets', { admin: ADMIN_PASSWORD, app: APP_PASSWORD }, 0o400);
      const { binds, args } = await db.settings(stage.folder);
      name = await stage.containers.start(
        boxed(db, [...db.firstStart, 'MYSQL_DATABASE=less', 'MYSQL_ROOT_PASSWORD=less'], {
          binds: [`${secrets}:/run/secrets:ro`, ...binds],
          args: [...args, '--log-bin=binlog'],
        }),
      );
      await serves(db, name);
    }, 200_000);

    it('is the accounts and their rights, by the names of MariaDB before those of MySQL', async () => {
      expect(await ask('CURRENT_USER()')).toBe('root@localhost');
      expect(await db.sql(name, { ...root, host: '127.0.0.1' }, 'SELECT CURRENT_USER()')).toBe('root@%');
      expect(await db.sql(name, { user: 'root' }, 'SELECT 1')).toMatch(/^refused: .*1045/s);
      const app = { user: 'app', password: APP_PASSWORD, host: '127.0.0.1' };
      expect(
        await db.sql(name, app, 'CREATE TABLE my_shop.t (n INT); INSERT my_shop.t VALUES (7); SELECT * FROM my_shop.t'),
      ).toBe('7');
      // The underscore of the name is itself and not any character.
      expect(await db.sql(name, app, 'CREATE DATABASE myxshop')).toMatch(/^refused: .*1044/s);
      expect(await db.sql(name, root, 'SHOW DATABASES')).toBe(
        'information_schema\nmy_shop\nmysql\nperformance_schema\nsys',
      );
      // Nobody beside them: no anonymous account, none without a password that the installer makes.
      expect(await ask("user, host FROM mysql.user WHERE user <> 'mariadb.sys' ORDER BY 1, 2")).toBe(
        'app\t%\nroot\t%\nroot\tlocalhost',
      );
    });

    it('reads conf.d and the arguments, has its files where clients look, and knows time zones', async () => {
      expect(await ask('@@max_connections, @@table_open_cache')).toBe('55\t333');
      expect(await ask('@@datadir, @@socket')).toBe('/var/lib/mysql/\t/run/mysqld/mysqld.sock');
      expect(await ask("CONVERT_TZ('2026-07-01 12:00:00', 'UTC', 'Europe/Berlin')")).toBe('2026-07-01 14:00:00');
      expect(await ask('@@innodb_log_file_size, @@character_set_server')).toBe(`${96 * 2 ** 20}\tutf8mb4`);
    });

    it('is in no binary log, so that no replica makes it once more', async () => {
      const events = await db.sql(name, root, "SHOW BINLOG EVENTS IN 'binlog.000001'");
      expect(events).toContain('Gtid_list');
      expect(events).not.toMatch(/first_start|app|PASSWORD/);
    });

    it('comes with the plugins of the packages, storage engines on their own aside', async () => {
      const plugins = ['server_audit', 'auth_ed25519', 'file_key_management', 'disks', 'simple_password_check'];
      for (const plugin of [...plugins, ...(isEleven ? ['auth_parsec'] : [])])
        expect(await inside(name, 'find', '/usr/lib/mysql/plugin', '-name', `${plugin}.so`)).not.toBe('');
      for (const plugin of ['auth_ed25519', 'server_audit', 'disks', ...(isEleven ? ['auth_parsec'] : [])])
        expect(await db.sql(name, root, `INSTALL SONAME '${plugin}'`)).toBe('');
      const via = isEleven ? 'parsec' : 'ed25519';
      await db.sql(name, root, `CREATE USER new@'%' IDENTIFIED VIA ${via} USING PASSWORD('of his own')`);
      expect(
        await db.sql(name, { user: 'new', password: 'of his own', host: '127.0.0.1' }, 'SELECT CURRENT_USER()'),
      ).toBe('new@%');
    });

    it('can be upgraded, dumped and read back by what is in the image', async () => {
      const run = (program: string, ...args: string[]) =>
        inside(name, 'bash', '-c', `MYSQL_PWD=$(</run/secrets/admin) "$0" -uroot "$@" 2>&1`, program, ...args);
      expect(await run('mariadb-upgrade', '--force')).toMatch(/OK$/);
      expect(await run('mariadb-admin', 'ping')).toBe('mysqld is alive');
      expect(await run('mariadb-dump', 'my_shop')).toContain('CREATE TABLE');
      expect(await inside(name, 'mariadb-binlog', '/var/lib/mysql/binlog.000001')).toContain('Start: binlog');
    });
  });

  it('makes a password for root, for its host alone', async () => {
    const name = await stage.containers.start({ Image: image, Env: db.scriptStart });
    await serves(db, name);
    const login = db.scriptLogin(await logOf(name));
    expect(await db.sql(name, { user: 'root' }, 'SELECT 1')).toMatch(/1045/);
    const hosts = 'SELECT GROUP_CONCAT(host) FROM mysql.user WHERE user = "root"';
    expect(await db.sql(name, login, hosts)).toBe('localhost');
  }, 200_000);

  it('takes a hash of a password, whichever of the server’s names it goes by', async () => {
    // Of `secret`.
    const hash = '*14E65567ABDB5135D0CFD9A70B3032C179A49EE7';
    const name = await stage.containers.start({
      Image: image,
      Env: [`MARIADB_ROOT_PASSWORD_HASH=${hash}`, 'MARIADB_USER=app', `MARIADB_PASSWORD_HASH=${hash}`],
      Cmd: ['mysqld', '--max-connections=44'],
    });
    await serves(db, name);
    for (const user of ['root', 'app'])
      expect(await db.sql(name, { user, password: 'secret', host: '127.0.0.1' }, 'SELECT @@max_connections')).toBe(
        '44',
      );
  }, 200_000);

  it('works without the prepared data directory, with an empty password if told so', async () => {
    const name = await stage.containers.start({
      Image: image,
      Env: ['MARIADB_ALLOW_EMPTY_ROOT_PASSWORD=yes'],
      HostConfig: { Tmpfs: { '/usr/local/share/data-template': '' } },
    });
    await serves(db, name);
    expect(await logOf(name)).toMatch(/initialising/);
    expect(await db.sql(name, { user: 'root' }, "SHOW DATABASES LIKE 'first%'")).toBe('');
    const berlin = "SELECT CONVERT_TZ('2026-07-01 12:00:00', 'UTC', 'Europe/Berlin')";
    expect(await db.sql(name, { user: 'root' }, berlin)).toBe('2026-07-01 14:00:00');
    expect(await db.sql(name, { user: 'root' }, 'SELECT COUNT(*) FROM mysql.user WHERE user = "root"')).toBe('2');
  }, 200_000);

  it('initialises by itself where an option wants what the prepared directory is not', async () => {
    const name = await stage.containers.start({
      Image: image,
      Env: ['MARIADB_ROOT_PASSWORD=a'],
      Cmd: ['--lower_case_table_names=1', '--innodb-page-size=8k'],
    });
    await serves(db, name);
    const asked = 'SELECT @@lower_case_table_names, @@innodb_page_size';
    expect(await db.sql(name, { user: 'root', password: 'a' }, asked)).toBe('1\t8192');
    expect(await inside(name, 'find', '/var/lib/mysql', '-maxdepth', '1', '-name', '*first*')).toBe('');
  }, 200_000);
});
