import { createHash } from 'node:crypto';
import { connect as connectPlain, type Socket } from 'node:net';
import { connect as connectTls, type TLSSocket } from 'node:tls';
import { Problem } from '@coffer/core';
import type { Endpoint, TlsGroup } from '@coffer/core/driver';
import { ConnectionError, problemOf, ServerError } from './mysql-errors.ts';
import type { Session } from './mysql-session.ts';
import { type Statement, sql } from './mysql-sql.ts';
import { optionFile } from './option-file.ts';

export interface TlsPaths {
  ca: string;
  certificate: string;
  key: string;
}

export interface TlsParts {
  /** Display name of the database, for messages. */
  title: string;
  session: Session;
  endpoint(): Endpoint;
  /** A folder of its own inside the container. */
  folder: string;
  /** The account that the server runs as. */
  uid: number;
  /** Statements that make the running server read the files anew, in this order. */
  reload(paths: TlsPaths): readonly Statement[];
}

/** The option file among those of {@link TlsGroup.files}: the server's own configuration must include it. */
export const tlsOptionFile = (folder: string): string => `${folder}/tls.cnf`;

const CLIENT_PROTOCOL_41 = 0x0200;
const CLIENT_SSL = 0x0800;
const CLIENT_SECURE_CONNECTION = 0x8000;
const MAX_PACKET = 1 << 24;
const UTF8MB4 = 45;

/** The payload of the first packet that the server sends. */
function greeting(socket: Socket): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    let received = Buffer.alloc(0);
    socket.on('data', (chunk: Buffer) => {
      received = Buffer.concat([received, chunk]);
      const length = received.length < 4 ? undefined : received.readUIntLE(0, 3);
      if (length !== undefined && received.length >= length + 4) resolve(received.subarray(4, length + 4));
    });
    socket.on('error', (error: NodeJS.ErrnoException) =>
      reject(new ConnectionError(`the connection failed (${error.code ?? 'no code'})`)),
    );
    socket.on('close', () => reject(new ConnectionError('the connection was closed before a greeting came')));
  });
}

/** Whether the server offers TLS: version as text, NUL, 4 bytes of thread, 8 of salt, a filler, then the lower capabilities. */
function offersTls(payload: Buffer): boolean {
  // Instead of a greeting, why there is none: all connections are in use, for one.
  if (payload[0] === 0xff) throw new ServerError(payload.readUInt16LE(1), payload.subarray(3).toString('utf8'));
  const capabilities = payload.readUInt16LE(payload.indexOf(0, 1) + 1 + 4 + 8 + 1);
  return (capabilities & CLIENT_SSL) !== 0;
}

function sslRequest(): Buffer {
  const packet = Buffer.alloc(4 + 32);
  packet.writeUIntLE(32, 0, 3);
  packet[3] = 1;
  packet.writeUInt32LE(CLIENT_PROTOCOL_41 | CLIENT_SSL | CLIENT_SECURE_CONNECTION, 4);
  packet.writeUInt32LE(MAX_PACKET, 8);
  packet[12] = UTF8MB4;
  return packet;
}

function secured(socket: Socket): Promise<TLSSocket> {
  return new Promise((resolve, reject) => {
    // Looked at, not trusted: nothing is sent over it.
    const secure = connectTls({ socket, rejectUnauthorized: false });
    secure.once('secureConnect', () => resolve(secure));
    secure.on('error', (error: NodeJS.ErrnoException) =>
      reject(new ConnectionError(`the TLS handshake failed (${error.code ?? 'no code'})`)),
    );
    secure.once('close', () => reject(new ConnectionError('the connection was closed in the TLS handshake')));
  });
}

/** Begins a connection as any client would, and looks at the certificate that it is shown. Nobody logs in. */
async function shownCertificate(endpoint: Endpoint, signal: AbortSignal): Promise<Buffer | undefined> {
  const socket = connectPlain('socketPath' in endpoint ? { path: endpoint.socketPath } : endpoint);
  const abort = (): void => void socket.destroy();
  signal.addEventListener('abort', abort, { once: true });
  if (signal.aborted) abort();
  try {
    if (!offersTls(await greeting(socket))) return undefined;
    socket.removeAllListeners('data');
    socket.write(sslRequest());
    return (await secured(socket)).getPeerCertificate().raw;
  } finally {
    signal.removeEventListener('abort', abort);
    socket.destroy();
  }
}

/** TLS of MySQL and MariaDB. */
export function mysqlTls(parts: TlsParts): TlsGroup {
  const { title, session, folder, uid } = parts;
  const paths: TlsPaths = {
    ca: `${folder}/ca.pem`,
    certificate: `${folder}/certificate.pem`,
    key: `${folder}/key.pem`,
  };

  return {
    files: (material) => [
      { path: paths.ca, content: material.ca, mode: 0o444 },
      { path: paths.certificate, content: material.certificate, mode: 0o444 },
      { path: paths.key, content: material.key, mode: 0o400, uid },
      {
        path: tlsOptionFile(folder),
        content: optionFile('mysqld', {
          ssl_ca: paths.ca,
          ssl_cert: paths.certificate,
          ssl_key: paths.key,
          require_secure_transport: material.isRequired,
        }),
        mode: 0o444,
      },
    ],

    async apply(material, op) {
      await session.use(op.signal, async ({ run }) => {
        for (const statement of parts.reload(paths)) await run(statement);
        // After the certificate: until there is one, nobody could come in.
        await run(sql`SET GLOBAL require_secure_transport = ${Number(material.isRequired)}`);
      });
    },

    async status(op) {
      const [row] = await session.use(op.signal, ({ run }) => run(sql`SELECT @@GLOBAL.require_secure_transport`));
      const isRequired = String(row?.[0]) === '1';
      try {
        const certificate = await shownCertificate(parts.endpoint(), op.signal);
        if (certificate === undefined) return { isRequired };
        return { fingerprint: createHash('sha256').update(certificate).digest('hex'), isRequired };
      } catch (error) {
        if (op.signal.aborted) throw new Problem('timeout', `The call was ended before ${title} had answered.`);
        throw problemOf(error, title);
      }
    },
  };
}
