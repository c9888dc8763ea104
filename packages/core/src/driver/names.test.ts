import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Problem } from '../problem.ts';
import type { DriverManifest } from './manifest.ts';
import {
  checkAlterations,
  checkCharset,
  checkDatabaseName,
  checkDatabaseNames,
  checkDatabases,
  checkHost,
  checkNamedUser,
  checkPassword,
  checkUserChanges,
  checkUserName,
  checkUsers,
} from './names.ts';

const manifest: DriverManifest = {
  api: 1,
  datastore: 'sample',
  title: 'Sample',
  versions: [],
  port: 1234,
  groups: [],
  minMemoryMib: 1,
  names: {
    database: { maxCharacters: 64, forbidden: '/', forbiddenAtEdges: ' ', forbiddenPrefixes: ['#old#'] },
    user: { maxCharacters: 32, maxBytes: 63, forbiddenAtEdges: ' ' },
    password: { minBytes: 1, maxBytes: 200 },
    hosts: true,
  },
  reserved: { databases: ['catalog'], users: ['root', 'os_admin'] },
  charsets: { utf8mb4: ['utf8mb4_0900_ai_ci', 'utf8mb4_bin'], latin1: ['latin1_swedish_ci'] },
  sizing: [],
};

function refusal(check: () => void): string {
  try {
    check();
  } catch (error) {
    if (error instanceof Problem && error.code === 'bad_request') return error.detail;
    throw error;
  }
  return 'allowed';
}

describe('names', () => {
  it.each([
    ['', 'empty'],
    ['a\0b', 'NUL'],
    ['smile😀', 'U+1F600'],
    ['half\ud83d', 'U+D83D'],
    ['x'.repeat(65), 'at most 64'],
    ['a/b', 'it contains "/"'],
    [' a', 'begins or ends with " "'],
    ['a ', 'begins or ends with " "'],
    ['#old#a', 'mean something else'],
    ['catalog', 'reserved'],
    ['CataLog', 'reserved'],
  ])('refuses database %j', (name, why) => {
    const detail = refusal(() => checkDatabaseName(manifest, name, 'databases[0].name'));
    expect(detail).toContain('databases[0].name');
    expect(detail).toContain(why);
  });

  it.each(["o'br", 'semi;colon', 'back\\slash', '`tick`', '"', '%', 'é'.repeat(64), 'tab\tin it', '--', 'a b'])(
    'lets database %j pass',
    (name) => {
      expect(refusal(() => checkDatabaseName(manifest, name))).toBe('allowed');
    },
  );

  it('counts twice what the engine keeps with an escape before it', () => {
    const escaping: DriverManifest = {
      ...manifest,
      names: { ...manifest.names, database: { maxCharacters: 8, escaped: '_%' } },
    };
    expect(refusal(() => checkDatabaseName(escaping, 'a_b_cd'))).toBe('allowed');
    expect(refusal(() => checkDatabaseName(escaping, 'a_b_c_d'))).toContain('counts 10 characters');
    expect(refusal(() => checkDatabaseName(manifest, '_'.repeat(64)))).toBe('allowed');
  });

  it('counts bytes of users where the engine does', () => {
    expect(refusal(() => checkUserName(manifest, 'é'.repeat(31)))).toBe('allowed');
    expect(refusal(() => checkUserName(manifest, 'é'.repeat(32)))).toContain('64 bytes');
    expect(refusal(() => checkUserName(manifest, 'OS_ADMIN'))).toContain('reserved');
  });

  it('lets through only what survives UTF-8 in the BMP, whatever is thrown at it', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: fc.nat(0xffff).map((unit) => String.fromCharCode(unit)), maxLength: 70 }),
        (name) => {
          if (refusal(() => checkDatabaseName(manifest, name)) !== 'allowed') return;
          expect(new TextDecoder('utf-8', { ignoreBOM: true }).decode(new TextEncoder().encode(name))).toBe(name);
          expect([...name].length).toBe(name.length);
          expect(name).not.toMatch(/^ | $|\0|\//);
          expect(name.length).toBeGreaterThan(0);
          expect(name.length).toBeLessThanOrEqual(64);
        },
      ),
    );
  });

  it('keeps its message short and on one line', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 120 }), (name) => {
        const detail = refusal(() => checkUserName(manifest, name));
        expect(detail).not.toMatch(/[\n\r\0]/);
        expect(detail.length).toBeLessThan(800);
        expect(detail.isWellFormed()).toBe(true);
      }),
      { numRuns: 30 },
    );
  });
});

describe('hosts', () => {
  it.each([
    '%',
    '10.0.0.7',
    '10.0.%',
    '10.%',
    '192.168.1.1%',
    '10.0.0.0/255.0.0.0',
    '10.0.0.0/8',
    'fd00::7',
    '::1',
    'fd00:%',
  ])('lets %s pass', (host) => {
    expect(refusal(() => checkHost(manifest, host))).toBe('allowed');
  });

  it.each([
    '',
    'localhost',
    'db.example',
    'FD00::7',
    '10.0.0.256',
    '10.0.0.7;',
    "'%'",
    '10.0.0.0/33',
    '%%',
    '10%.0',
    'face',
    'a😀',
    '1\0',
  ])('refuses %j', (host) => {
    expect(refusal(() => checkHost(manifest, host))).toContain('10.0.%');
  });

  it('ignores hosts where the datastore has none', () => {
    expect(refusal(() => checkHost({ ...manifest, names: { ...manifest.names, hosts: false } }, 'anything'))).toBe(
      'allowed',
    );
  });
});

describe('passwords', () => {
  it('counts bytes and takes every character but NUL', () => {
    for (const good of ['p', '😀', `'";\\\`%_`, ' ', 'x'.repeat(200)])
      expect(refusal(() => checkPassword(manifest, good))).toBe('allowed');
    expect(refusal(() => checkPassword(manifest, ''))).toContain('1 to 200');
    expect(refusal(() => checkPassword(manifest, '😀'.repeat(51)))).toContain('204 bytes');
    expect(refusal(() => checkPassword(manifest, 'p\0q'))).toContain('NUL');
    expect(refusal(() => checkPassword(manifest, 'p\ud83d'))).toContain('surrogate');
  });

  it('never shows the password', () => {
    const secret = 'K7-tell-nobody-';
    for (const bad of [`${secret}\0`, `${secret}\udc00`, secret.repeat(20)]) {
      expect(refusal(() => checkPassword(manifest, bad))).not.toContain(secret);
    }
  });
});

describe('character sets', () => {
  it('takes a set, a collation of it, or a collation alone, in any case', () => {
    for (const good of [
      {},
      { characterSet: 'latin1' },
      { characterSet: 'UTF8MB4', collation: 'utf8mb4_bin' },
      { collation: 'Latin1_Swedish_CI' },
    ]) {
      expect(refusal(() => checkCharset(manifest, good))).toBe('allowed');
    }
  });

  it('refuses unknown ones and pairs that do not go together', () => {
    expect(refusal(() => checkCharset(manifest, { characterSet: 'klingon' }))).toMatch(
      /character_set "klingon".*utf8mb4, latin1/,
    );
    expect(refusal(() => checkCharset(manifest, { collation: 'nope' }))).toMatch(/collate "nope"/);
    expect(refusal(() => checkCharset(manifest, { characterSet: 'latin1', collation: 'utf8mb4_bin' }))).toContain(
      'latin1_swedish_ci',
    );
    expect(refusal(() => checkCharset(manifest, { characterSet: '__proto__' }))).toContain('__proto__');
    expect(refusal(() => checkCharset({ ...manifest, charsets: {} }, { characterSet: 'x' }))).toContain(
      'none to choose',
    );
  });
});

describe('a user that is named for a call', () => {
  it('may have any host that is text, and no reserved name', () => {
    for (const host of ['%', 'web1.example.org', "' or", '10.0.0.0/24'])
      expect(refusal(() => checkNamedUser(manifest, { name: 'app', host }))).toBe('allowed');
    expect(refusal(() => checkNamedUser(manifest, { name: 'app', host: 'x\0' }))).toContain('NUL');
    expect(refusal(() => checkNamedUser(manifest, { name: 'app', host: 'x'.repeat(256) }))).toContain('255');
    expect(refusal(() => checkNamedUser(manifest, { name: 'Root', host: '%' }))).toContain('reserved');
  });

  it('has no host where the datastore has none', () => {
    const hostless = { ...manifest, names: { ...manifest.names, hosts: false } };
    expect(refusal(() => checkNamedUser(hostless, { name: 'app', host: 'x\0' }))).toBe('allowed');
    const twice = [{ user: { name: 'app', host: '10.%' }, changes: {} }].concat({
      user: { name: 'app', host: '%' },
      changes: {},
    });
    expect(refusal(() => checkAlterations(hostless, twice))).toContain('users[1].name');
    expect(refusal(() => checkAlterations(manifest, twice))).toBe('allowed');
  });

  it('becomes nobody that could not be made', () => {
    expect(refusal(() => checkUserChanges(manifest, {}))).toBe('allowed');
    expect(refusal(() => checkUserChanges(manifest, { name: 'b', host: '10.%', password: 'p' }))).toBe('allowed');
    expect(refusal(() => checkUserChanges(manifest, { name: 'os_admin' }))).toContain('user.name "os_admin"');
    expect(refusal(() => checkUserChanges(manifest, { host: 'web1' }))).toContain('user.host "web1"');
    expect(refusal(() => checkUserChanges(manifest, { password: '' }))).toContain('user.password');
  });
});

describe('lists', () => {
  const user = { name: 'u', password: 'p', databases: ['a'] };

  it('name the entry that is at fault', () => {
    expect(refusal(() => checkDatabases(manifest, [{ name: 'a' }, { name: 'b', characterSet: 'x' }]))).toContain(
      'databases[1].character_set',
    );
    expect(refusal(() => checkUsers(manifest, [user, { ...user, name: 'root' }]))).toContain('users[1].name');
    expect(refusal(() => checkUsers(manifest, [{ ...user, host: 'x' }]))).toContain('users[0].host');
    expect(refusal(() => checkUsers(manifest, [{ ...user, password: '' }]))).toContain('users[0].password');
    expect(refusal(() => checkUsers(manifest, [{ ...user, databases: ['a', 'catalog'] }]))).toContain(
      'users[0].databases[1].name',
    );
    expect(refusal(() => checkDatabaseNames(manifest, ['a', 'catalog']))).toContain('databases[1].name "catalog"');
    expect(
      refusal(() =>
        checkAlterations(manifest, [
          { user: { name: 'a' }, changes: { password: 'p' } },
          { user: { name: 'b' }, changes: { password: '' } },
        ]),
      ),
    ).toContain('users[1].password');
  });

  it('refuse duplicates', () => {
    expect(refusal(() => checkDatabaseNames(manifest, ['a', 'A', 'a']))).toContain('databases[2].name "a"');
    const alterations = ['%', undefined].map((host) => ({
      user: { name: 'a', ...(host !== undefined && { host }) },
      changes: {},
    }));
    expect(refusal(() => checkAlterations(manifest, alterations))).toContain('users[1].name "a@%"');
    expect(refusal(() => checkDatabases(manifest, [{ name: 'a' }, { name: 'b' }, { name: 'a' }]))).toContain(
      'databases[2].name "a"',
    );
    expect(refusal(() => checkDatabases(manifest, [{ name: 'a' }, { name: 'A' }]))).toBe('allowed');
    expect(refusal(() => checkUsers(manifest, [user, { ...user, host: '%' }]))).toContain('users[0].name is the same');
    expect(refusal(() => checkUsers(manifest, [user, { ...user, host: '10.%' }]))).toBe('allowed');
    expect(refusal(() => checkUsers(manifest, [{ ...user, databases: ['a', 'a'] }]))).toContain(
      'users[0].databases[1].name',
    );
  });
});
