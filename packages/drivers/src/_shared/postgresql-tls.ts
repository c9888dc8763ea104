import { createHash, createPrivateKey, X509Certificate } from 'node:crypto';
import { Problem } from '@coffer/core';
import type { DriverContext, Operation, TlsGroup, TlsMaterial, TlsStatus } from '@coffer/core/driver';
import { conf } from './postgresql-conf.ts';
import { reload } from './postgresql-configuration.ts';
import type { Session } from './postgresql-session.ts';

export interface TlsParts {
  title: string;
  session: Session;
  exec: DriverContext['exec'];
  port: number;
  /** A folder of its own inside the container. */
  folder: string;
  /** The account that the server runs as. */
  uid: number;
  /** The file that says who is let in, where `isRequired` tenants by TLS alone. */
  access(isRequired: boolean): { path: string; content: string };
}

/** The configuration among the files of {@link TlsGroup.files}: the server's own must include it. */
export const tlsConf = (folder: string): string => `${folder}/tls.conf`;

const fingerprintOf = (pem: string): string => createHash('sha256').update(new X509Certificate(pem).raw).digest('hex');

const PEM = /-----BEGIN CERTIFICATE-----[\s\S]+?-----END CERTIFICATE-----/;

/**
 * The server says nothing of a pair that it cannot use, and goes on with the certificate that it has, which may be the same one.
 * @returns the certificate's fingerprint, or undefined where certificate and key are no pair
 */
function pairOf({ certificate, key }: TlsMaterial): string | undefined {
  try {
    return new X509Certificate(certificate).checkPrivateKey(createPrivateKey(key))
      ? fingerprintOf(certificate)
      : undefined;
  } catch {
    return undefined;
  }
}

/**
 * TLS of PostgreSQL. A reload that it cannot follow is only logged, and by its socket it speaks no TLS: so what holds is seen by
 * connections from inside the container, as a tenant would make them. Nobody logs in.
 */
export function postgresqlTls(parts: TlsParts): TlsGroup {
  const { title, session, folder, uid, port } = parts;
  const paths = { certificate: `${folder}/server.crt`, key: `${folder}/server.key` };

  /** @returns what it printed, both streams */
  async function ask(command: readonly string[], { signal }: Operation): Promise<string> {
    const { stdout, stderr, exitCode } = await parts.exec(command, { user: String(uid), stdin: '', signal });
    if (exitCode === 126 || exitCode === 127)
      throw new Problem('guest_failed', `The image of ${title} has no ${command[0]}, by which its TLS is looked at.`);
    return `${stdout}\n${stderr}`;
  }

  async function status(op: Operation): Promise<TlsStatus> {
    const shown = await ask(['openssl', 's_client', '-starttls', 'postgres', '-connect', `127.0.0.1:${port}`], op);
    const certificate = PEM.exec(shown)?.[0];
    const refusal = await ask(
      [
        'psql',
        '-Xw',
        `host=127.0.0.1 port=${port} user=coffer.nobody dbname=postgres sslmode=disable connect_timeout=10`,
      ],
      op,
    );
    // Refused for the way in which it comes, or asked for a password.
    const isRequired = /no encryption/.test(refusal);
    if (!isRequired && !/password/.test(refusal))
      throw new Problem('unavailable', `${title} does not answer inside its container; ask again.`);
    return {
      isRequired,
      ...(certificate !== undefined && { fingerprint: fingerprintOf(certificate) }),
    };
  }

  return {
    files: (material) => [
      { path: paths.certificate, content: material.certificate },
      { path: paths.key, content: material.key, mode: 0o400, uid },
      {
        path: tlsConf(folder),
        content: conf({ ssl: true, ssl_cert_file: paths.certificate, ssl_key_file: paths.key }),
      },
      parts.access(material.isRequired),
    ],

    async apply(material, op) {
      const wanted = pairOf(material);
      if (wanted === undefined)
        throw new Problem('guest_failed', `${title} cannot use this certificate with this key; give it a pair.`);
      const refusal = await session.use(op.signal, (statements) => reload(statements, op.signal));
      const { fingerprint, isRequired } = await status(op);
      if (fingerprint === wanted && isRequired === material.isRequired) return;
      throw new Problem(
        'guest_failed',
        `${title} did not take the new certificate and goes on with what it had: ${refusal ?? 'its error log says why'}.`,
      );
    },

    status,
  };
}
