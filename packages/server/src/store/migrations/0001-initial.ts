import { type Kysely, sql } from 'kysely';

/** Everything that the spine needs. Written for PostgreSQL 15 and later. */
export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of statements) await sql.raw(statement).execute(db);
}

const statements = [
  `create table datastores (
    id uuid primary key default gen_random_uuid(),
    name text not null unique,
    default_version_id uuid)`,

  `create table driver_bundles (
    sha256 text primary key,
    name text not null,
    manifest jsonb not null,
    code bytea not null,
    created_at timestamptz not null default now())`,

  `create table datastore_versions (
    id uuid primary key default gen_random_uuid(),
    datastore_id uuid not null references datastores,
    name text not null,
    number text not null,
    image text not null,
    registry text,
    digest text,
    active boolean not null default true,
    driver_sha256 text not null references driver_bundles,
    unique (datastore_id, name, number))`,

  'alter table datastores add foreign key (default_version_id) references datastore_versions',

  `create table instances (
    id uuid primary key default gen_random_uuid(),
    project_id text not null,
    name text not null,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    deleted_at timestamptz,
    task text not null default 'none',
    server_status text,
    service_status text,
    service_detail text,
    service_status_at timestamptz,
    flavor_id text not null,
    vcpus int not null,
    ram_mib int not null,
    datastore_version_id uuid not null references datastore_versions,
    volume_size_gib int not null,
    volume_used_bytes bigint,
    volume_total_bytes bigint,
    network jsonb not null default '[]',
    addresses jsonb not null default '[]',
    access jsonb,
    region text,
    fault jsonb,
    spec_revision int not null default 1,
    server_number int generated always as identity unique,
    clock_skew_ms bigint)`,
  'create index instances_by_project on instances (project_id, id) where deleted_at is null',
  'create index instances_reporting on instances (service_status_at) where deleted_at is null',

  `create table guests (
    instance_id uuid primary key references instances,
    token_kid text not null unique,
    token text,
    enrolled_at timestamptz,
    agent_public_key text,
    server_public_key text,
    server_secret text,
    up_kid text unique,
    down_kid text unique,
    epoch int not null default 0,
    session text,
    boot bigint,
    last_number bigint,
    broker_password text,
    broker_password_hash text,
    agent_build text,
    protocol int,
    driver text)`,

  `create table jobs (
    id uuid primary key default gen_random_uuid(),
    seq bigint generated always as identity,
    kind text not null,
    instance_id uuid references instances,
    project_id text,
    input jsonb not null default '{}',
    secrets jsonb,
    state text not null default 'queued' check (state in ('queued', 'running', 'done', 'failed')),
    failing boolean not null default false,
    attempt int not null default 0,
    max_attempts int,
    run_at timestamptz not null default now(),
    lease_owner uuid,
    lease_until timestamptz,
    deadline_at timestamptz,
    dedup text,
    error jsonb,
    created_at timestamptz not null default now(),
    started_at timestamptz,
    ended_at timestamptz)`,
  // The claim repeats these predicates word for word: in other words, the planner scans the table.
  "create index jobs_claimable on jobs (run_at) where state in ('queued', 'running')",
  "create index jobs_of_instance on jobs (instance_id, seq) where state in ('queued', 'running')",
  "create unique index jobs_dedup on jobs (dedup) where state in ('queued', 'running')",
  // Second lock behind the claim's own check: one running job per instance, whatever two claimers believe.
  "create unique index jobs_running on jobs (instance_id) where state = 'running'",
  'create index jobs_history on jobs (instance_id, seq desc)',

  `create table job_steps (
    job_id uuid not null references jobs on delete cascade,
    name text not null,
    result jsonb,
    started_at timestamptz not null,
    ended_at timestamptz not null default clock_timestamp(),
    primary key (job_id, name))`,

  `create table ledger (
    id uuid primary key default gen_random_uuid(),
    kind text not null,
    key text not null,
    instance_id uuid,
    project_id text,
    cloud_id text,
    state text not null check (state in ('intended', 'present', 'deleting')),
    created_at timestamptz not null default now(),
    marked_at timestamptz,
    asked_at timestamptz,
    vanished_at timestamptz,
    unique (kind, key))`,
  'create index ledger_of_instance on ledger (instance_id)',
  'create index ledger_by_cloud_id on ledger (kind, cloud_id)',
  "create index ledger_deleting on ledger (marked_at) where state = 'deleting'",

  `create table quotas (
    project_id text not null,
    resource text not null,
    "limit" int not null,
    primary key (project_id, resource))`,
  `create table usage (
    project_id text not null,
    resource text not null,
    in_use int not null default 0,
    primary key (project_id, resource))`,

  `create table leaders (
    name text primary key,
    owner uuid not null,
    until timestamptz not null)`,
];
