import { describe, expect, it } from 'vitest';
import { parseManifest } from './manifest-check.ts';

const pool = { name: 'pool', type: 'integer', min: 1, max: 9, restartRequired: false };

const good = {
  api: 1,
  datastore: 'sample',
  title: 'Sample',
  versions: [
    {
      name: '1.0',
      number: '1.0.3',
      image: 'sample:1.0',
      active: true,
      default: true,
      parameters: [pool, { name: 'schema', type: 'boolean', restartRequired: true }],
    },
  ],
  port: 1234,
  groups: ['databases'],
  minMemoryMib: 64,
  names: {
    database: { maxCharacters: 64, forbiddenPrefixes: ['#'] },
    user: { maxCharacters: 32 },
    password: { minBytes: 1, maxBytes: 200 },
    hosts: true,
  },
  reserved: { databases: [], users: ['root'] },
  charsets: { utf8: ['utf8_bin'] },
  defaultCharset: 'utf8',
  sizing: [
    {
      parameter: 'pool',
      belowMemoryMib: 512,
      value: { max: [32, { div: [{ sub: ['memoryMib', 256] }, 2] }] },
    },
    { parameter: 'schema', value: false },
  ],
};

function faultsOf(change: Record<string, unknown>): string {
  try {
    parseManifest({ ...good, ...change });
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
  return 'none';
}

describe('parseManifest', () => {
  it('gives back what it was given', () => {
    expect(parseManifest(good)).toEqual(good);
  });

  it.each([
    [{ api: 2 }, 'api must be 1'],
    [{ datastore: 'My SQL' }, 'datastore must be lower-case'],
    [{ title: undefined }, 'title must be a text that is not empty; it is missing.'],
    [{ port: 70_000 }, 'port must be a whole number from 1 to 65535; it is 70000.'],
    [{ versions: [{ ...good.versions[0], image: 5 }] }, 'versions[0].image must be a text that is not empty; it is 5.'],
    [{ versions: [{ ...good.versions[0], digest: 'md5:x' }] }, 'versions[0].digest must be sha256:'],
    [{ versions: [] }, 'one, and only one, with default: true'],
    [{ versions: [good.versions[0], { ...good.versions[0], default: false }] }, 'versions names 1.0 more than once'],
    [{ groups: ['databases', 'magic'] }, 'groups[1] must be one of databases, users'],
    [{ groups: ['users', 'users'] }, 'groups names users more than once'],
    [
      { names: { ...good.names, database: { maxCharacters: 64, maxByte: 3 } } },
      'names.database.maxByte is not a key of a manifest; known here: maxCharacters, maxBytes',
    ],
    [{ reserved: { databases: [], users: [], roles: [] } }, 'reserved.roles is not a key'],
    [{ reserved: { databases: [], users: [1] } }, 'reserved.users must be a list of texts'],
    [{ charsets: { utf8: [] } }, 'charsets.utf8 must list at least one collation'],
    [{ defaultCharset: 'latin1' }, 'defaultCharset latin1 is not among charsets'],
    [{ socket: 'run/x.sock' }, 'socket must be an absolute path'],
    [
      { sizing: [{ parameter: 'pool', value: { max: [1, { pow: [2, 3] }] } }] },
      'sizing[0].value.max[1] must be a number, memoryMib, vcpus',
    ],
    [{ sizing: [{ parameter: 'pool', value: { div: [1] } }] }, 'sizing[0].value must be a number'],
    [{ sizing: [{ parameter: 'gone', value: 1 }] }, 'sizing sets gone, which version 1.0 does not have'],
    [
      { versions: [{ ...good.versions[0], parameters: [{ ...pool, type: 'number' }] }], sizing: [] },
      'versions[0].parameters[0].type must be one of integer, float, string, boolean; it is number.',
    ],
    [{ extra: 1 }, 'extra is not a key of a manifest'],
  ])('says what is wrong with %j', (change, sentence) => {
    expect(faultsOf(change)).toContain(sentence);
    expect(faultsOf(change)).toMatch(/has 1 fault/);
  });

  it('names every fault, not only the first', () => {
    expect(faultsOf({ port: 'x', title: '', minMemoryMib: 0.5 })).toMatch(/3 fault\(s\): title.*port.*minMemoryMib/);
    expect(faultsOf({ names: [] })).toContain(
      'names must be an object; it is []. names.password must be an object; it is missing.',
    );
    expect(() => parseManifest(null)).toThrow(/the manifest must be an object/);
  });
});
