import type { SecretBox } from '@coffer/core';
import {
  deriveLinkKeys,
  deriveTokenKeys,
  type GuestDirectory,
  type GuestEntry,
  type KeyHolder,
  type LinkKeys,
  newKeyPair,
} from '@coffer/core/rpc';
import type { GuestRow } from '../store/guests.ts';
import type { Store } from '../store/store.ts';
import { createReportIntake } from './report-intake.ts';
import { guestSecret } from './secret-contexts.ts';

/** Deriving keys costs a millisecond; a guest's stay the same until it is enrolled anew. */
const CACHED_GUESTS = 10_000;

function remember<T>(cache: Map<string, T>, key: string, value: T): void {
  cache.set(key, value);
  if (cache.size <= CACHED_GUESTS) return;
  const oldest = cache.keys().next();
  if (!oldest.done) cache.delete(oldest.value);
}

/** The store as the memory of the links: keys come from sealed columns, positions are taken by a conditional UPDATE for all that wait. */
export function createGuestDirectory({ store, secrets }: { store: Store; secrets: SecretBox }): GuestDirectory {
  const cache = new Map<string, { of: string; keys: LinkKeys }>();
  /** Enrolled guests by key id: what is asked for every report. Whether the guest is still there shows when its report is taken. */
  const holders = new Map<string, KeyHolder>();
  const takeIn = createReportIntake((reports) => store.guests.acceptReports(reports));

  function linkKeys(row: GuestRow): LinkKeys | undefined {
    if (row.agentPublicKey === null || row.serverSecret === null) return undefined;
    const of = `${row.agentPublicKey} ${row.epoch}`;
    const cached = cache.get(row.instanceId);
    if (cached?.of === of) return cached.keys;
    const secretKey = secrets.open(row.serverSecret, guestSecret.linkSecret(row.instanceId));
    const keys = deriveLinkKeys({ secretKey }, { publicKey: row.agentPublicKey }, row.instanceId, row.epoch);
    remember(cache, row.instanceId, { of, keys });
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
      ...(row.protocol !== null && {
        // A copy of an older build wrote the highest alone.
        protocols: { min: Math.min(row.protocolMin ?? row.protocol, row.protocol), max: row.protocol },
      }),
    };
  }

  return {
    get: async (instanceId) => entryOf(await store.guests.get(instanceId)),

    async byKeyId(kid) {
      const known = holders.get(kid);
      if (known) return known;
      const entry = entryOf((await store.guests.byUpKid(kid)) ?? (await store.guests.byTokenKid(kid)));
      // While there is a token, the first message under the link's own keys is yet to come.
      if (entry?.link?.up.kid === kid && !entry.token)
        remember(holders, kid, { instanceId: entry.instanceId, link: entry.link });
      return entry;
    },

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

    accept(instanceId, at, { clockSkewMs, protocols, report }) {
      const facts = report && {
        serviceStatus: report.state,
        clockSkewMs,
        agentBuild: report.agentBuild,
        ...(report.detail !== undefined && { detail: report.detail }),
        ...(report.revision !== undefined && { revision: report.revision }),
        ...(report.restartRequired && { restartRequired: report.restartRequired }),
        ...(report.rejected && { rejected: report.rejected }),
        ...(report.volume && { volumeUsedBytes: report.volume.usedBytes, volumeTotalBytes: report.volume.totalBytes }),
      };
      return takeIn({ instanceId, at, protocols, ...(facts && { facts }) });
    },

    apart: (instanceId, why) => store.guests.explainSilence(instanceId, why),
  };
}
