import type { ManifestParameter } from '@coffer/core/driver';

/** What the house says of parameters, beside what the server says: `policy.json` in the driver's folder. */
export interface ParameterPolicy {
  /** Names that nobody may set; `*` stands for any characters, and an entry with `!` before it takes names back. The last one counts. */
  leftOut: readonly string[];
  /** Names that tenants may not set; written like those that are left out. */
  operatorOnly: readonly string[];
  /** Fields that differ from what the server says; `null` takes one away. */
  parameters: Readonly<
    Record<string, { readonly [field in keyof ManifestParameter]?: ManifestParameter[field] | null }>
  >;
  /** Versions whose server is not at hand: these names out of another version's catalogue, without its defaults. */
  derived?: Readonly<Record<string, { from: string; names: readonly string[] }>>;
}

function matches(pattern: string, name: string): boolean {
  const parts = pattern.split('*').map((part) => part.replace(/[.+?^${}()|[\]\\]/g, '\\$&'));
  return new RegExp(`^${parts.join('.*')}$`).test(name);
}

function isListed(patterns: readonly string[], name: string): boolean {
  const last = patterns.findLast((pattern) => matches(pattern.replace(/^!/, ''), name));
  return last !== undefined && !last.startsWith('!');
}

/** JSON holds no greater whole number exactly, and nobody asks for one. */
const safe = (value: number): number => Math.min(Math.max(value, Number.MIN_SAFE_INTEGER), Number.MAX_SAFE_INTEGER);

function bounded(parameter: ManifestParameter): ManifestParameter {
  const { min, max, default: preset, ...rest } = parameter;
  return {
    ...rest,
    ...(min !== undefined && { min: safe(min) }),
    ...(max !== undefined && { max: safe(max) }),
    ...(preset !== undefined && !(typeof preset === 'number' && safe(preset) !== preset) && { default: preset }),
  };
}

/** Fields in this order, so that files differ only where something does. */
const FIELDS = [
  'name',
  'type',
  'min',
  'max',
  'step',
  'roundsUp',
  'maxByFlavor',
  'enum',
  'isList',
  'unit',
  'default',
  'restartRequired',
  'operatorOnly',
  'description',
] as const satisfies readonly (keyof ManifestParameter)[];

/**
 * The catalogue out of what the server says.
 * @throws Error naming entries of the policy that speak of no parameter: they are misspelt, or of another version
 */
export function applyPolicy(found: readonly ManifestParameter[], policy: ParameterPolicy): Record<string, unknown>[] {
  return found
    .filter(({ name }) => !isListed(policy.leftOut, name))
    .toSorted((left, right) => (left.name < right.name ? -1 : 1))
    .map((parameter) => {
      const { name } = parameter;
      const operator = isListed(policy.operatorOnly, name) ? { operatorOnly: true } : {};
      const merged: Record<string, unknown> = { ...bounded(parameter), ...operator, ...policy.parameters[name] };
      return Object.fromEntries(
        FIELDS.flatMap((field) =>
          merged[field] === undefined || merged[field] === null ? [] : [[field, merged[field]]],
        ),
      );
    });
}

/** Entries of the policy that speak of no parameter of any version: misspelt, or of a server that is gone. */
export function unusedEntries(policy: ParameterPolicy, names: readonly string[]): string[] {
  const patterns = [...policy.leftOut, ...policy.operatorOnly].map((pattern) => pattern.replace(/^!/, ''));
  return [...patterns, ...Object.keys(policy.parameters)].filter(
    (entry) => !names.some((name) => matches(entry, name)),
  );
}
