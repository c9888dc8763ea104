import { X509Certificate } from 'node:crypto';

/** As TLS groups tell it: SHA-256 of the certificate, 64 hexadecimal digits. */
export const fingerprintOf = (pem: string): string =>
  new X509Certificate(pem).fingerprint256.replaceAll(':', '').toLowerCase();
