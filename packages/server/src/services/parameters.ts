import { Problem } from '@coffer/core';
import { type ManifestParameter, parameterFaults, type Settings, type SizingInput } from '@coffer/core/driver';
import type { DatastoreVersion } from '../store/datastores.ts';
import { type Actor, quoted } from './actor.ts';

/** Characters of a text value. */
const LONGEST = 128;

/** What can be set in a version. */
export const catalogueOf = ({
  manifest,
  name,
  number,
}: Pick<DatastoreVersion, 'manifest' | 'name' | 'number'>): readonly ManifestParameter[] =>
  manifest.versions.find((one) => one.name === name && one.number === number)?.parameters ?? [];

const whoIs = (actor: Actor) => (actor.isAdmin ? 'operator' : 'tenant');

/** What the caller may set, by name. */
export const visibleParameters = (actor: Actor, version: DatastoreVersion): ManifestParameter[] =>
  catalogueOf(version)
    .filter(({ operatorOnly }) => actor.isAdmin || !operatorOnly)
    .sort((a, b) => (a.name < b.name ? -1 : 1));

/** In any letter case. @throws Problem `not_found`. */
export function findParameter(actor: Actor, version: DatastoreVersion, name: string): ManifestParameter {
  const folded = name.toLowerCase();
  const found = visibleParameters(actor, version).find((parameter) => parameter.name.toLowerCase() === folded);
  if (!found)
    throw new Problem(
      'not_found',
      `Parameter ${quoted(name)} of ${version.datastoreName} ${version.name} was not found; list the parameters to see which there are.`,
    );
  return found;
}

/** @throws Problem `bad_request`. */
function checkLengths(given: Readonly<Record<string, unknown>>): void {
  for (const [name, value] of Object.entries(given)) {
    if (typeof value === 'string' && value.length > LONGEST)
      throw new Problem(
        'bad_request',
        `configuration.values.${name} has ${value.length} characters; at most ${LONGEST} are allowed.`,
      );
  }
}

/**
 * Values as the API takes them: names in any letter case, nothing converted.
 * @returns the same under the names that the datastore has.
 * @throws Problem `invalid_value` with one sentence for each that is wrong; `bad_request` for what is too long to be kept.
 */
export function readValues(
  actor: Actor,
  version: DatastoreVersion,
  given: Readonly<Record<string, unknown>>,
): Settings {
  checkLengths(given);
  const catalogue = catalogueOf(version);
  const canonical = new Map(catalogue.map(({ name }) => [name.toLowerCase(), name]));
  const named = new Map<string, unknown>();
  const faults: string[] = [];
  for (const [key, value] of Object.entries(given)) {
    const name = canonical.get(key.toLowerCase()) ?? key;
    if (named.has(name)) faults.push(`Parameter ${name} is given twice, in different letter case; give it once.`);
    named.set(name, value);
    if (typeof value === 'string' && !value.isWellFormed())
      faults.push(`Parameter ${quoted(name)} holds half of a surrogate pair; give well-formed Unicode.`);
  }
  const values = Object.fromEntries(named);
  faults.push(...parameterFaults(catalogue, values, { as: whoIs(actor) }));
  if (faults.length > 0) throw new Problem('invalid_value', faults.join(' '));
  return values as Settings;
}

/**
 * That the values hold for an instance of this size too.
 * @throws Problem `invalid_value` naming the instance and each value.
 */
export function checkFlavor(version: DatastoreVersion, values: Settings, flavor: SizingInput, instance: string): void {
  const faults = parameterFaults(catalogueOf(version), values, { as: 'operator', flavor });
  if (faults.length > 0) throw new Problem('invalid_value', `${instance}: ${faults.join(' ')}`);
}
