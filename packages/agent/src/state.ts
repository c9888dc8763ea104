import { randomBytes } from 'node:crypto';
import { chmod, mkdir, open, readFile, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { Problem } from '@coffer/core';
import { type EnrolmentData, type InstanceSpec, type KeyPair, newKeyPair } from '@coffer/core/rpc';
import { type KeptConfiguration, parseKeptConfiguration } from './kept-configuration.ts';
import { parseEnrolmentData, parseInstanceSpec } from './spec.ts';
import { parseTlsKeys, type TlsKey } from './tls-keys.ts';

/** JSON files in a folder of mode 0700, each 0600. A write is there as a whole or not at all, also after a power cut. */
export interface StateFolder {
  readonly path: string;
  /** @throws Problem `internal`, naming the file, when it cannot be understood: the agent then does nothing rather than guess. */
  read<T>(name: string, parse: (value: unknown) => T): Promise<T | undefined>;
  write(name: string, value: unknown): Promise<void>;
  /** Repeatable. */
  remove(name: string): Promise<void>;
}

export async function openStateFolder(path: string): Promise<StateFolder> {
  await mkdir(path, { recursive: true, mode: 0o700 });
  await chmod(path, 0o700);
  const file = (name: string): string => join(path, `${name}.json`);

  return {
    path,
    async read(name, parse) {
      const text = await readFile(file(name), 'utf8').catch((error: NodeJS.ErrnoException) => {
        if (error.code === 'ENOENT') return undefined;
        throw error;
      });
      if (text === undefined) return undefined;
      try {
        return parse(JSON.parse(text));
      } catch (error) {
        // The parser's own message would quote the file, and the file may hold secrets.
        const why = error instanceof Problem ? error.detail : 'it is no JSON';
        throw new Problem(
          'internal',
          `State file ${file(name)} is damaged (${why}); restore it, or rebuild the guest from its data volume.`,
        );
      }
    },
    write: (name, value) => writeWhole(file(name), JSON.stringify(value)),
    async remove(name) {
      await rm(file(name), { force: true });
      await syncFolder(path);
    },
  };
}

/** Writes beside, flushes, renames, flushes the folder: readers see the old file or the new one. Mode 0600. */
export async function writeWhole(path: string, content: string | Uint8Array): Promise<void> {
  const part = `${path}.${randomBytes(6).toString('hex')}.part`;
  try {
    const handle = await open(part, 'wx', 0o600);
    try {
      await handle.writeFile(content);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(part, path);
  } catch (error) {
    await rm(part, { force: true });
    throw error;
  }
  await syncFolder(dirname(path));
}

async function syncFolder(path: string): Promise<void> {
  const handle = await open(path, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** What the guest keeps of its enrolment data: all but the token. */
export type GuestAccount = Omit<EnrolmentData, 'token'>;

/** What the agent knows across restarts, besides its keys. */
export interface AgentState {
  /** The desired state; undefined before the first prepare. */
  spec(): Promise<InstanceSpec | undefined>;
  saveSpec(spec: InstanceSpec): Promise<void>;
  /** Password of the service's account in the database: drawn here at first use, and never leaves the guest. */
  servicePassword(): Promise<string>;
  /** Whether this device was about to be formatted when the agent last said so: then a half-made file system is ours. */
  isFormatting(device: string): Promise<boolean>;
  setFormatting(device: string | undefined): Promise<void>;
  /** The guest's key pair: made here at first use, and on disk before it is used. */
  keys(): Promise<KeyPair>;
  /** The control plane's public key, once enrolled. */
  serverPublicKey(): Promise<string | undefined>;
  saveServerPublicKey(key: string): Promise<void>;
  /** How the broker is reached, kept from enrolment on; holds the password of the guest's own account there. */
  account(): Promise<GuestAccount | undefined>;
  saveAccount(account: GuestAccount): Promise<void>;
  /** Raises the counter of this agent's starts. */
  nextBoot(): Promise<number>;
  /** What is known of the database's parameters; undefined before its first start. */
  configuration(): Promise<KeptConfiguration | undefined>;
  saveConfiguration(kept: KeptConfiguration): Promise<void>;
  /** Key pairs for TLS, oldest first. */
  tlsKeys(): Promise<TlsKey[]>;
  saveTlsKeys(keys: readonly TlsKey[]): Promise<void>;
}

export function createAgentState(
  folder: StateFolder,
  draw: () => string = () => randomBytes(24).toString('base64url'),
): AgentState {
  const field =
    (name: string) =>
    (value: unknown): string => {
      const found: unknown = typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined;
      if (typeof found !== 'string' || found === '') throw new Problem('bad_request', `field ${name} is missing`);
      return found;
    };
  const parseAccount = (value: unknown): GuestAccount => {
    // The same rules as when it came; the token that they want is spent and was not kept.
    const { token: _, ...account } = parseEnrolmentData({ ...Object(value), token: 'spent' });
    return account;
  };
  return {
    account: () => folder.read('account', parseAccount),
    saveAccount: (account) => folder.write('account', account),
    spec: () => folder.read('spec', (value) => parseInstanceSpec(value)),
    saveSpec: (spec) => folder.write('spec', spec),
    async servicePassword() {
      const known = await folder.read('service', field('password'));
      if (known !== undefined) return known;
      const password = draw();
      await folder.write('service', { password });
      return password;
    },
    isFormatting: async (device) => (await folder.read('formatting', field('device'))) === device,
    setFormatting: (device) =>
      device === undefined ? folder.remove('formatting') : folder.write('formatting', { device }),
    async keys() {
      const known = await folder.read('keys', (value) => ({
        publicKey: field('publicKey')(value),
        secretKey: field('secretKey')(value),
      }));
      if (known) return known;
      const drawn = newKeyPair();
      await folder.write('keys', drawn);
      return drawn;
    },
    serverPublicKey: () => folder.read('enrolled', field('serverPublicKey')),
    saveServerPublicKey: (serverPublicKey) => folder.write('enrolled', { serverPublicKey }),
    async nextBoot() {
      const last = Number((await folder.read('boot', field('count'))) ?? 0);
      if (!Number.isSafeInteger(last))
        throw new Problem('internal', `State file ${folder.path}/boot.json holds no number; restore it.`);
      await folder.write('boot', { count: String(last + 1) });
      return last + 1;
    },
    configuration: () => folder.read('configuration', parseKeptConfiguration),
    saveConfiguration: (kept) => folder.write('configuration', kept),
    tlsKeys: async () => (await folder.read('tls', parseTlsKeys)) ?? [],
    saveTlsKeys: (keys) => folder.write('tls', keys),
  };
}
