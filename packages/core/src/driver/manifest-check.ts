import { Problem } from '../problem.ts';
import {
  CAPABILITY_GROUPS,
  type CapabilityGroup,
  type DriverManifest,
  type ManifestParameter,
  type ManifestVersion,
  type NameRule,
  type SizingExpression,
  type SizingRule,
} from './manifest.ts';

/** Reads one object of a manifest: every method gives a usable value and notes a sentence when the given one is not. */
class Fields {
  readonly #value: Record<string, unknown>;
  readonly #at: string;
  readonly #faults: string[];
  readonly #known = new Set<string>();

  constructor(value: unknown, at: string, faults: string[]) {
    this.#value = isObject(value) ? value : {};
    this.#at = at;
    this.#faults = faults;
    if (!isObject(value)) this.#fault('', 'an object', value);
  }

  #fault(key: string, wanted: string, found: unknown): void {
    const path = [this.#at, key].filter((part) => part !== '').join('.');
    const shown =
      found === undefined ? 'it is missing' : `it is ${(JSON.stringify(found) ?? typeof found).slice(0, 80)}`;
    this.#faults.push(`${path === '' ? 'the manifest' : path} must be ${wanted}; ${shown}.`);
  }

  #read<T>(key: string, wanted: string, accepts: (value: unknown) => value is T, fallback: T): T {
    this.#known.add(key);
    const value = Object.hasOwn(this.#value, key) ? this.#value[key] : undefined;
    if (accepts(value)) return value;
    this.#fault(key, wanted, value);
    return fallback;
  }

  has(key: string): boolean {
    this.#known.add(key);
    return Object.hasOwn(this.#value, key);
  }

  text(key: string): string {
    return this.#read(
      key,
      'a text that is not empty',
      (value): value is string => typeof value === 'string' && value !== '',
      '',
    );
  }

  flag(key: string): boolean {
    return this.#read(key, 'true or false', (value) => typeof value === 'boolean', false);
  }

  number(key: string): number {
    return this.#read(
      key,
      'a number',
      (value): value is number => typeof value === 'number' && Number.isFinite(value),
      0,
    );
  }

  count(key: string, least: number, most = Number.MAX_SAFE_INTEGER): number {
    const wanted =
      most === Number.MAX_SAFE_INTEGER
        ? `a whole number of ${least} or more`
        : `a whole number from ${least} to ${most}`;
    return this.#read(
      key,
      wanted,
      (value): value is number => Number.isInteger(value) && Number(value) >= least && Number(value) <= most,
      least,
    );
  }

  scalar(key: string): string | number | boolean {
    return this.#read(
      key,
      'a text, a number, true or false',
      (value): value is string | number | boolean =>
        ['string', 'boolean'].includes(typeof value) || (typeof value === 'number' && Number.isFinite(value)),
      '',
    );
  }

  texts(key: string): string[] {
    return this.#read(key, 'a list of texts', isTexts, []);
  }

  list<T>(key: string, item: (value: unknown, at: string, faults: string[]) => T): T[] {
    const values = this.#read(key, 'a list', (value): value is unknown[] => Array.isArray(value), []);
    return values.map((value, index) => item(value, `${this.path(key)}[${index}]`, this.#faults));
  }

  fields(key: string): Fields {
    return new Fields(this.#read(key, 'an object', isObject, {}), this.path(key), this.#faults);
  }

  raw(key: string): unknown {
    this.#known.add(key);
    return this.#value[key];
  }

  keys(): string[] {
    return Object.keys(this.#value);
  }

  path(key: string): string {
    return this.#at === '' ? key : `${this.#at}.${key}`;
  }

  say(sentence: string): void {
    this.#faults.push(sentence);
  }

  /** Notes what nobody asked for: a misspelt optional key would otherwise be lost in silence. */
  end(): void {
    for (const key of Object.keys(this.#value)) {
      if (!this.#known.has(key))
        this.say(`${this.path(key)} is not a key of a manifest; known here: ${[...this.#known].join(', ')}.`);
    }
  }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isTexts(value: unknown): value is string[] {
  return Array.isArray(value) && value.every((entry) => typeof entry === 'string');
}

function nameRule(fields: Fields): NameRule {
  const rule: NameRule = { maxCharacters: fields.count('maxCharacters', 1) };
  if (fields.has('maxBytes')) rule.maxBytes = fields.count('maxBytes', 1);
  if (fields.has('escaped')) rule.escaped = fields.text('escaped');
  if (fields.has('forbidden')) rule.forbidden = fields.text('forbidden');
  if (fields.has('forbiddenAtEdges')) rule.forbiddenAtEdges = fields.text('forbiddenAtEdges');
  if (fields.has('forbiddenPrefixes')) rule.forbiddenPrefixes = fields.texts('forbiddenPrefixes');
  fields.end();
  return rule;
}

function version(value: unknown, at: string, faults: string[]): ManifestVersion {
  const fields = new Fields(value, at, faults);
  const parsed: ManifestVersion = {
    name: fields.text('name'),
    number: fields.text('number'),
    image: fields.text('image'),
    active: fields.flag('active'),
    parameters: fields.list('parameters', parameter),
  };
  duplicates(
    parsed.parameters.map((entry) => entry.name),
    `${at}.parameters`,
    faults,
  );
  if (fields.has('registry')) parsed.registry = fields.text('registry');
  if (fields.has('digest')) {
    parsed.digest = fields.text('digest');
    if (!/^sha256:[0-9a-f]{64}$/.test(parsed.digest))
      fields.say(`${at}.digest must be sha256: and 64 hexadecimal digits; it is ${parsed.digest}.`);
  }
  if (fields.has('default')) parsed.default = fields.flag('default');
  if (fields.has('charsets')) parsed.charsets = charsets(fields.fields('charsets'));
  fields.end();
  return parsed;
}

function expression(value: unknown, at: string, faults: string[]): SizingExpression {
  if (typeof value === 'number' && Number.isFinite(value)) return value;
  if (value === 'memoryMib' || value === 'vcpus') return value;
  const [entry, ...others] = isObject(value) ? Object.entries(value) : [];
  if (entry !== undefined && others.length === 0 && Array.isArray(entry[1]) && entry[1].length > 0) {
    const operands = entry[1].map((operand, index) => expression(operand, `${at}.${entry[0]}[${index}]`, faults));
    const [left, right] = operands;
    const isPair = operands.length === 2 && left !== undefined && right !== undefined;
    if (entry[0] === 'add') return { add: operands };
    if (entry[0] === 'mul') return { mul: operands };
    if (entry[0] === 'min') return { min: operands };
    if (entry[0] === 'max') return { max: operands };
    if (entry[0] === 'sub' && isPair) return { sub: [left, right] };
    if (entry[0] === 'div' && isPair) return { div: [left, right] };
  }
  faults.push(
    `${at} must be a number, memoryMib, vcpus, or one of add, mul, min, max over a list and sub, div over two.`,
  );
  return 0;
}

function sizingRule(value: unknown, at: string, faults: string[]): SizingRule {
  const fields = new Fields(value, at, faults);
  const raw = fields.raw('value');
  const isPlain = typeof raw === 'boolean' || typeof raw === 'string';
  const rule: SizingRule = {
    parameter: fields.text('parameter'),
    value: isPlain ? raw : expression(raw, `${at}.value`, faults),
  };
  if (fields.has('belowMemoryMib')) rule.belowMemoryMib = fields.count('belowMemoryMib', 1);
  fields.end();
  return rule;
}

const PARAMETER_TYPES = [
  'integer',
  'float',
  'string',
  'boolean',
] as const satisfies readonly ManifestParameter['type'][];

function parameter(value: unknown, at: string, faults: string[]): ManifestParameter {
  const fields = new Fields(value, at, faults);
  const named = fields.text('type');
  const type = PARAMETER_TYPES.find((known) => known === named);
  if (type === undefined && named !== '')
    fields.say(`${at}.type must be one of ${PARAMETER_TYPES.join(', ')}; it is ${named}.`);
  const parsed: ManifestParameter = {
    name: fields.text('name'),
    type: type ?? 'string',
    restartRequired: fields.flag('restartRequired'),
  };
  if (fields.has('min')) parsed.min = fields.number('min');
  if (fields.has('max')) parsed.max = fields.number('max');
  if (fields.has('step')) parsed.step = fields.number('step');
  if (fields.has('roundsUp')) parsed.roundsUp = fields.flag('roundsUp');
  if (fields.has('maxByFlavor'))
    parsed.maxByFlavor = expression(fields.raw('maxByFlavor'), `${at}.maxByFlavor`, faults);
  if (fields.has('enum')) parsed.enum = fields.texts('enum');
  if (fields.has('isList')) parsed.isList = fields.flag('isList');
  if (fields.has('unit')) parsed.unit = fields.text('unit');
  if (fields.has('default')) parsed.default = fields.scalar('default');
  if (fields.has('operatorOnly')) parsed.operatorOnly = fields.flag('operatorOnly');
  if (fields.has('description')) parsed.description = fields.text('description');
  fields.end();
  return parsed;
}

function charsets(fields: Fields): Record<string, string[]> {
  const parsed: Record<string, string[]> = {};
  for (const name of fields.keys()) {
    parsed[name] = fields.texts(name);
    if (parsed[name].length === 0)
      fields.say(`${fields.path(name)} must list at least one collation, its default first.`);
  }
  return parsed;
}

function group(value: unknown, at: string, faults: string[]): CapabilityGroup | undefined {
  const known = CAPABILITY_GROUPS.find((name) => name === value);
  if (known === undefined)
    faults.push(`${at} must be one of ${CAPABILITY_GROUPS.join(', ')}; it is ${JSON.stringify(value)}.`);
  return known;
}

function duplicates(names: readonly string[], what: string, faults: string[]): void {
  for (const name of new Set(names.filter((name, index) => names.indexOf(name) !== index)))
    faults.push(`${what} names ${name} more than once.`);
}

/**
 * A `manifest.json` as it was read from a file or a wire.
 * @throws Problem `bad_request` with one sentence for every fault, not only for the first
 */
export function parseManifest(value: unknown): DriverManifest {
  const faults: string[] = [];
  const fields = new Fields(value, '', faults);
  if (fields.raw('api') !== 1)
    faults.push(`api must be 1, the format that this build knows; it is ${JSON.stringify(fields.raw('api'))}.`);
  const names = fields.fields('names');
  const password = names.fields('password');
  const reserved = fields.fields('reserved');
  const manifest: DriverManifest = {
    api: 1,
    datastore: fields.text('datastore'),
    title: fields.text('title'),
    versions: fields.list('versions', version),
    port: fields.count('port', 1, 65_535),
    groups: fields.list('groups', group).filter((name) => name !== undefined),
    minMemoryMib: fields.count('minMemoryMib', 1),
    names: {
      database: nameRule(names.fields('database')),
      user: nameRule(names.fields('user')),
      password: { minBytes: password.count('minBytes', 0), maxBytes: password.count('maxBytes', 1) },
      hosts: names.flag('hosts'),
    },
    reserved: { databases: reserved.texts('databases'), users: reserved.texts('users') },
    charsets: charsets(fields.fields('charsets')),
    sizing: fields.list('sizing', sizingRule),
  };
  if (fields.has('socket')) {
    manifest.socket = fields.text('socket');
    if (!manifest.socket.startsWith('/')) faults.push(`socket must be an absolute path; it is ${manifest.socket}.`);
  }
  if (fields.has('defaultCharset')) {
    manifest.defaultCharset = fields.text('defaultCharset');
    if (!Object.hasOwn(manifest.charsets, manifest.defaultCharset))
      faults.push(`defaultCharset ${manifest.defaultCharset} is not among charsets.`);
  }
  for (const part of [password, names, reserved, fields]) part.end();

  if (!/^[a-z][a-z0-9-]{0,62}$/.test(manifest.datastore)) {
    faults.push(
      `datastore must be lower-case letters, digits and hyphens; it is ${JSON.stringify(manifest.datastore)}.`,
    );
  }
  duplicates(manifest.groups, 'groups', faults);
  duplicates(
    manifest.versions.map((entry) => entry.name),
    'versions',
    faults,
  );
  for (const { name, parameters } of manifest.versions) {
    const known = new Set(parameters.map((entry) => entry.name));
    for (const rule of manifest.sizing)
      if (!known.has(rule.parameter))
        faults.push(`sizing sets ${rule.parameter}, which version ${name} does not have.`);
  }
  if (manifest.versions.filter((entry) => entry.default).length !== 1)
    faults.push('versions must have one, and only one, with default: true.');
  if (faults.length > 0)
    throw new Problem('bad_request', `the manifest has ${faults.length} fault(s): ${faults.join(' ')}`);
  return manifest;
}
