import { X509Certificate } from 'node:crypto';
import type { SecretBox } from '@coffer/core';
import type { Store } from '../store/store.ts';
import { createAuthority, DAY_MS, issue, LEAF_DAYS, type Pair, parseCertificate, readPublicKey } from './authority.ts';

const keyContext = (name: string): string => `authority/${name}/key`;

/** A certificate as the store keeps it. */
export interface IssuedCertificate {
  /** SHA-256 of it (DER), hexadecimal. */
  fingerprint: string;
  certificate: string;
  ca: string;
  /** ISO 8601. */
  expiresAt: string;
}

export interface ServiceAuthority {
  /**
   * @param publicKey SPKI PEM, from a guest.
   * @throws Problem `guest_failed` for a key that is none.
   */
  issueFor(instanceId: string, publicKey: string, hosts: readonly string[]): Promise<IssuedCertificate>;
}

/**
 * One authority for all copies of the service, kept in the store; its key is sealed, and opened for each signature. Made when the
 * first certificate is wanted, and followed by another before a certificate could outlive it.
 */
export function createServiceAuthority(
  { store, secrets }: { store: Pick<Store, 'certificates'>; secrets: SecretBox },
  now: () => Date = () => new Date(),
): ServiceAuthority {
  async function authority(): Promise<Pair> {
    const newest = await store.certificates.authority();
    const lasting = now().getTime() + LEAF_DAYS * DAY_MS;
    const isLasting = newest && parseCertificate(newest.certificate).notAfter.getTime() > lasting;
    const { name, certificate, key } = isLasting ? newest : await make();
    return { certificate, key: secrets.open(key, keyContext(name)) };
  }

  async function make() {
    // Of copies that make one at once, one is kept.
    const name = `instances ${now().getUTCFullYear()}`;
    const { certificate, key } = await createAuthority(`Coffer ${name}`, now());
    return store.certificates.keepAuthority({ name, certificate, key: secrets.seal(key, keyContext(name)) });
  }

  return {
    async issueFor(instanceId, publicKey, hosts) {
      const key = readPublicKey(publicKey);
      const signing = await authority();
      const pem = (await issue(signing, { commonName: instanceId, hosts, publicKey: key }, now())).toString('pem');
      const { validToDate, fingerprint256 } = new X509Certificate(pem);
      return {
        fingerprint: fingerprint256.replaceAll(':', '').toLowerCase(),
        certificate: pem,
        ca: signing.certificate,
        expiresAt: validToDate.toISOString(),
      };
    },
  };
}
