import {
  deriveLinkKeys,
  deriveTokenKeys,
  type GuestDirectory,
  type GuestEntry,
  type GuestReport,
  newKeyPair,
  newToken,
  type ReportPosition,
} from '../rpc/index.ts';

interface Row extends GuestEntry {
  agentPublicKey?: string;
  serverPublicKey?: string;
  position?: ReportPosition;
  lastReport?: GuestReport;
  clockSkewMs?: number;
  /** Why a copy cannot understand it. */
  apart?: string;
}

export interface MemoryDirectory extends GuestDirectory {
  /** Makes a guest known. @returns its one-time token. */
  add(instanceId: string): string;
  row(instanceId: string): Readonly<Row> | undefined;
}

/** The control plane's memory of its guests without a store, with the store's rules. */
export function createMemoryDirectory(): MemoryDirectory {
  const rows = new Map<string, Row>();
  return {
    add(instanceId) {
      const token = newToken();
      rows.set(instanceId, { instanceId, token: deriveTokenKeys(token, instanceId) });
      return token;
    },
    row: (instanceId) => rows.get(instanceId),
    get: async (instanceId) => rows.get(instanceId),
    byKeyId: async (kid) => [...rows.values()].find((row) => row.token?.up.kid === kid || row.link?.up.kid === kid),
    async enrol(instanceId, agentPublicKey) {
      const row = rows.get(instanceId);
      if (!row) return undefined;
      if (row.agentPublicKey === undefined) {
        const own = newKeyPair();
        row.agentPublicKey = agentPublicKey;
        row.serverPublicKey = own.publicKey;
        row.link = deriveLinkKeys(own, { publicKey: agentPublicKey }, instanceId, 0);
      }
      return row.agentPublicKey === agentPublicKey && row.serverPublicKey
        ? { serverPublicKey: row.serverPublicKey }
        : undefined;
    },
    async enrolled(instanceId) {
      delete rows.get(instanceId)?.token;
    },
    async accept(instanceId, at, { clockSkewMs, protocols, report }) {
      const row = rows.get(instanceId);
      if (!row) return false;
      const last = row.position;
      const isNewer = !last || at.boot > last.boot || (at.session === last.session && at.number > last.number);
      if (!isNewer) return false;
      row.position = at;
      row.session = at.session;
      row.clockSkewMs = clockSkewMs;
      row.protocols = protocols;
      delete row.apart;
      if (report) row.lastReport = report;
      return true;
    },
    async apart(instanceId, why) {
      const row = rows.get(instanceId);
      if (row) row.apart = why;
    },
  };
}
