import type { ColumnType, Generated, Kysely } from 'kysely';
import type { Store } from '../store/store.ts';

export interface IdentityProjectsTable {
  id: string;
  name: string;
  description: Generated<string>;
  enabled: Generated<boolean>;
}

export interface IdentityUsersTable {
  id: string;
  name: string;
  /** In PHC form, which names algorithm and costs. */
  passwordHash: string;
  defaultProjectId: string | null;
  enabled: Generated<boolean>;
}

export interface IdentityGrantsTable {
  userId: string;
  projectId: string;
  role: string;
}

export interface IdentityTokensTable {
  /** Sha256 of the token, hex. The token itself is nowhere. */
  hash: string;
  auditId: string;
  userId: string;
  /** Null in a token without a scope. */
  projectId: string | null;
  methods: ColumnType<string[], string, string>;
  issuedAt: ColumnType<Date, Date, never>;
  expiresAt: ColumnType<Date, Date, never>;
}

/** An alias, because Kysely wants an index signature. */
export type IdentitySchema = {
  identityProjects: IdentityProjectsTable;
  identityUsers: IdentityUsersTable;
  identityGrants: IdentityGrantsTable;
  identityTokens: IdentityTokensTable;
};

/** The identity's own tables in the service's store. */
export const identityTables = (store: Pick<Store, 'db'>): Kysely<IdentitySchema> =>
  store.db.withTables<IdentitySchema>().$pickTables<keyof IdentitySchema>();
