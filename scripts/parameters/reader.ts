import type { ManifestParameter } from '@coffer/core/driver';

/** A server that was started to be asked, and is thrown away. */
export interface TrialServer {
  /** Where it answers TCP on this machine. */
  port: number;
  /** Password of its administrator, as the image was given it. */
  password: string;
  /** Runs a program beside the server. @returns what it printed, both streams, whatever its exit code */
  exec(user: string, command: readonly string[]): Promise<string>;
}

/** How the server of one datastore is started and asked. One file a datastore, listed in `readers.ts`. */
export interface ParameterReader {
  /** Port of the server in its container. */
  port: number;
  /** Variables of the image that make it start with that password. */
  env(password: string): Readonly<Record<string, string>>;
  /** Arguments of the image: none of them may change what is read. */
  args: readonly string[];
  /** Every parameter that an option file can set, as the server itself tells it; @throws while the server is still starting */
  read(server: TrialServer): Promise<ManifestParameter[]>;
  /** Character sets with their collations, the default of each first. For datastores whose versions differ in them. */
  charsets?(server: TrialServer): Promise<Record<string, string[]>>;
}
