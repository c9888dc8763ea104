import { createPublicKey, webcrypto } from 'node:crypto';
// x509's dependency injection needs it before anything else.
import 'reflect-metadata';
import * as x509 from '@peculiar/x509';

const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;

const DAY_MS = 24 * 3600_000;
const life = () => ({ notBefore: new Date(Date.now() - DAY_MS), notAfter: new Date(Date.now() + DAY_MS) });

/** Signs what guests ask for, as the control plane does. */
export async function createAuthority(): Promise<{ ca: string; certify(publicKey: string): Promise<string> }> {
  x509.cryptoProvider.set(webcrypto);
  const keys = await webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
  const name = 'CN=authority of a test';
  const ca = await x509.X509CertificateGenerator.createSelfSigned({
    name,
    keys,
    signingAlgorithm: algorithm,
    ...life(),
    // Engines refuse certificates of an authority that says of itself that it is none.
    extensions: [new x509.BasicConstraintsExtension(true, 0, true)],
  });
  return {
    ca: ca.toString('pem'),
    async certify(publicKey) {
      const certificate = await x509.X509CertificateGenerator.create({
        subject: 'CN=database of a test',
        issuer: name,
        ...life(),
        publicKey: new x509.PublicKey(createPublicKey(publicKey).export({ type: 'spki', format: 'der' })),
        signingKey: keys.privateKey,
        signingAlgorithm: algorithm,
      });
      return certificate.toString('pem');
    },
  };
}
