import { createPublicKey, webcrypto } from 'node:crypto';
import { isIP } from 'node:net';
import { Problem } from '@coffer/core';
// x509's dependency injection needs it before anything else.
import 'reflect-metadata';
import * as x509 from '@peculiar/x509';

/** Both PEM, the key as PKCS #8. */
export interface Pair {
  certificate: string;
  key: string;
}

export const DAY_MS = 24 * 3600_000;
export const LEAF_DAYS = 365;
/** A certificate with less than this left is made anew. */
export const RENEW_BEFORE_DAYS = 60;
const AUTHORITY_DAYS = 3650;
/** Bits; fewer can be broken. */
const LEAST_RSA = 2048;

const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;

x509.cryptoProvider.set(webcrypto);

export const newKeys = (): Promise<webcrypto.CryptoKeyPair> =>
  webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);

export const exportKey = async (key: webcrypto.CryptoKey): Promise<string> =>
  x509.PemConverter.encode(await webcrypto.subtle.exportKey('pkcs8', key), 'PRIVATE KEY');

export const parseCertificate = (pem: string): x509.X509Certificate => new x509.X509Certificate(pem);

/** An authority of its own, good for ten years. */
export async function createAuthority(name: string, now: Date): Promise<Pair> {
  const keys = await newKeys();
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    name: `CN=${name}`,
    notBefore: new Date(now.getTime() - DAY_MS),
    notAfter: new Date(now.getTime() + AUTHORITY_DAYS * DAY_MS),
    keys,
    signingAlgorithm: algorithm,
    extensions: [
      new x509.BasicConstraintsExtension(true, 0, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign, true),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  });
  return { certificate: certificate.toString('pem'), key: await exportKey(keys.privateKey) };
}

/** As {@link LeafRequest} has it. */
export const publicKeyOf = async ({ publicKey }: webcrypto.CryptoKeyPair): Promise<Uint8Array<ArrayBuffer>> =>
  new Uint8Array(await webcrypto.subtle.exportKey('spki', publicKey));

/** A public key as a stranger gives it. @throws Problem `guest_failed` for what is none, or too weak to be signed. */
export function readPublicKey(pem: string): Uint8Array<ArrayBuffer> {
  try {
    const key = createPublicKey(pem);
    const { asymmetricKeyType: type, asymmetricKeyDetails: details } = key;
    const isGood =
      (type === 'ec' && ['prime256v1', 'secp384r1'].includes(details?.namedCurve ?? '')) ||
      (type === 'rsa' && (details?.modulusLength ?? 0) >= LEAST_RSA);
    if (!pem.includes('PRIVATE') && isGood) return new Uint8Array(key.export({ type: 'spki', format: 'der' }));
  } catch {
    // What it is instead is nobody's business.
  }
  throw new Problem('guest_failed', 'The guest named no public key that could be certified; it needs ECDSA or RSA.');
}

export interface LeafRequest {
  commonName: string;
  /** Names and addresses under which the server is reached. */
  hosts: readonly string[];
  /** SPKI, DER. */
  publicKey: Uint8Array<ArrayBuffer>;
}

/** A server's certificate, good for a year. */
export async function issue(authority: Pair, request: LeafRequest, now: Date): Promise<x509.X509Certificate> {
  const ca = parseCertificate(authority.certificate);
  const der = x509.PemConverter.decodeFirst(authority.key);
  const publicKey = new x509.PublicKey(request.publicKey);
  return x509.X509CertificateGenerator.create({
    subject: `CN=${request.commonName}`,
    issuer: ca.subject,
    notBefore: new Date(now.getTime() - DAY_MS), // the reader's clock may be behind
    notAfter: new Date(now.getTime() + LEAF_DAYS * DAY_MS),
    publicKey,
    signingKey: await webcrypto.subtle.importKey('pkcs8', der, algorithm, true, ['sign']),
    signingAlgorithm: algorithm,
    extensions: [
      new x509.SubjectAlternativeNameExtension(
        request.hosts.map((host) => ({ type: isIP(host) ? 'ip' : 'dns', value: host })),
      ),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature | x509.KeyUsageFlags.keyEncipherment, true),
      new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.serverAuth]),
      new x509.BasicConstraintsExtension(false),
      await x509.AuthorityKeyIdentifierExtension.create(ca.publicKey),
      await x509.SubjectKeyIdentifierExtension.create(publicKey),
    ],
  });
}

/** Names and addresses that a certificate is good for. */
export const hostsOf = (certificate: x509.X509Certificate): string[] =>
  (certificate.getExtension(x509.SubjectAlternativeNameExtension)?.names.toJSON() ?? []).map(({ value }) => value);

/** Whether it is good for these hosts, and will be for a while. */
export function isGood(certificate: x509.X509Certificate, hosts: readonly string[], now: Date): boolean {
  if (certificate.notAfter.getTime() - now.getTime() < RENEW_BEFORE_DAYS * DAY_MS) return false;
  const known = hostsOf(certificate);
  return hosts.every((host) => known.includes(host));
}
