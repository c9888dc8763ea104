/** Who is asking: what a token proves. */
export interface Caller {
  projectId: string;
  projectName: string;
  userId: string;
  userName: string;
  /** Names of the roles on the project, lower case. */
  roles: readonly string[];
  /** When the token ends. */
  expiresAt: Date;
}

/** Turns tokens into callers. Implementations: `builtin`, `keystone`, an embedding cloud's own. */
export interface Identity {
  /**
   * @returns the caller, or undefined for a token that is unknown, expired or revoked.
   * @throws Problem `unavailable` when the identity service does not answer.
   */
  authenticate(token: string): Promise<Caller | undefined>;
  /** What the `WWW-Authenticate` header of a 401 names, e.g. `https://cloud.example/identity`. */
  readonly authUrl: string;
}
