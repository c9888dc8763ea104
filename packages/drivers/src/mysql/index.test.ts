import { Problem, silentLogger } from '@coffer/core';
import { type DriverContext, evaluateSizing, parameterFaults, type Settings } from '@coffer/core/driver';
import { describe, expect, it } from 'vitest';
import { cleanError, problemOf, ServerError } from '../_shared/mysql-errors.ts';
import { identifier, secret, sql } from '../_shared/mysql-sql.ts';
import { optionFile } from '../_shared/option-file.ts';
import mysql from './index.ts';

const context: DriverContext = {
  version: { name: '9.7', number: '9.7.4' },
  image: 'sample/mysql:9.7',
  settings: {},
  memoryBytes: 1 << 30,
  serviceAccount: { user: 'os_admin', password: 'a-password-to-look-for' },
  serverId: 42,
  endpoint: () => ({ socketPath: '/run/guest/mysqld.sock' }),
  exec: async () => ({ exitCode: 0, stdout: '', stderr: '' }),
  log: silentLogger,
};

function groupOf<T>(group: T | undefined): T {
  if (group === undefined) throw new Error('the group is missing');
  return group;
}

const driver = mysql.create(context);
const configuration = groupOf(driver.configuration);
const rendered = (settings: Settings): string[] =>
  configuration.render(settings).flatMap((file) => file.content.split('\n'));

describe('the option file', () => {
  it('has replication, partial revokes, logs as files and no X protocol from the first boot', () => {
    for (const line of [
      'server_id = 42',
      'gtid_mode = ON',
      'log_bin = binlog',
      'partial_revokes = ON',
      'skip_name_resolve = ON',
      'mysqlx = OFF',
      'secure_file_priv = NULL',
      'persisted_globals_load = OFF',
      'log_error = /var/lib/mysql-log/error.log',
      'log_output = FILE',
    ]) {
      expect(rendered({})).toContain(line);
    }
  });

  it('has the settings, and of nothing two', () => {
    const lines = rendered({
      max_connections: 64,
      sql_mode: 'ANSI_QUOTES',
      long_query_time: 0.5,
      slow_query_log: true,
    });
    for (const line of [
      'max_connections = 64',
      'sql_mode = ANSI_QUOTES',
      'long_query_time = 0.5',
      'slow_query_log = ON',
    ]) {
      expect(lines).toContain(line);
    }
    const names = lines.map((line) => line.split(' = ')[0]).filter(Boolean);
    expect(new Set(names).size).toBe(names.length);
  });

  it('lets a collation bring its character set, since the server does not start with one of another', () => {
    expect(rendered({ collation_server: 'latin1_bin' })).toContain('character_set_server = latin1');
    expect(rendered({ collation_server: 'binary' })).toContain('character_set_server = binary');
    expect(rendered({}).join()).not.toContain('character_set_server');
  });

  it('takes the TLS options in, which lie beside the certificate', () => {
    expect(rendered({})).toContain('!include /run/coffer-tls/tls.cnf');
    const material = { ca: 'a', certificate: 'c', key: 'k', isRequired: true };
    const files = groupOf(driver.tls).files(material);
    expect(files.find(({ path }) => path === '/run/coffer-tls/tls.cnf')?.content).toContain(
      'require_secure_transport = ON',
    );
    expect(files.filter(({ content }) => content === 'k')).toMatchObject([{ mode: 0o400, uid: 999 }]);
  });

  it('refuses names that nobody may set, and values that would be more than one option', () => {
    for (const settings of [{ bind_address: '10.0.0.1' }, { plugin_load: 'x.so' }, { 'max_connections\nport': 1 }])
      expect(() => configuration.render(settings)).toThrow(Problem);
    expect(() => configuration.render({ sql_mode: 'ANSI\nplugin_load = x.so' })).toThrow(Problem);
    expect(rendered({ sql_mode: '" #\\' })).toContain('sql_mode = "\\" #\\\\"');
  });

  it('is no part of the container, so that a setting does not make it anew', () => {
    const folders = driver.container().files.map(({ path }) => path);
    expect(folders).toEqual(['/run/coffer/root-password']);
  });
});

describe('the catalogues', () => {
  const catalogues = mysql.manifest.versions.map(({ name, parameters }) => [name, parameters] as const);

  it.each(catalogues)('of %s leave out what the service insists on', (_, parameters) => {
    const fixed = rendered({}).map((line) => line.split(' = ')[0]?.replace(/^loose_/, ''));
    expect(parameters.filter(({ name }) => fixed.includes(name))).toEqual([]);
  });

  it.each(catalogues)(
    'of %s let tenants choose texts from a list alone: the server does not start with a wrong one',
    (_, parameters) => {
      expect(parameters.filter((one) => one.type === 'string' && !one.enum?.length && !one.operatorOnly)).toEqual([]);
    },
  );

  it.each(catalogues)('of %s hold what sizing and the logs set, within their bounds', (_, parameters) => {
    const switches = groupOf(driver.logs)
      .sources()
      .flatMap((source) => (source.switch ? [source.switch.on, source.switch.off] : []));
    for (const memoryMib of [512, 1024, 4096, 65_536, 1_048_576]) {
      const flavor = { memoryMib, vcpus: 2 };
      for (const settings of [evaluateSizing(mysql.manifest, flavor), ...switches])
        expect(parameterFaults(parameters, settings, { as: 'operator', flavor })).toEqual([]);
    }
  });
});

describe('the container', () => {
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
      innodb_buffer_pool_size: 128 << 20,
      max_connections: 64,
    });
    expect(sized(4096)).toMatchObject({
      performance_schema: true,
      innodb_buffer_pool_size: 2048 * 1024 ** 2,
      max_connections: 512,
    });
    expect(sized(16_384)).toMatchObject({ innodb_buffer_pool_size: 12_025_908_428 });
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
