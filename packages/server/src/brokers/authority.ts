import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  createAuthority,
  exportKey,
  isGood,
  issue,
  newKeys,
  type Pair,
  parseCertificate,
  publicKeyOf,
} from '../certificates/authority.ts';

/** All PEM. */
export interface Certificates {
  /** The authority's certificate: what guests trust. */
  ca: string;
  cert: string;
  key: string;
}

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
  await mkdir(folder, { recursive: true });
  const ca = await ensureAuthority(folder, now);
  const found = await readPair(folder, 'broker');
  if (found && isGood(parseCertificate(found.certificate), hosts, now))
    return { ca: ca.certificate, cert: found.certificate, key: found.key };
  const keys = await newKeys();
  const request = { commonName: 'coffer broker', hosts, publicKey: await publicKeyOf(keys) };
  const certificate = (await issue(ca, request, now)).toString('pem');
  const key = await exportKey(keys.privateKey);
  await writePair(folder, 'broker', { certificate, key });
  return { ca: ca.certificate, cert: certificate, key };
}

async function ensureAuthority(folder: string, now: Date): Promise<Pair> {
  const found = await readPair(folder, 'authority');
  if (found && parseCertificate(found.certificate).notAfter > now) return found;
  const made = await createAuthority('coffer authority', now);
  await writePair(folder, 'authority', made);
  return made;
}

async function readPair(folder: string, name: string): Promise<Pair | undefined> {
  try {
    const [key, certificate] = (await readFile(join(folder, `${name}.pem`), 'utf8')).split('\n\n');
    return key && certificate ? { certificate: parseCertificate(certificate).toString('pem'), key } : undefined;
  } catch {
    return undefined;
  }
}

/** Key and certificate in one file, so that a crash can never leave one without the other. */
async function writePair(folder: string, name: string, { certificate, key }: Pair): Promise<void> {
  const path = join(folder, `${name}.pem`);
  await writeFile(`${path}.new`, `${key.trim()}\n\n${certificate}\n`, { mode: 0o600 });
  await rename(`${path}.new`, path);
}
