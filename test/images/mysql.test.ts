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
} from '../support/database-image.ts';
import { stageFor, testContract } from '../support/image-contract.ts';
import { mysqlLike } from '../support/mysql-images.ts';

describe.each(imagesUnderTest('mysql'))('%s', (image) => {
  const db: DatabaseImage = {
    ...mysqlLike(image, 'mysql', 'MYSQL'),
    server: 'mysqld',
    maxMb: 230,
    identity: 'SELECT @@server_uuid',
    runLine: 'MYSQL_PWD=$MYSQL_ROOT_PASSWORD mysql -uroot shop -e "CREATE TABLE from_run (n INT)"',
    refusals: [
      { env: [], says: /MYSQL_ROOT_PASSWORD, MYSQL_RANDOM_ROOT_PASSWORD, MYSQL_ALLOW_EMPTY_PASSWORD/ },
      {
        env: ['MYSQL_ROOT_PASSWORD=a', 'MYSQL_ROOT_PASSWORD_FILE=/etc/hostname'],
        says: /both MYSQL_ROOT_PASSWORD and MYSQL_ROOT_PASSWORD_FILE/,
      },
      { env: ['MYSQL_ROOT_PASSWORD_FILE=/no/such/file'], says: /MYSQL_ROOT_PASSWORD_FILE.*\/no\/such\/file/ },
      {
        env: ['MYSQL_ALLOW_EMPTY_PASSWORD=1', 'MYSQL_USER=root', 'MYSQL_PASSWORD=a'],
        says: /MYSQL_USER is root/,
      },
      { env: ['MYSQL_ALLOW_EMPTY_PASSWORD=1', 'MYSQL_USER=app'], says: /MYSQL_USER .*without MYSQL_PASSWORD/ },
      { env: ['MYSQL_ALLOW_EMPTY_PASSWORD=1', 'MYSQL_PASSWORD=a'], says: /MYSQL_PASSWORD .*without MYSQL_USER/ },
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
        boxed(db, db.firstStart, { binds: [`${secrets}:/run/secrets:ro`, ...binds], args }),
      );
      await serves(db, name);
    }, 200_000);

    it('is the accounts and their rights', async () => {
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
      expect(await db.sql(name, root, 'SELECT user, host FROM mysql.user WHERE user NOT LIKE "mysql.%"')).toBe(
        'app\t%\nroot\t%\nroot\tlocalhost',
      );
    });

    it('reads conf.d and the arguments, has its files where clients look, and knows time zones', async () => {
      expect(await ask('@@max_connections, @@table_open_cache')).toBe('55\t333');
      expect(await ask('@@datadir, @@socket')).toBe('/var/lib/mysql/\t/var/run/mysqld/mysqld.sock');
      expect(await ask("CONVERT_TZ('2026-07-01 12:00:00', 'UTC', 'Europe/Berlin')")).toBe('2026-07-01 14:00:00');
      expect(await ask('@@innodb_redo_log_capacity')).toBe(String(100 * 2 ** 20));
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

  it('works without the prepared data directory, with an empty password if told so', async () => {
    const name = await stage.containers.start({
      Image: image,
      Env: ['MYSQL_ALLOW_EMPTY_PASSWORD=yes'],
      HostConfig: { Tmpfs: { '/usr/local/share/data-template': '' } },
    });
    await serves(db, name);
    expect(await logOf(name)).toMatch(/initialising/);
    expect(await db.sql(name, { user: 'root' }, "SHOW DATABASES LIKE 'first%'")).toBe('');
    const berlin = "SELECT CONVERT_TZ('2026-07-01 12:00:00', 'UTC', 'Europe/Berlin')";
    expect(await db.sql(name, { user: 'root' }, berlin)).toBe('2026-07-01 14:00:00');
  }, 200_000);

  it('initialises by itself where an option wants what the prepared directory is not', async () => {
    const name = await stage.containers.start({
      Image: image,
      Env: ['MYSQL_ROOT_PASSWORD=a'],
      Cmd: ['--lower_case_table_names=1'],
    });
    await serves(db, name);
    expect(await db.sql(name, { user: 'root', password: 'a' }, 'SELECT @@lower_case_table_names')).toBe('1');
    expect(await inside(name, 'find', '/var/lib/mysql', '-maxdepth', '1', '-name', '*first*')).toBe('');
  }, 200_000);
});
