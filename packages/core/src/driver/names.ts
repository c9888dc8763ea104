import { Problem } from '../problem.ts';
import type { DatabaseSpec } from './databases.ts';
import type { DriverManifest, NameRule } from './manifest.ts';
import type { UserAlteration, UserChanges, UserName, UserSpec } from './users.ts';

/** The service's account in every database; manifests reserve it. */
export const SERVICE_ACCOUNT = 'os_admin';

/** The tenant's administrator in every database, where it was enabled; manifests reserve it. */
export const ROOT_ACCOUNT = 'root';

/** Longest host that an engine of ours stores, in characters. */
const MAX_HOST_CHARACTERS = 255;

/** A value as it may stand in a message: quoted, control characters escaped, cut after 80 characters. */
function shown(value: string): string {
  const points = [...value];
  return JSON.stringify(points.length > 80 ? `${points.slice(0, 80).join('')}…` : value);
}

function refuse(field: string, value: string, why: string): never {
  throw new Problem('bad_request', `${field} ${shown(value)} is not allowed: ${why}`);
}

const utf8Bytes = (value: string): number => new TextEncoder().encode(value).length;

/**
 * What no engine of ours stores as it is written. A character beyond the BMP becomes `?` in MySQL's account and schema tables,
 * so two different names would collide; a lone surrogate is no text at all; NUL ends strings in C.
 */
function checkText(field: string, value: string): void {
  if (value.includes('\0')) refuse(field, value, 'it contains NUL (U+0000); leave it out');
  const beyond = [...value].find((character) => (character.codePointAt(0) ?? 0) > 0xffff || !character.isWellFormed());
  if (beyond !== undefined) {
    const point = (beyond.codePointAt(0) ?? 0).toString(16).toUpperCase();
    refuse(field, value, `U+${point} would be stored as another character; use characters up to U+FFFF`);
  }
}

function checkRule(rule: NameRule, field: string, value: string): void {
  if (value === '') refuse(field, value, 'it is empty; give 1 character or more');
  checkText(field, value);
  const characters = [...value];
  if (characters.length > rule.maxCharacters) {
    refuse(field, value, `it has ${characters.length} characters; at most ${rule.maxCharacters} are allowed`);
  }
  const escapes = characters.filter((character) => rule.escaped?.includes(character)).length;
  if (characters.length + escapes > rule.maxCharacters) {
    const counted = `each of ${shown(rule.escaped ?? '')} counts twice`;
    refuse(
      field,
      value,
      `it counts ${characters.length + escapes} characters, as ${counted}; at most ${rule.maxCharacters} are allowed`,
    );
  }
  if (rule.maxBytes !== undefined && utf8Bytes(value) > rule.maxBytes) {
    refuse(field, value, `it has ${utf8Bytes(value)} bytes in UTF-8; at most ${rule.maxBytes} are allowed`);
  }
  const forbidden = characters.find((character) => rule.forbidden?.includes(character));
  if (forbidden !== undefined)
    refuse(field, value, `it contains ${shown(forbidden)}; none of ${shown(rule.forbidden ?? '')} may be used`);
  const edge = [characters.at(0) ?? '', characters.at(-1) ?? ''].find((character) =>
    rule.forbiddenAtEdges?.includes(character),
  );
  if (edge !== undefined)
    refuse(field, value, `it begins or ends with ${shown(edge)}, which would not be kept; leave it out`);
  const prefix = rule.forbiddenPrefixes?.find((start) => value.startsWith(start));
  if (prefix !== undefined)
    refuse(field, value, `names that begin with ${shown(prefix)} mean something else to the database`);
}

/** Reserved names are refused in any letter case: engines differ in theirs, and `Root` beside `root` only misleads. */
function checkReserved(reserved: readonly string[], field: string, value: string): void {
  const folded = value.toLowerCase();
  if (reserved.some((name) => name.toLowerCase() === folded))
    refuse(field, value, 'the name is reserved; choose another');
}

/**
 * A database's name, on its way in or named for a call.
 * @param field how the caller's request names the value, for the message
 * @throws Problem `bad_request` naming the field, the value and what is allowed
 */
export function checkDatabaseName(manifest: DriverManifest, name: string, field = 'database name'): void {
  checkRule(manifest.names.database, field, name);
  checkReserved(manifest.reserved.databases, field, name);
}

/** @throws Problem `bad_request` */
export function checkUserName(manifest: DriverManifest, name: string, field = 'user name'): void {
  checkRule(manifest.names.user, field, name);
  checkReserved(manifest.reserved.users, field, name);
}

const OCTET = '(?:25[0-5]|2[0-4]\\d|1\\d\\d|[1-9]?\\d)';
const IPV4 = `${OCTET}(?:\\.${OCTET}){3}`;
/** `%`; an IPv4 address, a network of them (CIDR or mask), or one that ends in wildcards; an IPv6 address or its beginning. */
const HOST_FORMS = [
  /^%$/,
  new RegExp(`^${IPV4}(?:/(?:${IPV4}|3[0-2]|[12]?\\d))?$`),
  new RegExp(`^(?:${OCTET}\\.){1,3}%$`),
  new RegExp(`^(?:${OCTET}\\.){1,3}${OCTET}%$`),
  /^(?=.*:)[0-9a-f:]{2,39}%?$/,
];

/**
 * From where a new user may log in. The databases resolve no names, so a host name would let nobody in: only addresses do.
 * The empty answer of a datastore without hosts is that the host is ignored, as its users expect.
 * @throws Problem `bad_request`
 */
export function checkHost(manifest: DriverManifest, host: string, field = 'host'): void {
  if (!manifest.names.hosts) return;
  if (HOST_FORMS.some((form) => form.test(host))) return;
  refuse(
    field,
    host,
    'give % for anywhere, an address (10.0.0.7), a network (10.0.0.0/255.255.255.0) or the beginning of one (10.0.%)',
  );
}

/**
 * A user that a call names. The host need not be one that {@link checkHost} lets in: whoever has another one got it from elsewhere,
 * and everybody else has none like it.
 * @throws Problem `bad_request`
 */
export function checkNamedUser(manifest: DriverManifest, { name, host }: UserName, field = 'user name'): void {
  checkUserName(manifest, name, field);
  if (host === undefined || !manifest.names.hosts) return;
  checkText('host', host);
  if (host.length > MAX_HOST_CHARACTERS) refuse('host', host, `it has more than ${MAX_HOST_CHARACTERS} characters`);
}

/**
 * A password. The message never shows it.
 * @throws Problem `bad_request`
 */
export function checkPassword(manifest: DriverManifest, password: string, field = 'password'): void {
  const { minBytes, maxBytes } = manifest.names.password;
  const fail = (why: string): never => {
    throw new Problem('bad_request', `${field} is not allowed: ${why}`);
  };
  if (password.includes('\0')) fail('it contains NUL (U+0000), with which nobody could log in; leave it out');
  if (!password.isWellFormed()) fail('it contains half of a surrogate pair; give well-formed Unicode');
  const bytes = utf8Bytes(password);
  if (bytes < minBytes || bytes > maxBytes) fail(`it has ${bytes} bytes in UTF-8; give ${minBytes} to ${maxBytes}`);
}

/**
 * A character set, a collation, or both, as the manifest lists them; names are compared without regard to case.
 * @throws Problem `bad_request`
 */
export function checkCharset(
  manifest: DriverManifest,
  chosen: { characterSet?: string; collation?: string },
  fields = { characterSet: 'character_set', collation: 'collate' },
): void {
  const sets = Object.keys(manifest.charsets);
  const characterSet = chosen.characterSet?.toLowerCase();
  const collation = chosen.collation?.toLowerCase();
  if (chosen.characterSet !== undefined && !sets.includes(characterSet ?? '')) {
    refuse(
      fields.characterSet,
      chosen.characterSet,
      `${manifest.datastore} has ${sets.length > 0 ? sets.join(', ') : 'none to choose'}`,
    );
  }
  if (chosen.collation === undefined) return;
  const candidates = characterSet === undefined ? sets : [characterSet];
  if (candidates.some((set) => manifest.charsets[set]?.includes(collation ?? ''))) return;
  const known = characterSet === undefined ? undefined : manifest.charsets[characterSet]?.slice(0, 5).join(', ');
  refuse(
    fields.collation,
    chosen.collation,
    known === undefined ? `${manifest.datastore} has no such collation` : `${characterSet} goes with ${known}, …`,
  );
}

function checkUnique(names: readonly string[], field: (index: number) => string): void {
  const first = new Map<string, number>();
  for (const [index, name] of names.entries()) {
    const earlier = first.get(name);
    if (earlier !== undefined) refuse(field(index), name, `${field(earlier)} is the same; name each once`);
    first.set(name, index);
  }
}

/**
 * Databases of one request, each by itself and against the others.
 * @throws Problem `bad_request` whose field is `databases[2].name` and the like
 */
export function checkDatabases(
  manifest: DriverManifest,
  databases: readonly DatabaseSpec[],
  field = 'databases',
): void {
  for (const [index, database] of databases.entries()) {
    checkDatabaseName(manifest, database.name, `${field}[${index}].name`);
    checkCharset(manifest, database, {
      characterSet: `${field}[${index}].character_set`,
      collation: `${field}[${index}].collate`,
    });
  }
  checkUnique(
    databases.map((database) => database.name),
    (index) => `${field}[${index}].name`,
  );
}

/** What tells a user from every other: the same name with another host is another user, where there are hosts. */
const accountOf = (manifest: DriverManifest, { name, host = '%' }: UserName): string =>
  manifest.names.hosts ? `${name}@${host.toLowerCase()}` : name;

/**
 * What a user is to become.
 * @throws Problem `bad_request` whose field is `user.password` and the like
 */
export function checkUserChanges(
  manifest: DriverManifest,
  { name, host, password }: UserChanges,
  field = 'user',
): void {
  if (name !== undefined) checkUserName(manifest, name, `${field}.name`);
  if (host !== undefined) checkHost(manifest, host, `${field}.host`);
  if (password !== undefined) checkPassword(manifest, password, `${field}.password`);
}

/**
 * Changes to several users in one request, each by itself and against the others.
 * @throws Problem `bad_request` whose field is `users[2].password` and the like
 */
export function checkAlterations(
  manifest: DriverManifest,
  alterations: readonly UserAlteration[],
  field = 'users',
): void {
  for (const [index, { user, changes }] of alterations.entries()) {
    checkNamedUser(manifest, user, `${field}[${index}].name`);
    checkUserChanges(manifest, changes, `${field}[${index}]`);
  }
  checkUnique(
    alterations.map(({ user }) => accountOf(manifest, user)),
    (index) => `${field}[${index}].name`,
  );
}

/**
 * Databases that a call names for a user, each once.
 * @throws Problem `bad_request` whose field is `databases[2].name` and the like
 */
export function checkDatabaseNames(manifest: DriverManifest, databases: readonly string[], field = 'databases'): void {
  for (const [index, name] of databases.entries()) checkDatabaseName(manifest, name, `${field}[${index}].name`);
  checkUnique(databases, (index) => `${field}[${index}].name`);
}

/**
 * Users of one request, each by itself and against the others; the same name with another host is another user.
 * @throws Problem `bad_request`
 */
export function checkUsers(manifest: DriverManifest, users: readonly UserSpec[], field = 'users'): void {
  for (const [index, user] of users.entries()) {
    const at = `${field}[${index}]`;
    checkUserName(manifest, user.name, `${at}.name`);
    if (user.host !== undefined) checkHost(manifest, user.host, `${at}.host`);
    checkPassword(manifest, user.password, `${at}.password`);
    checkDatabaseNames(manifest, user.databases, `${at}.databases`);
  }
  checkUnique(
    users.map((user) => accountOf(manifest, user)),
    (index) => `${field}[${index}].name`,
  );
}
