import { Problem, type Sealed, type SecretBox } from '@coffer/core';
import type { DatabaseSpec, UserSpec } from '@coffer/core/driver';

/** A first user whose password lies in the job's `secrets`, under the name in `secret`. */
export interface SealedUser {
  name: string;
  host?: string;
  databases: readonly string[];
  secret: string;
}

/**
 * Input of the job `create_instance`: what the instance's row has no place for. Datastore version, flavor, volume size, network
 * and access are in the row.
 */
export interface CreateInstanceInput {
  databases: DatabaseSpec[];
  users: SealedUser[];
  /** The cloud's default when absent. */
  volumeType?: string;
}

/** Input of the job `delete_instance`: nothing; the ledger knows what is to go. */
export type DeleteInstanceInput = Record<string, never>;

/** Input of the job `restart_instance`: nothing; which instance is in its row. */
export type RestartInstanceInput = Record<string, never>;

/** Input of the job `configure_instance`: nothing; what the guest is to be is in the rows of instance, group and certificate. */
export type ConfigureInstanceInput = Record<string, never>;

export const CONFIGURE_INSTANCE = 'configure_instance';

/** Brings a guest to what the rows say when it runs: whoever changes them queues one in the same transaction. */
export const configureJob = (): { kind: string; input: ConfigureInstanceInput } => ({
  kind: CONFIGURE_INSTANCE,
  input: {},
});

/** What a password of a first user is sealed for. */
export const userSecretContext = (instanceId: string, secret: string): string => `instance/${instanceId}/${secret}`;

/** The users for a job's input, and their passwords for its `secrets`. */
export function sealUsers(
  box: SecretBox,
  instanceId: string,
  users: readonly UserSpec[],
): { users: SealedUser[]; secrets: Record<string, Sealed> } {
  const secrets: Record<string, Sealed> = {};
  const sealed = users.map(({ name, host, databases, password }, index): SealedUser => {
    const secret = `users/${index}/password`;
    secrets[secret] = box.seal(password, userSecretContext(instanceId, secret));
    return { name, ...(host !== undefined && { host }), databases, secret };
  });
  return { users: sealed, secrets };
}

/** The same users with their passwords, for the one step that sends them. @throws Problem `internal` when a password is gone. */
export function openUsers(
  box: SecretBox,
  instanceId: string,
  users: readonly SealedUser[],
  secrets: Readonly<Record<string, Sealed>> | null,
): UserSpec[] {
  return users.map(({ secret, ...user }) => {
    const sealed = secrets?.[secret];
    if (sealed === undefined) throw new Problem('internal', `the job has no secret ${secret}`);
    return { ...user, password: box.open(sealed, userSecretContext(instanceId, secret)) };
  });
}
