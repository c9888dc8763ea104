import { Problem } from '../problem.ts';
import type { ParameterValue } from './configuration.ts';
import type { ManifestParameter } from './manifest.ts';
import { compute, type SizingInput } from './sizing.ts';

/** A value as it may stand in a message. */
const shown = (value: unknown): string => (JSON.stringify(value) ?? typeof value).slice(0, 80);

/** Entries of a list, as engines read them: spaces around commas do not count. */
const entriesOf = (value: string): string[] =>
  value
    .split(',')
    .map((entry) => entry.trim())
    .filter((entry) => entry !== '');

export interface ParameterRules {
  /** Who asks. Default `tenant`. */
  as?: 'tenant' | 'operator';
  /** Where the values are for instances of one flavor, its bounds hold too. */
  flavor?: SizingInput;
}

/** @returns what is wrong with one value, as the end of a sentence; undefined when nothing is */
function faultOf(parameter: ManifestParameter, value: unknown, flavor?: SizingInput): string | undefined {
  const { type } = parameter;
  if (type === 'boolean') return typeof value === 'boolean' ? undefined : 'it must be true or false';
  if (type === 'string') {
    if (typeof value !== 'string') return 'it must be a text';
    // A line break would begin another parameter in the engines' files.
    if ([...value].some((character) => character < ' ' || character === '\x7f'))
      return 'it holds a control character; leave it out';
    if (parameter.enum === undefined) return undefined;
    const known = new Set(parameter.enum.map((entry) => entry.toLowerCase()));
    const given = parameter.isList ? entriesOf(value) : [value];
    const unknown = given.find((entry) => !known.has(entry.toLowerCase()));
    return unknown === undefined
      ? undefined
      : `${parameter.isList ? `${shown(unknown)} is none of its entries` : 'it must be one of these'}: ${parameter.enum.join(', ')}`;
  }
  if (typeof value !== 'number' || !Number.isFinite(value)) return 'it must be a number';
  if (type === 'integer' && !Number.isInteger(value)) return 'it must be a whole number';
  const unit = parameter.unit === undefined ? '' : ` (${parameter.unit})`;
  if (parameter.min !== undefined && value < parameter.min) return `the least is ${parameter.min}${unit}`;
  const most = [
    parameter.max,
    flavor && parameter.maxByFlavor !== undefined ? Math.floor(compute(parameter.maxByFlavor, flavor)) : undefined,
  ].filter((bound) => bound !== undefined);
  const bound = Math.min(...most);
  return value > bound
    ? `the greatest is ${bound}${unit}${bound === parameter.max ? '' : ' with this flavor'}`
    : undefined;
}

/**
 * Checks values against a version's catalogue, in the types of the manifest; nothing is converted.
 * @returns one sentence for each wrong value, naming parameter, value and what is allowed; empty when all are right
 */
export function parameterFaults(
  catalogue: readonly ManifestParameter[],
  values: Readonly<Record<string, unknown>>,
  { as = 'tenant', flavor }: ParameterRules = {},
): string[] {
  const known = new Map(catalogue.map((parameter) => [parameter.name, parameter]));
  return Object.entries(values).flatMap(([name, value]) => {
    const parameter = known.get(name);
    if (parameter === undefined) return [`Parameter ${shown(name)} is unknown to this version.`];
    if (parameter.operatorOnly && as !== 'operator') return [`Parameter ${name} can be set by the operator only.`];
    const fault = faultOf(parameter, value, flavor);
    return fault === undefined ? [] : [`Parameter ${name} cannot be ${shown(value)}: ${fault}.`];
  });
}

/** @throws Problem `bad_request` with every fault of {@link parameterFaults} */
export function checkParameters(
  catalogue: readonly ManifestParameter[],
  values: Readonly<Record<string, unknown>>,
  rules?: ParameterRules,
): asserts values is Readonly<Record<string, ParameterValue>> {
  const faults = parameterFaults(catalogue, values, rules);
  if (faults.length > 0) throw new Problem('bad_request', faults.join(' '));
}

/**
 * Whether two values of a parameter mean the same to the engine: texts by enum in any letter case, lists in any order, fractions
 * as far as a text of six digits tells them, numbers that the engine rounds to the same.
 */
export function isSameValue(parameter: ManifestParameter, left: ParameterValue, right: ParameterValue): boolean {
  if (left === right) return true;
  const { step } = parameter;
  if (step !== undefined && typeof left === 'number' && typeof right === 'number') {
    const rounded = parameter.roundsUp ? Math.ceil : Math.floor;
    return rounded(left / step) === rounded(right / step);
  }
  if (parameter.type === 'float')
    return Math.abs(Number(left) - Number(right)) <= 1e-6 * Math.max(1, Math.abs(Number(left)));
  if (typeof left !== 'string' || typeof right !== 'string' || parameter.enum === undefined) return false;
  const folded = (value: string): string =>
    parameter.isList ? entriesOf(value.toLowerCase()).sort().join(',') : value.toLowerCase();
  return folded(left) === folded(right);
}
