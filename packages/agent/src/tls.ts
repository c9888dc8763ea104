import { createHash, createPublicKey, generateKeyPair, type KeyObject, X509Certificate } from 'node:crypto';
import { promisify } from 'node:util';
import { type ContainerFile, Problem } from '@coffer/core';
import type { DatastoreDriver, Operation, TlsGroup, TlsMaterial } from '@coffer/core/driver';
import type { InstanceSpec } from '@coffer/core/rpc';
import type { AgentState } from './state.ts';

/** The database's key pairs and certificate. The keys are made here and never leave the guest. */
export interface Tls {
  /** A new key pair, kept until a certificate for it is in force or another one is asked for. @returns the public key, SPKI PEM */
  request(): Promise<string>;
  /** The public key of a kept pair, SPKI PEM. */
  kept(publicKey: string): Promise<boolean>;
  /** @throws Problem `bad_request` for a certificate that is none, or whose key this guest does not have */
  check(spec: Pick<InstanceSpec, 'tls'>): Promise<void>;
  /** What the database is to speak TLS with; undefined while it is off. @throws as `check` */
  material(spec: Pick<InstanceSpec, 'tls'>): Promise<TlsMaterial | undefined>;
  /**
   * Makes the running database of this life show what it is to show. The files have been laid.
   * @throws Problem `guest_failed` when it goes on with something else
   */
  hold(driver: DatastoreDriver, material: TlsMaterial | undefined, life: string, op: Operation): Promise<void>;
}

const drawPair = promisify(generateKeyPair);

/** Only its paths count: they are the same for every material. */
const NO_MATERIAL: TlsMaterial = { ca: '', certificate: '', key: '', isRequired: false };

/** Where the files of a driver's TLS lie, known before there are any. */
export const tlsPlaces = (group: TlsGroup | undefined): ContainerFile[] => group?.files(NO_MATERIAL) ?? [];

const fingerprintOf = (key: KeyObject): string =>
  createHash('sha256')
    .update(key.export({ type: 'spki', format: 'der' }))
    .digest('hex');

/** @throws Problem `bad_request` */
function parseCertificate(pem: string): X509Certificate {
  try {
    return new X509Certificate(pem);
  } catch (error) {
    throw new Problem('bad_request', 'tls.certificate is no certificate in PEM.', { cause: error });
  }
}

/** Of the first one in the text, as engines tell it: 64 hexadecimal digits. */
const certificateFingerprint = (pem: string): string =>
  parseCertificate(pem).fingerprint256.replaceAll(':', '').toLowerCase();

export function createTls(state: Pick<AgentState, 'tlsKeys' | 'saveTlsKeys' | 'spec'>): Tls {
  /** The last material that was found, by the certificate that it is for. */
  let found: { certificate: string; key: string } | undefined;
  /** What this process has made the database use, and in which of its lives. */
  let held: string | undefined;
  /** One at a time: each reads and writes all keys. */
  let last: Promise<unknown> = Promise.resolve();

  function inTurn<T>(work: () => Promise<T>): Promise<T> {
    const turn = last.then(work, work);
    last = turn.catch(() => {});
    return turn;
  }

  async function keyFor(certificate: string): Promise<string> {
    if (found?.certificate === certificate) return found.key;
    const wanted = fingerprintOf(parseCertificate(certificate).publicKey);
    const key = (await state.tlsKeys()).find(({ fingerprint }) => fingerprint === wanted)?.key;
    if (key === undefined) {
      throw new Problem(
        'bad_request',
        'tls.certificate is for a key that this guest does not have; let it make one, and sign that.',
      );
    }
    found = { certificate, key };
    return key;
  }

  /** What is older than the key in force is done with; of those that came later the newest alone may still be wanted. */
  async function prune(inForce: string): Promise<void> {
    const keys = await state.tlsKeys();
    const at = keys.findIndex(({ key }) => key === inForce);
    const kept = keys.filter((_, index) => index === at || (index > at && index === keys.length - 1));
    if (kept.length < keys.length) await state.saveTlsKeys(kept);
  }

  return {
    request: () =>
      inTurn(async () => {
        const { publicKey, privateKey } = await drawPair('ec', { namedCurve: 'P-256' });
        const drawn = {
          fingerprint: fingerprintOf(publicKey),
          key: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
        };
        const certificate = (await state.spec())?.tls?.certificate;
        const wanted = certificate === undefined ? undefined : fingerprintOf(parseCertificate(certificate).publicKey);
        const kept = (await state.tlsKeys()).filter(({ fingerprint }) => fingerprint === wanted);
        await state.saveTlsKeys([...kept, drawn]);
        return publicKey.export({ type: 'spki', format: 'pem' }).toString();
      }),
    async kept(publicKey) {
      const wanted = fingerprintOf(createPublicKey(publicKey));
      return (await state.tlsKeys()).some(({ fingerprint }) => fingerprint === wanted);
    },
    async check({ tls }) {
      if (tls) await keyFor(tls.certificate);
    },
    async material({ tls }) {
      return tls && { ...tls, key: await keyFor(tls.certificate) };
    },
    async hold({ tls: group }, material, life, op) {
      if (!group || !material) return;
      const wanted = certificateFingerprint(material.certificate);
      const isShown = async (): Promise<boolean> => {
        const { fingerprint, isRequired } = await group.status(op);
        return fingerprint?.toLowerCase() === wanted && isRequired === material.isRequired;
      };
      const use = createHash('sha256')
        .update(JSON.stringify([life, material]))
        .digest('hex');
      if (use === held && (await isShown())) return;
      await group.apply(material, op);
      if (!(await isShown()))
        throw new Problem('guest_failed', 'The database goes on with another certificate than it was given.');
      held = use;
      await inTurn(() => prune(material.key));
    },
  };
}
