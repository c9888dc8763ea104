import { Problem, silentLogger } from '@coffer/core';
import { type DriverContext, evaluateSizing, type TlsMaterial } from '@coffer/core/driver';
import { DatabaseError } from 'pg';
import { describe, expect, it } from 'vitest';
import { conf } from '../_shared/postgresql-conf.ts';
import { cleanError, problemOf, ServerError } from '../_shared/postgresql-errors.ts';
import { scramVerifier } from '../_shared/postgresql-scram.ts';
import { identifier, secret, sql } from '../_shared/postgresql-sql.ts';
import postgresql from './index.ts';

const context: DriverContext = {
  version: { name: '18', number: '18.6' },
  image: 'sample/postgresql:18',
  settings: {},
  memoryBytes: 1 << 30,
  serviceAccount: { user: 'os_admin', password: 'a-password-to-look-for' },
  serverId: 42,
  endpoint: () => ({ socketPath: '/run/guest/.s.PGSQL.5432' }),
  exec: async () => ({ exitCode: 0, stdout: '', stderr: '' }),
  log: silentLogger,
};
const byTcp: DriverContext = { ...context, endpoint: () => ({ host: '127.0.0.1', port: 5432 }) };
const of17: DriverContext = { ...context, version: { name: '17', number: '17.11' } };
const of15: DriverContext = { ...context, version: { name: '15', number: '15.18' } };
const material: TlsMaterial = { ca: 'CA', certificate: 'CERTIFICATE', key: 'KEY', isRequired: true };

const access = (files: readonly { path: string; content: string }[] = []): string[] =>
  files.find(({ path }) => path.endsWith('/pg_hba.conf'))?.content.split('\n') ?? [];
const rendered = (settings: Record<string, string | number | boolean>, given = context): string[] =>
  (postgresql.create(given).configuration?.render(settings)[0]?.content ?? '').split('\n');

describe('the container', () => {
  it('has its data where the image of that version has them', () => {
    const places = [context, of17, of15].map((given) => {
      const { env, mounts } = postgresql.create(given).container();
      return [env.PGDATA, mounts.find(({ kind }) => kind === 'data')?.target];
    });
    expect(places).toEqual([
      ['/var/lib/postgresql/18/docker', '/var/lib/postgresql'],
      ['/var/lib/postgresql/data', '/var/lib/postgresql/data'],
      ['/var/lib/postgresql/data', '/var/lib/postgresql/data'],
    ]);
  });

  it('sorts by rules that no update changes, wherever the version has them', () => {
    const locale = (given: DriverContext) => postgresql.create(given).container().env.POSTGRES_INITDB_ARGS;
    expect(locale(of17)).toContain('--locale-provider=builtin --builtin-locale=C.UTF-8');
    expect(locale(of15)).not.toContain('builtin');
  });

  it('lets nobody in without a password, and the service by its socket alone where there is one', () => {
    const lines = access(postgresql.create(context).container().files);
    expect(lines).toContain('host all "os_admin" all reject');
    expect(lines).toContain('host all all all scram-sha-256');
    expect(lines.join()).not.toMatch(/trust|peer|md5|\bpassword\b/);
    expect(access(postgresql.create(byTcp).container().files)).toContain('host all "os_admin" all scram-sha-256');
  });

  it('keeps the password to one file that only the server can read', () => {
    const { files, ...rest } = postgresql.create(context).container();
    expect(JSON.stringify(rest)).not.toContain(context.serviceAccount.password);
    expect(files.filter(({ content }) => content.includes(context.serviceAccount.password))).toEqual([
      { path: '/run/coffer/password', content: context.serviceAccount.password, mode: 0o400, uid: 999 },
    ]);
  });
});

describe('parameters', () => {
  it('have replication on from the first boot, and none of the tenant’s after those of the service', () => {
    const lines = rendered({ work_mem: 8192, jit: false, TimeZone: 'Europe/Berlin', port: 1, hba_file: '/tmp/hba' });
    for (const line of ["wal_level = 'replica'", "max_wal_senders = '10'", "work_mem = '8192'", "jit = 'off'"])
      expect(lines).toContain(line);
    const last = (name: string) => lines.findLast((line) => line.toLowerCase().startsWith(`${name} =`));
    expect(last('port')).toBe("port = '5432'");
    expect(last('hba_file')).toBe("hba_file = '/etc/coffer/access/pg_hba.conf'");
    expect(last('timezone')).toBe("TimeZone = 'Europe/Berlin'");
    expect(lines.at(-2)).toBe("include_if_exists = '/etc/coffer/access/tls.conf'");
  });

  it('forbid ALTER SYSTEM where the version can', () => {
    expect(rendered({}, of17)).toContain("allow_alter_system = 'off'");
    expect(rendered({}, of15).join()).not.toContain('allow_alter_system');
  });

  it('are one line each, whatever they hold', () => {
    expect(conf({ a: true, b: 5, 'c.d': "o'b\\n # x" })).toBe("a = 'on'\nb = '5'\nc.d = 'o''b\\\\n # x'\n");
    expect(() => conf({ a: 'x\nssl = off' })).toThrow(Problem);
    expect(() => conf({ 'a\nb': 1 })).toThrow(Problem);
    expect(() => conf({ 'a = 1; b': 1 })).toThrow(Problem);
  });

  it('leave a small flavor its memory and give a large one more', () => {
    const sized = (memoryMib: number) => evaluateSizing(postgresql.manifest, { memoryMib, vcpus: 1 });
    expect(sized(128)).toMatchObject({ shared_buffers: 4096, max_connections: 16, max_wal_size: 256 });
    expect(sized(4096)).toMatchObject({ shared_buffers: 131_072, max_connections: 512, max_wal_size: 1024 });
  });
});

describe('tls', () => {
  it('takes the place of who may come in', () => {
    const files = postgresql.create(context).tls?.files(material) ?? [];
    expect(access(files)).toContain('hostssl all all all scram-sha-256');
    expect(access(postgresql.create(context).tls?.files({ ...material, isRequired: false }))).toContain(
      'host all all all scram-sha-256',
    );
    expect(files.filter(({ content }) => content.includes(material.key))).toEqual([
      { path: '/etc/coffer/access/server.key', content: 'KEY', mode: 0o400, uid: 999 },
    ]);
  });
});

describe('statements', () => {
  it('quote names, texts, lists and numbers', () => {
    expect(sql`ALTER ROLE ${identifier('a"b;c')}`.text).toBe('ALTER ROLE "a""b;c"');
    expect(sql`SELECT ${"o'b"}, ${'end\\'}, ${7}`.text).toBe("SELECT 'o''b',  E'end\\\\', 7");
    expect(sql`SELECT 1 IN (${['a', "b'"]})`.text).toBe("SELECT 1 IN ('a', 'b''')");
    expect(() => sql`LIMIT ${Number.NaN}`).toThrow(TypeError);
  });

  it('know when they hold a secret, also inside another', () => {
    const inner = sql`PASSWORD ${secret("p'w")}`;
    expect(sql`ALTER ROLE x ${inner}`).toEqual({ text: "ALTER ROLE x PASSWORD 'p''w'", isSecret: true });
    expect(sql`SELECT ${sql`1`}`.isSecret).toBe(false);
  });
});

describe('errors', () => {
  const answer = (code: string) => Object.assign(new DatabaseError('near "the-secret"', 10, 'error'), { code });

  it('carry nothing of what the server said beside a secret', () => {
    const clean = cleanError(answer('42601'), true);
    expect([clean.message, JSON.stringify(clean), problemOf(clean, 'PostgreSQL')].join()).not.toContain('the-secret');
    expect(cleanError(answer('42601'), false)).toEqual(new ServerError('42601', 'error 42601: near "the-secret"'));
  });

  it('become problems by code; what is no answer, or ends the session, is a lost connection', () => {
    expect(problemOf(new ServerError('55P03', 'x'), 'PostgreSQL')).toMatchObject({ code: 'not_ready' });
    expect(problemOf(new ServerError('XX000', 'error XX000: new'), 'PostgreSQL')).toMatchObject({
      code: 'guest_failed',
      detail: 'PostgreSQL refused: error XX000: new.',
    });
    for (const error of [answer('57P01'), Object.assign(new Error('connect'), { code: 'ECONNREFUSED' })])
      expect(problemOf(cleanError(error, false), 'PostgreSQL')).toMatchObject({ code: 'unavailable' });
  });
});

describe('verifiers of passwords', () => {
  const salt = Buffer.from('0123456789abcdef');

  it('are as RFC 5802 computes them', async () => {
    // RFC 7677, section 3: user "user", password "pencil".
    const verifier = await scramVerifier('pencil', Buffer.from('W22ZaJ0SNY7soEsUEjb6gQ==', 'base64'));
    expect(verifier).toBe(
      'SCRAM-SHA-256$4096:W22ZaJ0SNY7soEsUEjb6gQ==$WG5d8oPm3OtcPnkdi4Uo7BkeZkBFzpcXkuLmtbsT4qY=:wfPLwcE6nTWhTAmQ7tl2KeoiWGPlZqQxSrmfPwDl2dU=',
    );
  });

  it('are the same for passwords that RFC 4013 takes for the same, and of what it prohibits as it is', async () => {
    const same = async (left: string, right: string) =>
      (await scramVerifier(left, salt)) === (await scramVerifier(right, salt));
    expect(await same('\u00aa\u00a0b', 'a b')).toBe(true);
    expect(await same('so\u00adft', 'soft')).toBe(true);
    expect(await same('ﬁ😀', 'fi😀')).toBe(false);
    expect(await same('tab\t\u00aa', 'tab\ta')).toBe(false);
  });

  it('have a salt of their own each time', async () => {
    expect(await scramVerifier('x')).not.toBe(await scramVerifier('x'));
  });
});
