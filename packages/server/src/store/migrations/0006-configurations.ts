import { type Kysely, sql } from 'kysely';

/** Configuration groups, certificates, and what an instance's guest is to be beyond its flavor. */
export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of statements) await sql.raw(statement).execute(db);
}

const statements = [
  `create table configurations (
    id uuid primary key default gen_random_uuid(),
    project_id text not null,
    name text not null,
    description text,
    datastore_version_id uuid not null references datastore_versions,
    "values" jsonb not null,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now())`,
  'create index configurations_by_project on configurations (project_id, id)',

  `alter table instances
    add column configuration_id uuid references configurations,
    add column image jsonb,
    add column logs jsonb not null default '[]',
    add column tls_mode text,
    add column restart_required jsonb not null default '[]',
    add column rejected jsonb not null default '{}',
    add column change_waits_since timestamptz`,
  'create index instances_by_configuration on instances (configuration_id, id) where configuration_id is not null',
  'create index instances_waiting on instances (change_waits_since) where change_waits_since is not null',

  `create table authorities (
    name text primary key,
    certificate text not null,
    key text not null,
    created_at timestamptz not null default now())`,
  `create table certificates (
    instance_id uuid not null references instances,
    fingerprint text not null,
    certificate text not null,
    ca text not null,
    expires_at timestamptz not null,
    renewal_asked_at timestamptz,
    created_at timestamptz not null default clock_timestamp(),
    primary key (instance_id, fingerprint))`,
  'create index certificates_by_expiry on certificates (expires_at)',

  // Manifests that were stored when parameters were the datastore's, not a version's.
  `update driver_bundles set manifest = jsonb_set(manifest, '{versions}', (
      select jsonb_agg(version || jsonb_build_object('parameters', coalesce(manifest -> 'parameters', '[]')))
      from jsonb_array_elements(manifest -> 'versions') version))
    where jsonb_typeof(manifest -> 'versions') = 'array'
      and exists (select 1 from jsonb_array_elements(manifest -> 'versions') version where not version ? 'parameters')`,
];
