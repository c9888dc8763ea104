import { createHash, randomBytes } from 'node:crypto';
import { type Caller, type Identity, Problem } from '@coffer/core';
import { type Kysely, sql } from 'kysely';
import type { Store } from '../store/store.ts';
import { accountQueries, type Project } from './accounts.ts';
import { DOMAIN } from './domain.ts';
import { createPasswordChecker } from './passwords.ts';
import { type IdentitySchema, identityTables } from './schema.ts';
import { createThrottle } from './throttle.ts';

const TOKEN_BYTES = 32;
const MINUTE_MS = 60_000;

export interface BuiltinIdentityOptions {
  store: Pick<Store, 'db'>;
  /** Where clients log in, without `/v3`: named in every 401. E.g. `http://127.0.0.1:8779/identity`. */
  authUrl: string;
  /** How long a token lasts, ms. Default: one hour. */
  tokenTtlMs?: number;
  /** Failed logins of one account from one address in a minute before it has to wait. Default: 10. */
  maxFailures?: number;
  /** Default: the clock. */
  now?: () => Date;
}

/** By id, or by name. */
export interface Reference {
  id?: string;
  name?: string;
  /** Only names of the one domain are known. */
  domain?: { id?: string; name?: string };
}

export interface Login {
  /** Who, proven by password or by a token that still lasts. */
  proof: { user: Reference; password: string } | { token: string };
  /** `default`: the user's default project, or none without one. */
  scope: { project: Reference } | 'default' | 'unscoped' | 'unsupported';
  /** Where the attempt comes from, to slow down who guesses. */
  peer: string | undefined;
}

/** What a token is good for. */
export interface TokenDetails {
  auditId: string;
  methods: string[];
  user: { id: string; name: string };
  /** Absent in a token without a scope. */
  project?: { id: string; name: string };
  /** Lower case. */
  roles: string[];
  issuedAt: Date;
  expiresAt: Date;
}

export interface BuiltinIdentity extends Identity {
  /** @throws Problem `unauthorized`, the same for whatever is wrong; `over_quota` after too many failures. */
  login(login: Login): Promise<{ token: string; details: TokenDetails }>;
  /** @returns undefined for a token that is unknown, expired or revoked. */
  show(token: string): Promise<TokenDetails | undefined>;
  /** Repeatable. */
  revoke(token: string): Promise<void>;
  /** Of the user, or all. */
  projects(userId: string | 'all'): Promise<Project[]>;
  accounts: ReturnType<typeof accountQueries>;
}

const hashOf = (token: string): string => createHash('sha256').update(token).digest('hex');

const refused = () => new Problem('unauthorized', 'The request you have made requires authentication.');

const isOurDomain = ({ domain }: Reference): boolean =>
  domain === undefined ||
  domain.id === DOMAIN.id ||
  (domain.id === undefined && domain.name?.toLowerCase() === DOMAIN.name.toLowerCase());

interface TokenRow {
  auditId: string;
  methods: string[];
  issuedAt: Date;
  expiresAt: Date;
  userId: string;
  userName: string;
  projectId: string | null;
  projectName: string | null;
  roles: string[];
}

/** User, project, and roles in one statement: every request of the API asks it. A scope without a role is worth nothing. */
async function findToken(db: Kysely<IdentitySchema>, token: string, now: Date): Promise<TokenDetails | undefined> {
  const { rows } = await sql<TokenRow>`
    select t.audit_id, t.methods, t.issued_at, t.expires_at, u.id as user_id, u.name as user_name, p.id as project_id, p.name as project_name,
      array(select role from identity_grants g where g.user_id = u.id and g.project_id = p.id order by role) as roles
    from identity_tokens t join identity_users u on u.id = t.user_id and u.enabled
      left join identity_projects p on p.id = t.project_id
    where t.hash = ${hashOf(token)} and t.expires_at > ${now} and (t.project_id is null or p.enabled)`.execute(db);
  const row = rows[0];
  if (!row || (row.projectId !== null && row.roles.length === 0)) return undefined;
  return {
    auditId: row.auditId,
    methods: row.methods,
    user: { id: row.userId, name: row.userName },
    ...(row.projectId !== null && { project: { id: row.projectId, name: row.projectName ?? '' } }),
    roles: row.roles,
    issuedAt: row.issuedAt,
    expiresAt: row.expiresAt,
  };
}

/** A small identity in the shape of Keystone v3, in the service's own store. */
export function createBuiltinIdentity(options: BuiltinIdentityOptions): BuiltinIdentity {
  const db = identityTables(options.store);
  const now = options.now ?? (() => new Date());
  const ttlMs = options.tokenTtlMs ?? 60 * MINUTE_MS;
  const maxFailures = options.maxFailures ?? 10;
  const clock = { windowMs: MINUTE_MS, maxKeys: 10_000, now: () => now().getTime() };
  const byAccount = createThrottle({ maxFailures, ...clock });
  const byPeer = createThrottle({ maxFailures: maxFailures * 5, ...clock });
  const checker = createPasswordChecker();

  async function userByPassword(reference: Reference, password: string) {
    const column = reference.id === undefined ? 'name' : 'id';
    const value = reference.id ?? reference.name;
    const row =
      value === undefined || !isOurDomain(reference)
        ? undefined
        : await db.selectFrom('identityUsers').selectAll().where(column, '=', value).executeTakeFirst();
    const isRight = await checker.matches(row?.passwordHash, password);
    return isRight && row?.enabled ? row : undefined;
  }

  async function prove({
    proof,
    peer,
  }: Login): Promise<{ userId: string; defaultProjectId: string | null; methods: string[]; until?: Date }> {
    if ('token' in proof) {
      const known = await findToken(db, proof.token, now());
      if (!known) throw refused();
      const user = await db
        .selectFrom('identityUsers')
        .selectAll()
        .where('id', '=', known.user.id)
        .executeTakeFirstOrThrow();
      const methods = [...new Set([...known.methods, 'token'])];
      return { userId: user.id, defaultProjectId: user.defaultProjectId, methods, until: known.expiresAt };
    }
    const account = `${proof.user.id ?? ''}/${proof.user.name?.toLowerCase() ?? ''}/${peer ?? ''}`;
    byPeer.attempt(peer ?? '');
    byAccount.attempt(account);
    const user = await userByPassword(proof.user, proof.password);
    if (!user) throw refused();
    byPeer.succeed(peer ?? '');
    byAccount.succeed(account);
    return { userId: user.id, defaultProjectId: user.defaultProjectId, methods: ['password'] };
  }

  /** The user's roles in the project of the query around this one. */
  const grantsOf = (userId: string) =>
    db
      .selectFrom('identityGrants')
      .select('role')
      .where('userId', '=', userId)
      .whereRef('projectId', '=', sql.ref('identityProjects.id'));

  /** Id of a project in which the user has a role. */
  async function grantedProject(userId: string, reference: Reference): Promise<string | undefined> {
    const value = reference.id ?? reference.name;
    if (value === undefined || !isOurDomain(reference)) return undefined;
    const row = await db
      .selectFrom('identityProjects')
      .select('id')
      .where(reference.id === undefined ? 'name' : 'id', '=', value)
      .where('enabled', '=', true)
      .where(({ exists }) => exists(grantsOf(userId)))
      .executeTakeFirst();
    return row?.id;
  }

  async function scopeOf(login: Login, userId: string, defaultProjectId: string | null): Promise<string | undefined> {
    if (login.scope === 'unscoped') return undefined;
    if (login.scope === 'unsupported') throw refused();
    if (login.scope === 'default')
      return defaultProjectId === null ? undefined : grantedProject(userId, { id: defaultProjectId });
    const granted = await grantedProject(userId, login.scope.project);
    if (granted === undefined) throw refused();
    return granted;
  }

  return {
    authUrl: options.authUrl,
    accounts: accountQueries(db),

    async authenticate(token): Promise<Caller | undefined> {
      const details = await findToken(db, token, now());
      return (
        details && {
          projectId: details.project?.id ?? '',
          projectName: details.project?.name ?? '',
          userId: details.user.id,
          userName: details.user.name,
          roles: details.roles,
          expiresAt: details.expiresAt,
        }
      );
    },

    async login(login) {
      const { userId, defaultProjectId, methods, until } = await prove(login);
      const projectId = await scopeOf(login, userId, defaultProjectId);
      const token = randomBytes(TOKEN_BYTES).toString('base64url');
      const issuedAt = now();
      const expiresAt = until ?? new Date(issuedAt.getTime() + ttlMs);
      await db
        .insertInto('identityTokens')
        .values({
          hash: hashOf(token),
          auditId: randomBytes(16).toString('base64url'),
          userId,
          projectId: projectId ?? null,
          methods: JSON.stringify(methods),
          issuedAt,
          expiresAt,
        })
        .execute();
      await db.deleteFrom('identityTokens').where('expiresAt', '<=', issuedAt).execute();
      const details = await findToken(db, token, issuedAt);
      // Its user was disabled or lost the role in between.
      if (!details) throw refused();
      return { token, details };
    },

    show: (token) => findToken(db, token, now()),

    async revoke(token) {
      await db.deleteFrom('identityTokens').where('hash', '=', hashOf(token)).execute();
    },

    projects(userId) {
      const all = db.selectFrom('identityProjects').selectAll().orderBy('name');
      if (userId === 'all') return all.execute();
      return all.where(({ exists }) => exists(grantsOf(userId))).execute();
    },
  };
}
