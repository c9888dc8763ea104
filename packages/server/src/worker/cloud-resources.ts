import type { Broker, Cloud } from '@coffer/core';
import type { ResourceRemover } from './job-kind.ts';

/** A thing that the cloud or the broker keeps for us, as far as ledger and conductor must know it. */
export interface CloudResource {
  id: string;
  key: string;
}

/** One kind of resource: enough to compare it with the ledger, and to remove it. */
export interface ResourceKind {
  list(): Promise<CloudResource[]>;
  get(id: string): Promise<CloudResource | undefined>;
  /** What {@link JobContext.remove} wants for the one under this key. */
  remover(key: string): ResourceRemover;
}

/** By the ledger's `kind`; in the order in which an instance's resources can be deleted. */
export type ResourceKinds = Readonly<Record<string, ResourceKind>>;

/** The kinds that Coffer itself makes: `server`, `port`, `volume`, and the broker's `account` whose key is the instance id. */
export function cloudResources({ cloud, broker }: { cloud: Cloud; broker?: Broker }): ResourceKinds {
  return {
    server: resourceKind(cloud.servers),
    port: resourceKind(cloud.ports),
    volume: resourceKind(cloud.volumes),
    ...(broker && { account: accounts(broker) }),
  };
}

interface Shelf {
  list(): Promise<CloudResource[]>;
  get(id: string): Promise<CloudResource | undefined>;
  find(key: string): Promise<CloudResource | undefined>;
  delete(id: string): Promise<void>;
}

function resourceKind(shelf: Shelf): ResourceKind {
  return {
    list: () => shelf.list(),
    get: (id) => shelf.get(id),
    remover: (key) => ({
      find: () => shelf.find(key),
      get: (id) => shelf.get(id),
      delete: (id) => shelf.delete(id),
    }),
  };
}

/** The broker answers at once, and names accounts by instance: id and key are the same. */
function accounts(broker: Broker): ResourceKind {
  const list = async () => (await broker.list()).map((id) => ({ id, key: id }));
  const get = async (id: string) => ((await broker.has(id)) ? { id, key: id } : undefined);
  return { list, get, remover: (key) => ({ find: () => get(key), get, delete: (id) => broker.revoke(id) }) };
}
