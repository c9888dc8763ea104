/**
 * A secret that may lie in a row: sealed under the master key, bound to a context so that a sealed value moved to another row
 * does not open. The brand keeps plain strings out of columns of this type.
 */
export type Sealed = string & { readonly __sealed: unique symbol };

/**
 * Seals what must be stored and opened again by the service (job inputs, private keys, broker passwords).
 * Implementations: a key file, a key from the environment, a KMS.
 */
export interface SecretBox {
  /** @param context what the secret belongs to, e.g. `instance/<id>/broker`; the same text is needed to open it. */
  seal(plain: string, context: string): Sealed;
  /** @throws Problem `internal` when the value was sealed under another key or context, or was changed. */
  open(sealed: Sealed, context: string): string;
}
