import { Problem, silentLogger } from '@coffer/core';
import { type DriverContext, evaluateSizing } from '@coffer/core/driver';
import { describe, expect, it } from 'vitest';
import { cleanError, problemOf, ServerError } from '../_shared/mysql-errors.ts';
import { identifier, secret, sql } from '../_shared/mysql-sql.ts';
import { optionFile } from '../_shared/option-file.ts';
import mysql from './index.ts';

const context: DriverContext = {
  version: { name: '9.7', number: '9.7.4' },
  image: 'sample/mysql:9.7',
  settings: { max_connections: 64, bind_address: '10.0.0.1', sql_mode: 'ANSI_QUOTES' },
  memoryBytes: 1 << 30,
  serviceAccount: { user: 'os_admin', password: 'a-password-to-look-for' },
  serverId: 42,
  endpoint: () => ({ socketPath: '/run/guest/mysqld.sock' }),
  exec: async () => ({ exitCode: 0, stdout: '', stderr: '' }),
  log: silentLogger,
};

const configuration = (given: DriverContext): string => {
  const file = mysql
    .create(given)
    .container()
    .files.find(({ path }) => path.startsWith('/etc/mysql/conf.d/'));
  return file?.content ?? '';
};

describe('the container', () => {
  it('has replication, partial revokes and no X protocol from the first boot', () => {
    for (const line of [
      'server_id = 42',
      'gtid_mode = ON',
      'log_bin = binlog',
      'partial_revokes = ON',
      'skip_name_resolve = ON',
      'mysqlx = OFF',
      'secure_file_priv = NULL',
    ]) {
      expect(configuration(context).split('\n')).toContain(line);
    }
  });

  it('renders settings before what must not be changed, so that the latter holds', () => {
    const text = configuration(context);
    expect(text).toContain('max_connections = 64');
    expect(text).not.toContain('10.0.0.1');
    expect(text.match(/bind_address/g)).toHaveLength(1);
  });

  it('gives root to the socket alone, or to any address where the socket is out of reach', () => {
    expect(mysql.create(context).container().env.MYSQL_ROOT_HOST).toBe('localhost');
    expect(
      mysql.create({ ...context, endpoint: () => ({ host: '127.0.0.1', port: 3306 }) }).container().env.MYSQL_ROOT_HOST,
    ).toBe('%');
  });

  it('keeps the password to one file that only the server can read', () => {
    const { files, ...rest } = mysql.create(context).container();
    expect(JSON.stringify(rest)).not.toContain(context.serviceAccount.password);
    expect(files.filter(({ content }) => content.includes(context.serviceAccount.password))).toEqual([
      { path: '/run/coffer/root-password', content: context.serviceAccount.password, mode: 0o400, uid: 999 },
    ]);
  });
});

describe('sizing', () => {
  const sized = (memoryMib: number) => evaluateSizing(mysql.manifest, { memoryMib, vcpus: 1 });

  it('leaves a small flavor its memory and gives a large one most of it', () => {
    expect(sized(512)).toMatchObject({
      performance_schema: false,
      innodb_buffer_pool_size: '128M',
      max_connections: 64,
    });
    expect(sized(4096)).toMatchObject({
      performance_schema: true,
      innodb_buffer_pool_size: '2048M',
      max_connections: 512,
    });
    expect(sized(16_384)).toMatchObject({ innodb_buffer_pool_size: '11468M' });
  });
});

describe('statements', () => {
  it('quote names, texts, lists and numbers', () => {
    expect(sql`USE ${identifier('a`b.c?')}`.text).toBe('USE `a``b.c?`');
    expect(sql`SELECT ${"o'b\\"}, ${7}`.text).toBe("SELECT 'o''b\\\\', 7");
    expect(sql`SELECT 1 IN (${['a', "b'"]})`.text).toBe("SELECT 1 IN ('a', 'b''')");
    expect(() => sql`LIMIT ${Number.NaN}`).toThrow(TypeError);
  });

  it('know when they hold a secret', () => {
    expect(sql`ALTER USER ${'a'} IDENTIFIED BY ${secret("p'w")}`).toEqual({
      text: "ALTER USER 'a' IDENTIFIED BY 'p''w'",
      isSecret: true,
    });
    expect(sql`SELECT 1`.isSecret).toBe(false);
  });
});

describe('errors', () => {
  const answer = (errno: number) =>
    Object.assign(new Error("near 'the-secret'"), { errno, sqlState: 'HY000', code: 'ER_X', sql: "… 'the-secret'" });

  it('carry neither a statement nor, beside a secret, what the server said', () => {
    const clean = cleanError(answer(1064), true);
    expect([clean.message, JSON.stringify(clean), problemOf(clean, 'MySQL')].join()).not.toContain('the-secret');
    expect(cleanError(answer(1064), false)).toEqual(new ServerError(1064, "error 1064: near 'the-secret'"));
    expect(cleanError(answer(1064), false)).not.toHaveProperty('sql');
  });

  it('become problems by number; what is no answer of the server is a lost connection', () => {
    expect(problemOf(new ServerError(1205, 'x'), 'MySQL')).toMatchObject({ code: 'not_ready' });
    expect(problemOf(new ServerError(4_999, 'error 4999: new'), 'MySQL')).toMatchObject({
      code: 'guest_failed',
      detail: 'MySQL refused: error 4999: new.',
    });
    const lost = cleanError(
      Object.assign(new Error('connect ECONNREFUSED'), { errno: -111, code: 'ECONNREFUSED' }),
      false,
    );
    expect(problemOf(lost, 'MySQL')).toMatchObject({
      code: 'unavailable',
      detail: 'MySQL does not answer: the connection failed (ECONNREFUSED); ask again.',
    });
    const own = new Problem('timeout', 'x');
    expect(problemOf(own, 'MySQL')).toBe(own);
  });
});

describe('option files', () => {
  it('quote what would be read as something else, and refuse a second line', () => {
    expect(optionFile('mysqld', { a: true, b: 5, c: '128M', d: 'x # y', e: 'a\\b"c' })).toBe(
      '[mysqld]\na = ON\nb = 5\nc = 128M\nd = "x # y"\ne = "a\\\\b\\"c"\n',
    );
    expect(() => optionFile('mysqld', { a: 'x\nbind_address = 1' })).toThrow(Problem);
    expect(() => optionFile('mysqld', { 'a\nb': 1 })).toThrow(Problem);
  });
});
