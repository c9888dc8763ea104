import { Problem } from '../problem.ts';

/** A group of operations that a driver may offer; code and manifest must agree. */
export const CAPABILITY_GROUPS = [
  'databases',
  'users',
  'root',
  'configuration',
  'backups',
  'replication',
  'upgrade',
  'logs',
  'tls',
  'metrics',
] as const;

export type CapabilityGroup = (typeof CAPABILITY_GROUPS)[number];

/** What a name must look like, checked before a driver is called: by the API, the agent and anybody else, with the same code. */
export interface NameRule {
  /** Unicode code points. */
  maxCharacters: number;
  /** UTF-8 bytes, where the engine counts bytes. */
  maxBytes?: number;
  /** Characters that count twice, as one string: the engine keeps rights on such a name with an escape before each. */
  escaped?: string;
  /** Characters refused wherever they stand, as one string. NUL and characters beyond the BMP are always refused. */
  forbidden?: string;
  /** Refused as first or last character, e.g. a space that the engine would strip. */
  forbiddenAtEdges?: string;
  /** Beginnings that the engine reads as something else, e.g. MySQL's `#mysql50#`. */
  forbiddenPrefixes?: readonly string[];
}

export interface ManifestVersion {
  /** Display name, e.g. `9.7`. */
  name: string;
  /** Version number, e.g. `9.7.4`. */
  number: string;
  /** Reference under which the guest's engine knows the image. */
  image: string;
  /** Where to pull it from, when a registry answers; the image's own reference when absent. */
  registry?: string;
  /** `sha256:…` that the pulled image must have. */
  digest?: string;
  /** Shown to users and creatable. */
  active: boolean;
  default?: boolean;
  /** What can be set in this version. */
  parameters: readonly ManifestParameter[];
  /** Of this version, where it differs from the others. */
  charsets?: Charsets;
}

/** Character set to its collations, the default first in each list. */
export type Charsets = Readonly<Record<string, readonly string[]>>;

/** Arithmetic over the flavor: a number, a variable, or one operator over operands. Results are rounded down to whole numbers. */
export type SizingExpression =
  | number
  | 'memoryMib'
  | 'vcpus'
  | { add: SizingExpression[] }
  | { sub: [SizingExpression, SizingExpression] }
  | { mul: SizingExpression[] }
  | { div: [SizingExpression, SizingExpression] }
  | { min: SizingExpression[] }
  | { max: SizingExpression[] };

/** A parameter's value computed from the flavor; the first rule whose bound holds wins. */
export interface SizingRule {
  parameter: string;
  /** Applies when the memory is below this many MiB; without it, always. */
  belowMemoryMib?: number;
  /** In the parameter's own type and unit. */
  value: SizingExpression | string | boolean;
}

/** A parameter that somebody may set. What nobody may set is not in the catalogue. */
export interface ManifestParameter {
  name: string;
  type: 'integer' | 'float' | 'string' | 'boolean';
  /** Least and greatest value of a number, both allowed. */
  min?: number;
  max?: number;
  /** The engine rounds down to a multiple of this; what it makes of a value is the same value. */
  step?: number;
  /** It rounds up instead. */
  roundsUp?: boolean;
  /** Greatest value as the flavor allows it: above it the database would not start, or die of hunger later. */
  maxByFlavor?: SizingExpression;
  /** Values of a string. */
  enum?: readonly string[];
  /** The string is a list, its entries from `enum`, separated by commas. */
  isList?: boolean;
  /** What a bare number counts, in the engine's words: `ms`, `8kB`, `bytes`. */
  unit?: string;
  /** The engine's own default, where it is the same everywhere. */
  default?: string | number | boolean;
  /** In force only after the database has started anew. */
  restartRequired: boolean;
  /** Not for tenants. */
  operatorOnly?: boolean;
  /** What it does, in a sentence. */
  description?: string;
}

/** All that the server must know of a datastore, as data: `manifest.json` beside the driver. */
export interface DriverManifest {
  /** Version of this format and of the driver interface. */
  api: 1;
  /** Name of the datastore, as users write it. */
  datastore: string;
  title: string;
  versions: readonly ManifestVersion[];
  /** TCP port that clients use. */
  port: number;
  /** Absolute path of the database's Unix socket inside its container, where it has one. */
  socket?: string;
  groups: readonly CapabilityGroup[];
  /** A flavor with less memory than this (MiB) is refused. */
  minMemoryMib: number;
  names: {
    database: NameRule;
    user: NameRule;
    /** UTF-8 bytes. */
    password: { minBytes: number; maxBytes: number };
    /** Whether accounts have a host part. */
    hosts: boolean;
  };
  reserved: { databases: readonly string[]; users: readonly string[] };
  /** Empty when the datastore has none to choose. */
  charsets: Charsets;
  defaultCharset?: string;
  sizing: readonly SizingRule[];
}

/**
 * The manifest as it holds for one version.
 * @throws Problem `not_found` naming the versions that there are
 */
export function ofVersion(manifest: DriverManifest, name: string): DriverManifest & { version: ManifestVersion } {
  const version = manifest.versions.find((known) => known.name === name);
  if (version === undefined) {
    const known = manifest.versions.map((one) => one.name).join(', ');
    throw new Problem('not_found', `${manifest.title} has no version ${JSON.stringify(name)}; known: ${known}`);
  }
  return { ...manifest, charsets: version.charsets ?? manifest.charsets, version };
}
