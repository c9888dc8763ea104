import { webcrypto } from 'node:crypto';
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { isIP } from 'node:net';
import { join } from 'node:path';
// x509's dependency injection needs it before anything else.
import 'reflect-metadata';
import * as x509 from '@peculiar/x509';

/** All PEM. */
export interface Certificates {
  /** The authority's certificate: what guests trust. */
  ca: string;
  cert: string;
  key: string;
}

const DAY_MS = 24 * 3600_000;
const AUTHORITY_DAYS = 3650;
const LEAF_DAYS = 365;
/** A certificate with less than this left is made anew. */
const RENEW_BEFORE_DAYS = 60;

const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;

/**
 * A small authority of our own with one certificate for the broker, kept in `folder` with mode 0600. Repeatable: what is there
 * and still good for these hosts is returned; the authority stays, so guests go on trusting a renewed certificate.
 *
 * @param hosts names and addresses under which the broker is reached.
 */
export async function ensureCertificates(
  folder: string,
  hosts: readonly string[],
  now: Date = new Date(),
): Promise<Certificates> {
  x509.cryptoProvider.set(webcrypto);
  await mkdir(folder, { recursive: true });
  const ca = await ensureAuthority(folder, now);
  const found = await readPair(folder, 'broker');
  if (found && isGood(found.certificate, hosts, now))
    return { ca: ca.certificate.toString('pem'), cert: found.certificate.toString('pem'), key: found.keyPem };
  const keys = await webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
  const certificate = await x509.X509CertificateGenerator.create({
    subject: `CN=coffer broker`,
    issuer: ca.certificate.subject,
    notBefore: new Date(now.getTime() - DAY_MS), // a guest's clock may be behind
    notAfter: new Date(now.getTime() + LEAF_DAYS * DAY_MS),
    publicKey: keys.publicKey,
    signingKey: ca.key,
    signingAlgorithm: algorithm,
    extensions: [
      new x509.SubjectAlternativeNameExtension(hosts.map((host) => ({ type: isIP(host) ? 'ip' : 'dns', value: host }))),
      new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.serverAuth]),
      new x509.BasicConstraintsExtension(false),
    ],
  });
  const keyPem = await exportKey(keys.privateKey);
  await writePair(folder, 'broker', certificate, keyPem);
  return { ca: ca.certificate.toString('pem'), cert: certificate.toString('pem'), key: keyPem };
}

async function ensureAuthority(
  folder: string,
  now: Date,
): Promise<{ certificate: x509.X509Certificate; key: webcrypto.CryptoKey }> {
  const found = await readPair(folder, 'authority');
  if (found && found.certificate.notAfter > now) {
    const der = x509.PemConverter.decodeFirst(found.keyPem);
    return {
      certificate: found.certificate,
      key: await webcrypto.subtle.importKey('pkcs8', der, algorithm, true, ['sign']),
    };
  }
  const keys = await webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    name: 'CN=coffer authority',
    notBefore: new Date(now.getTime() - DAY_MS),
    notAfter: new Date(now.getTime() + AUTHORITY_DAYS * DAY_MS),
    keys,
    signingAlgorithm: algorithm,
    extensions: [
      new x509.BasicConstraintsExtension(true, 0, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign, true),
    ],
  });
  await writePair(folder, 'authority', certificate, await exportKey(keys.privateKey));
  return { certificate, key: keys.privateKey };
}

function isGood(certificate: x509.X509Certificate, hosts: readonly string[], now: Date): boolean {
  if (certificate.notAfter.getTime() - now.getTime() < RENEW_BEFORE_DAYS * DAY_MS) return false;
  const names = certificate.getExtension(x509.SubjectAlternativeNameExtension)?.names.toJSON() ?? [];
  return hosts.every((host) => names.some((name) => name.value === host));
}

const exportKey = async (key: webcrypto.CryptoKey): Promise<string> =>
  x509.PemConverter.encode(await webcrypto.subtle.exportKey('pkcs8', key), 'PRIVATE KEY');

async function readPair(
  folder: string,
  name: string,
): Promise<{ certificate: x509.X509Certificate; keyPem: string } | undefined> {
  try {
    const pem = await readFile(join(folder, `${name}.pem`), 'utf8');
    const [keyPem, certPem] = pem.split('\n\n');
    return keyPem && certPem ? { certificate: new x509.X509Certificate(certPem), keyPem } : undefined;
  } catch {
    return undefined;
  }
}

/** Key and certificate in one file, so that a crash can never leave one without the other. */
async function writePair(
  folder: string,
  name: string,
  certificate: x509.X509Certificate,
  keyPem: string,
): Promise<void> {
  const path = join(folder, `${name}.pem`);
  await writeFile(`${path}.new`, `${keyPem.trim()}\n\n${certificate.toString('pem')}\n`, { mode: 0o600 });
  await rename(`${path}.new`, path);
}
