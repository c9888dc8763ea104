import { hash, verify } from '@node-rs/argon2';

/** Argon2id with the costs that OWASP names: 19 MiB, two passes. */
export const hashPassword = (password: string): Promise<string> => hash(password);

export interface PasswordChecker {
  /** Takes as long for a hash that is not there as for one that is. */
  matches(hash: string | undefined, password: string): Promise<boolean>;
}

export function createPasswordChecker(): PasswordChecker {
  let nobodys: Promise<string> | undefined;
  return {
    async matches(known, password) {
      // Made before either way, so that the first login tells nothing.
      nobodys ??= hashPassword(crypto.randomUUID());
      const other = await nobodys;
      const isRight = await verify(known ?? other, password);
      return known !== undefined && isRight;
    },
  };
}
