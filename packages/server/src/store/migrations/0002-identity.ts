import { type Kysely, sql } from 'kysely';

/** The builtin identity: projects, users, their roles in projects, and tokens by their hash. */
export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of statements) await sql.raw(statement).execute(db);
}

const statements = [
  `create table identity_projects (
    id text primary key,
    name text not null unique,
    description text not null default '',
    enabled boolean not null default true)`,

  `create table identity_users (
    id text primary key,
    name text not null unique,
    password_hash text not null,
    default_project_id text references identity_projects,
    enabled boolean not null default true)`,

  `create table identity_grants (
    user_id text not null references identity_users on delete cascade,
    project_id text not null references identity_projects on delete cascade,
    role text not null,
    primary key (user_id, project_id, role))`,

  `create table identity_tokens (
    hash text primary key,
    audit_id text not null,
    user_id text not null references identity_users on delete cascade,
    project_id text references identity_projects on delete cascade,
    methods jsonb not null,
    issued_at timestamptz not null,
    expires_at timestamptz not null)`,
  'create index identity_tokens_by_expiry on identity_tokens (expires_at)',
  'create index identity_tokens_by_user on identity_tokens (user_id)',
];
