import type { SecretBox } from '@coffer/core';
import {
  deriveLinkKeys,
  deriveTokenKeys,
  type GuestDirectory,
  type GuestEntry,
  type LinkKeys,
  newKeyPair,
} from '@coffer/core/rpc';
import type { GuestRow } from '../store/guests.ts';
import type { Store } from '../store/store.ts';
import { guestSecret } from './secret-contexts.ts';

/** Deriving keys costs a millisecond; a guest's stay the same until it is enrolled anew. */
const CACHED_GUESTS = 10_000;

/** The store as the memory of the links: keys come from sealed columns, positions are taken by one conditional UPDATE. */
export function createGuestDirectory({ store, secrets }: { store: Store; secrets: SecretBox }): GuestDirectory {
  const cache = new Map<string, { of: string; keys: LinkKeys }>();

  function linkKeys(row: GuestRow): LinkKeys | undefined {
    if (row.agentPublicKey === null || row.serverSecret === null) return undefined;
    const of = `${row.agentPublicKey} ${row.epoch}`;
    const cached = cache.get(row.instanceId);
    if (cached?.of === of) return cached.keys;
    const secretKey = secrets.open(row.serverSecret, guestSecret.linkSecret(row.instanceId));
    const keys = deriveLinkKeys({ secretKey }, { publicKey: row.agentPublicKey }, row.instanceId, row.epoch);
    cache.set(row.instanceId, { of, keys });
    if (cache.size > CACHED_GUESTS) {
      const oldest = cache.keys().next();
      if (!oldest.done) cache.delete(oldest.value);
    }
    return keys;
  }

  function entryOf(row: GuestRow | undefined): GuestEntry | undefined {
    if (!row) return undefined;
    const { instanceId } = row;
    const link = linkKeys(row);
    return {
      instanceId,
      ...(row.token !== null && {
        token: deriveTokenKeys(secrets.open(row.token, guestSecret.token(instanceId)), instanceId),
      }),
      ...(link && { link }),
      ...(row.session !== null && { session: row.session }),
    };
  }

  return {
    get: async (instanceId) => entryOf(await store.guests.get(instanceId)),

    byKeyId: async (kid) => entryOf((await store.guests.byUpKid(kid)) ?? (await store.guests.byTokenKid(kid))),

    async enrol(instanceId, agentPublicKey) {
      const own = newKeyPair();
      const epoch = 0;
      const keys = deriveLinkKeys(own, { publicKey: agentPublicKey }, instanceId, epoch);
      const row = await store.guests.enrol(instanceId, {
        agentPublicKey,
        serverPublicKey: own.publicKey,
        serverSecret: secrets.seal(own.secretKey, guestSecret.linkSecret(instanceId)),
        upKid: keys.up.kid,
        downKid: keys.down.kid,
        epoch,
      });
      return row?.serverPublicKey ? { serverPublicKey: row.serverPublicKey } : undefined;
    },

    enrolled: (instanceId) => store.guests.wipeToken(instanceId),

    accept(instanceId, at, clockSkewMs, report) {
      if (!report) return store.guests.acceptReport(instanceId, at);
      return store.guests.acceptReport(instanceId, at, {
        serviceStatus: report.state,
        clockSkewMs,
        agentBuild: report.agentBuild,
        protocol: report.protocol,
        ...(report.detail !== undefined && { detail: report.detail }),
        ...(report.driver !== undefined && { driver: report.driver }),
        ...(report.volume && { volumeUsedBytes: report.volume.usedBytes, volumeTotalBytes: report.volume.totalBytes }),
      });
    },
  };
}
