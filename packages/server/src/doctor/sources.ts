import { stat, statfs } from 'node:fs/promises';
import { connect } from 'node:tls';
import { sql } from 'kysely';
import { guestSecret } from '../guest/secret-contexts.ts';
import { createSecretBox, readMasterKeyFile } from '../secrets.ts';
import type { Store } from '../store/store.ts';
import type { ClocksDeps } from './clocks.ts';
import type { KeysDeps } from './keys.ts';

const CONNECT_MS = 5_000;

/** PostgreSQL's `server_version_num`, e.g. 170005. */
export async function versionOf({ db }: Store): Promise<number> {
  const { rows } = await sql<{ number: string }>`select current_setting('server_version_num') as number`.execute(db);
  return Number(rows[0]?.number);
}

/** @returns until when the certificate is good. @throws when nobody answers, or with one that this authority did not sign. */
export function shakeHands({ host, port }: { host: string; port: number }, ca: string): Promise<Date> {
  return new Promise<Date>((resolve, reject) => {
    const socket = connect({ host, port, ca, timeout: CONNECT_MS }, () => {
      resolve(new Date(socket.getPeerCertificate().valid_to));
      socket.destroy();
    });
    socket.on('timeout', () => socket.destroy(new Error(`no answer within ${CONNECT_MS / 1000} s`)));
    socket.on('error', reject);
  });
}

/** Images of the versions on offer. */
export async function wantedImages(store: Store): Promise<{ reference: string; isPulled: boolean }[]> {
  const versions = await store.datastores.versions();
  return versions
    .filter(({ active }) => active)
    .map(({ image, registry }) => ({ reference: image, isPulled: registry !== null }));
}

export const clocksOf = (store: Store): NonNullable<ClocksDeps['store']> => ({
  now: () => store.snapshot(async (_, now) => now),
  skewed: (moreThanMs) => store.instances.withClockOff(moreThanMs),
});

export function keysOf(file: string, store: Store | undefined): KeysDeps {
  return {
    file,
    hasFile: () =>
      stat(file).then(
        () => true,
        (error: NodeJS.ErrnoException) => {
          if (error.code === 'ENOENT') return false;
          throw error;
        },
      ),
    open: async () => createSecretBox([await readMasterKeyFile(file)]),
    sample: async () => {
      const row = await store?.db
        .selectFrom('guests')
        .select(['instanceId', 'serverSecret', 'brokerPassword'])
        .where((where) => where.or([where('serverSecret', 'is not', null), where('brokerPassword', 'is not', null)]))
        .limit(1)
        .executeTakeFirst();
      if (row?.serverSecret) return { sealed: row.serverSecret, context: guestSecret.linkSecret(row.instanceId) };
      if (row?.brokerPassword)
        return { sealed: row.brokerPassword, context: guestSecret.brokerPassword(row.instanceId) };
      return undefined;
    },
  };
}

export async function spaceOf(path: string) {
  try {
    const [{ dev }, { bavail, blocks, bsize }] = await Promise.all([stat(path), statfs(path)]);
    return { device: dev, freeBytes: bavail * bsize, totalBytes: blocks * bsize };
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  }
}
