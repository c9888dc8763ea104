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
}

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
  value: SizingExpression | string | boolean;
  /** Appended to the number, e.g. `M`. */
  unit?: string;
}

export interface ManifestParameter {
  name: string;
  type: 'integer' | 'float' | 'string' | 'boolean';
  min?: number;
  max?: number;
  enum?: readonly string[];
  unit?: string;
  restartRequired: boolean;
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
  /** Character set to its collations, the default first in each list. Empty when the datastore has none to choose. */
  charsets: Readonly<Record<string, readonly string[]>>;
  defaultCharset?: string;
  sizing: readonly SizingRule[];
  parameters: readonly ManifestParameter[];
}
