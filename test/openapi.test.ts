import { execFile } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { describe, expect, expectTypeOf, it, onTestFinished } from 'vitest';
import type { Instance } from '../packages/core/src/api/types.ts';
import type { InstanceStatus, OperatingStatus } from '../packages/core/src/status.ts';
import { bundle, findStale, generate, lint, SOURCE } from '../scripts/openapi.mjs';

const document = bundle();

describe('the OpenAPI document', () => {
  it('lints, and every example in it fits its schema', async () => {
    expect(await lint(document)).toEqual([]);
  });

  it('is what the generated files were made from', async () => {
    expect(findStale(await generate(document))).toEqual([]);
  });

  it('spells the statuses as the status table does', () => {
    expectTypeOf<Instance['status']>().toEqualTypeOf<InstanceStatus>();
    expectTypeOf<Instance['operating_status']>().toEqualTypeOf<OperatingStatus>();
  });
});

describe('the linter', () => {
  /** A flaw, the text it replaces in the bundled document and what with, and what is said of it. */
  const flaws: readonly [string, string, string, RegExp][] = [
    [
      'an operation id used twice',
      '"operationId":"listFlavors"',
      '"operationId":"listDatastores"',
      /operationId listDatastores is also that of/,
    ],
    ['an operation without a summary', '"summary":"List flavors",', '', /GET \S+flavors has no summary/],
    ['an unknown tag', '"tags":["flavors"]', '"tags":["flavours"]', /tag flavours is not in openapi.yaml/],
    [
      'a path parameter that the path has not',
      '"name":"flavor_id"',
      '"name":"flavor"',
      /its path has \{project_id,flavor_id\}, its parameters \{project_id,flavor\}/,
    ],
    ['a missing 401', '"401":{"$ref":"#/components/responses/Unauthorized"},', '', /does not list 401/],
    [
      'a body without 415',
      '"415":{"$ref":"#/components/responses/UnsupportedMediaType"},',
      '',
      /POST \S+ does not list 415/,
    ],
    [
      'a property without a description',
      '"description":"Memory in MB.",',
      '',
      /Flavor\/properties\/ram has no description/,
    ],
    [
      'a keyword that JSON schema has not',
      '"maxLength":40',
      '"maximumLength":40',
      /VolSize: strict mode: unknown keyword/,
    ],
    ['a pattern that is none', '"pattern":"^%?[', '"pattern":"^%?([', /Host: /],
    [
      'an example that does not fit',
      '"example":{"databases":[{"name":"shop","character_set"',
      '"example":{"databases":[{"name":"","character_set"',
      /example\/databases\/0\/name must NOT have fewer than 1 characters/,
    ],
    ['a body without an example', '"example":{"flavor":{', '"x-example":{"flavor":{', /has no example/],
    ['what is not OpenAPI', '"in":"path"', '"in":"the path"', /not OpenAPI 3.1.0/],
  ];
  it.each(flaws)('finds %s', async (_, from, to, sentence) => {
    const text = JSON.stringify(document);
    expect(text).toContain(from);
    const wrong = await lint(JSON.parse(text.replace(from, () => to)));
    expect(wrong.join('\n')).toMatch(sentence);
  });

  /** The folder with one file changed. */
  const changed = (file: string, from: string, to: string): string => {
    const folder = mkdtempSync(join(tmpdir(), 'coffer-openapi-'));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    cpSync(SOURCE, folder, { recursive: true });
    const text = readFileSync(join(folder, file), 'utf8');
    expect(text).toContain(from);
    writeFileSync(join(folder, file), text.replace(from, to));
    return folder;
  };

  it('refuses references that lead nowhere and names that two files use', () => {
    expect(() =>
      bundle(changed('paths/flavors.yaml', 'flavors.yaml#/schemas/Flavor"', 'flavors.yaml#/schemas/Flavour"')),
    ).toThrow('paths/flavors.yaml: reference ../schemas/flavors.yaml#/schemas/Flavour leads nowhere');
    expect(() => bundle(changed('openapi.yaml', 'flavors.yaml#/flavors', 'flavors.yaml#/flavours'))).toThrow(
      'openapi.yaml: /v1.0/{project_id}/flavors: reference paths/flavors.yaml#/flavours leads nowhere',
    );
    expect(() => bundle(changed('schemas/users.yaml', '  UserList:', '  DatabaseList:'))).toThrow(
      'schemas/users.yaml: schemas/DatabaseList is also in another file',
    );
  });

  it('exits 0 with --check when all is well', async () => {
    const script = join(SOURCE, '../scripts/openapi.mjs');
    expect(await promisify(execFile)(process.execPath, [script, '--check'])).toEqual({ stdout: '', stderr: '' });
  });
});

describe('what a request may say', () => {
  const ajv = new Ajv2020({ strict: true });
  ajv.addVocabulary(Object.keys(document));
  ajv.addSchema(document, 'https://coffer.invalid/openapi.json');
  const accepts = (name: string, value: unknown): unknown =>
    ajv.validate(`https://coffer.invalid/openapi.json#/components/schemas/${name}`, value);

  const uuid = '0B6f1c9e-7f0e-4b8e-9a51-0d0e6c2f3a44';
  const rules: readonly [string, readonly unknown[], readonly unknown[]][] = [
    ['Uuid', [uuid, uuid.toLowerCase()], [uuid.replaceAll('-', ''), `urn:uuid:${uuid}`, `${uuid}\n`, 7, null]],
    [
      'Name255',
      ['a', '7', '"; drop', 'ü1', 'a'.repeat(255), '1😀'],
      ['', '---', '😀', 'a'.repeat(256), 'a\u0000', 'a\nb', 'a\ud800', 7, null],
    ],
    ['NameAny', ['a', 'a'.repeat(300)], ['', '%', 'a\u0000', null]],
    ['FlavorRef', ['2', 2, 'http://cloud/flavors/2'], ['', '-', 1.5, true, null, {}]],
    [
      'VolSize',
      [1, 5, '5', '005', '9'.repeat(40)],
      [0, -1, '0', '000', '1.5', 1.5, true, 'x', '', '5 ', '9'.repeat(41), null],
    ],
    ['Flag01', [0, 1], [2, true, false, '1', null]],
    ['Host', ['%', 'h', '10.0.0.%', '%.example.org', '(a_b)'], ['', 'a%b', 'a-b', 'a:b', 'a/b', '%%%', 7]],
    [
      'Cidr4',
      ['10.0.0.1', '10.0.0.0/8', '999.0.0.0/0', '1.2.3.4/32'],
      ['10.0.0.0/33', '10.0.0', '::1', '10.0.0.0/', ''],
    ],
    ['Ipv4', ['10.0.0.1', '255.255.255.255'], ['256.0.0.1', '10.0.0', '10.0.0.0/8', '']],
    [
      'NewDatabases',
      [{ databases: [] }, { databases: [{ name: 'a', other: 1 }] }],
      [{}, [], { databases: null }, { databases: [{}] }, { databases: [{ name: 'a', collate: '' }] }],
    ],
    [
      'NewUsers',
      [{ users: [{ name: 'a', password: 'b', databases: [] }] }],
      [
        { users: [{ name: 'a' }] },
        { users: [{ name: 'a', password: 'b', databases: [{ name: 'd' }, { name: 'd' }] }] },
        { users: {} },
      ],
    ],
    [
      'UserUpdate',
      [{ user: { name: 'a' } }, { user: { host: '%', other: 1 } }],
      [{}, { user: {} }, { user: { name: '' } }, { user: { password: null } }],
    ],
    ['Grants', [{ databases: [] }, { databases: [{ name: 'a' }] }], [{}, { databases: [{}] }, { databases: ['a'] }]],
    ['RootPassword', [{}, { password: '' }], [null, [], { password: 7 }]],
  ];
  it.each(rules)('%s', (name, good, bad) => {
    for (const value of good) expect(accepts(name, value), JSON.stringify(value)).toBe(true);
    for (const value of bad) expect(accepts(name, value), JSON.stringify(value)).toBe(false);
  });

  it('decides on a name of a mebibyte at once', () => {
    const since = performance.now();
    for (const end of ['\u0000', '\n', '!']) accepts('NameAny', `${'a'.repeat(1024 * 1024)}${end}`);
    expect(performance.now() - since).toBeLessThan(1000);
  });

  const instance = { name: 'orders', flavorRef: '2', volume: { size: 5 } };
  const creates: readonly [string, object, boolean][] = [
    ['what the command line sends', { volume: { size: 5, type: null }, access: { is_public: false } }, true],
    ['unknown keys', { colour: 'red', datastore: { type: 'mysql', other: 1 }, access: { other: 1 } }, true],
    ['a name as a number', { name: 7 }, false],
    ['no volume size', { volume: {} }, false],
    ['a network', { nics: [{ 'net-id': uuid, subnet_id: uuid, ip_address: '10.0.0.5' }] }, true],
    ['two networks', { nics: [{ network_id: uuid }, { network_id: uuid }] }, false],
    ['a port, which is not among the keys of a network', { nics: [{ 'port-id': uuid }] }, false],
    ['a backup', { restorePoint: { backupRef: uuid } }, true],
    ['a backup that is no id', { restorePoint: { backupRef: 'x' } }, false],
    ['a source by name', { replica_of: 'orders' }, false],
    ['three replicas', { replica_of: uuid, replica_count: 3 }, true],
    ['four replicas', { replica_of: uuid, replica_count: 4 }, false],
    ['a configuration by URL', { configuration: 'http://db/configurations/1' }, true],
    ['no configuration', { configuration: null, configuration_id: null }, true],
    ['a configuration that is a list', { configuration: [] }, false],
    ['an unknown locality', { locality: 'far' }, false],
    ['a network twice in access', { access: { allowed_cidrs: ['10.0.0.0/8', '10.0.0.0/8'] } }, false],
    ['modules', { modules: [{ id: uuid }] }, true],
  ];
  it.each(creates)('createInstance with %s', (_, more, isGood) => {
    expect(accepts('NewInstanceBody', { instance: { ...instance, ...more } })).toBe(isGood);
  });
});
