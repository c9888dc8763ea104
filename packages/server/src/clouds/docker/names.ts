import { randomBytes } from 'node:crypto';
import { link, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** What everything of this cloud is called, and by what it is known again. */
export interface Names {
  /** Eight hexadecimal digits that tell this Coffer from others on the same engine. */
  readonly owner: string;
  readonly managementNetwork: string;
  /** Interface names have at most 15 characters. */
  readonly managementBridge: string;
  /** Begins every tenant bridge, and nothing else. */
  readonly tenantBridges: string;
  /** The nftables table. */
  readonly table: string;
  /** Labels of a resource; `of(kind)` alone filters for that kind. */
  labels(kind: Kind, more?: { id: string; key: string }): Record<string, string>;
  tenantBridge(index: number): string;
  tenantNetwork(index: number): string;
  server(id: string, key: string): string;
  /** The volume of a guest's engine. */
  engineVolume(serverId: string): string;
}

export type Kind = 'server' | 'network' | 'engine-volume';

export const LABEL = { owner: 'coffer.owner', kind: 'coffer.kind', id: 'coffer.id', key: 'coffer.key' } as const;

export const asFilter = (labels: Readonly<Record<string, string>>): string[] =>
  Object.entries(labels).map(([name, value]) => `${name}=${value}`);

export function createNames(owner: string, prefix: string): Names {
  // Five digits of the owner leave three characters for the number of a tenant network.
  const bridges = `coffer${owner.slice(0, 5)}`;
  return {
    owner,
    managementNetwork: `${prefix}-${owner}-management`,
    managementBridge: `${bridges}m`,
    tenantBridges: `${bridges}t`,
    table: `coffer_${owner}`,
    labels: (kind, more) => ({
      [LABEL.owner]: owner,
      [LABEL.kind]: kind,
      ...(more && { [LABEL.id]: more.id, [LABEL.key]: more.key }),
    }),
    tenantBridge: (index) => `${bridges}t${index.toString(36)}`,
    tenantNetwork: (index) => `${prefix}-${owner}-tenant-${index.toString(36)}`,
    server: (id, key) => `${prefix}-${key.replace(/[^a-zA-Z0-9_.-]+/g, '-').slice(0, 60)}-${id.slice(0, 8)}`,
    engineVolume: (serverId) => `${prefix}-${owner}-engine-${serverId}`,
  };
}

/** The id of the Coffer that lives in this folder; made by whoever comes first. */
export async function ownerOf(dataDir: string): Promise<string> {
  await mkdir(dataDir, { recursive: true, mode: 0o700 });
  const file = join(dataDir, 'owner');
  const owner8 = randomBytes(4).toString('hex');
  const draft = `${file}.${owner8}`;
  await writeFile(draft, owner8, { mode: 0o600 });
  try {
    // A link appears whole or not at all, and never replaces.
    await link(draft, file);
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error;
  } finally {
    await rm(draft);
  }
  const owner = await readFile(file, 'utf8');
  if (!/^[0-9a-f]{8}$/.test(owner)) throw new Error(`${file} holds no owner id; remove it if no cloud of it is left`);
  return owner;
}
