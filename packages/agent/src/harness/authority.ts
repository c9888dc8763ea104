import { webcrypto } from 'node:crypto';
import type { TestAuthority } from '@coffer/core/driver-suite';
// x509's dependency injection needs it before anything else.
import 'reflect-metadata';
import * as x509 from '@peculiar/x509';

const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;
const DAY_MS = 24 * 3600_000;
/** As tenants find the database on this machine. */
const ADDRESS = '127.0.0.1';

async function pemOf(key: webcrypto.CryptoKey): Promise<string> {
  return x509.PemConverter.encode(await webcrypto.subtle.exportKey('pkcs8', key), 'PRIVATE KEY');
}

/** An authority of a test: its certificates are good for a day. */
export async function createTestAuthority(): Promise<TestAuthority> {
  x509.cryptoProvider.set(webcrypto);
  const life = (): { notBefore: Date; notAfter: Date } => ({
    notBefore: new Date(Date.now() - DAY_MS),
    notAfter: new Date(Date.now() + DAY_MS),
  });
  const draw = () => webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
  const keys = await draw();
  const name = `CN=test authority ${webcrypto.randomUUID()}`;
  const authority = await x509.X509CertificateGenerator.createSelfSigned({
    name,
    ...life(),
    keys,
    signingAlgorithm: algorithm,
    extensions: [
      new x509.BasicConstraintsExtension(true, 0, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true),
    ],
  });
  return {
    ca: `${authority.toString('pem')}\n`,
    async issue() {
      const own = await draw();
      const certificate = await x509.X509CertificateGenerator.create({
        subject: 'CN=test database',
        issuer: name,
        ...life(),
        publicKey: own.publicKey,
        signingKey: keys.privateKey,
        signingAlgorithm: algorithm,
        extensions: [
          new x509.SubjectAlternativeNameExtension([
            { type: 'ip', value: ADDRESS },
            { type: 'dns', value: 'localhost' },
          ]),
          new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.serverAuth]),
          new x509.BasicConstraintsExtension(false),
        ],
      });
      return { certificate: `${certificate.toString('pem')}\n`, key: `${await pemOf(own.privateKey)}\n` };
    },
  };
}
