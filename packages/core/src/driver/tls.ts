import type { ContainerFile } from '../runtime.ts';
import type { Operation } from './operation.ts';

/** What a database needs to speak TLS. */
export interface TlsMaterial {
  /** Certificate of the authority, PEM. */
  ca: string;
  /** The database's own certificate, PEM, followed by those between it and the authority if there are any. */
  certificate: string;
  /** Its private key, PKCS #8 PEM. Made in the guest. */
  key: string;
  /** Whether connections over TCP without TLS are refused. The Unix socket stays open to the service either way. */
  isRequired: boolean;
}

export interface TlsStatus {
  /** SHA-256 of the certificate (DER) that new connections are shown, 64 hexadecimal digits; absent while TLS is off. */
  fingerprint?: string;
  isRequired: boolean;
}

/** TLS between clients and the database. */
export interface TlsGroup {
  /** The files that the database reads the material from, at its start and at `apply`. Pure; the paths never change. */
  files(material: TlsMaterial): ContainerFile[];
  /**
   * Makes the running database use the files, which have just been laid. Sessions that are open live on. Repeatable.
   * @throws Problem `guest_failed` when the database does not take them; then it goes on with what it had
   */
  apply(material: TlsMaterial, op: Operation): Promise<void>;
  /** What a new connection would meet, asked of the running database and not of the files. */
  status(op: Operation): Promise<TlsStatus>;
}
